"""What every peer builds a spiking VGG from, whatever its framework."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from .neurons import Neuron, Rectifier

# Channels of the convolutions of each stage; a stage ends with average pooling.
STAGES: dict[str, tuple[tuple[int, ...], ...]] = {
    "vgg5": ((64,), (128, 128)),
    "vgg11": ((64,), (128,), (256, 256), (512, 512), (512, 512)),
    "vgg13": ((64, 64), (128, 128), (256, 256), (512, 512), (512, 512)),
    "vgg16": ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512)),
    "vgg19": ((64, 64), (128, 128), (256, 256, 256, 256), (512, 512, 512, 512), (512, 512, 512, 512)),
}
HEADS = {"released": 7, "compact": 1}  # the side to which the last map is pooled


@dataclass(frozen=True)
class Design:
    model: str = "vgg5"
    classes: int = 10
    channels: int = 1
    width: Fraction = Fraction(1)
    head: str = "released"
    steps: int = 4
    mean: Sequence[float] = (0.2860,)
    std: Sequence[float] = (0.3530,)
    neuron: Neuron | Rectifier = field(default_factory=Neuron)

    @property
    def stages(self) -> list[list[int]]:
        return [[int(channels * self.width) for channels in stage] for stage in STAGES[self.model]]

    def options(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "classes": self.classes,
            "channels": self.channels,
            "width": float(self.width),
            "stages": self.stages,
            "head": self.head,
            "steps": self.steps,
            "mean": list(self.mean),
            "std": list(self.std),
            "neuron": self.neuron.options(),
        }
