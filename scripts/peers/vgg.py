"""Spiking VGG on SpikingJelly's multi-step mode, by the parameter names of the dominant singular deflation release."""

from __future__ import annotations

from spikingjelly.activation_based import layer
from torch import Tensor, nn

from .design import HEADS, STAGES, Design
from .network import TimeMean, per_step_cross_entropy
from .spiking_jelly import JellyNetwork

__all__ = ["HEADS", "STAGES", "Design", "SpikingVGG", "TimeMean", "per_step_cross_entropy"]


class SpikingVGG(JellyNetwork):
    """`stem_once` computes the first convolution and its batch norm once instead of T times: logits and gradients are
    the same, the running variance differs by its (n-1)/n."""

    def __init__(self, design: Design, *, probe: bool = False, stem_once: bool = False) -> None:
        super().__init__(design.model, design.mean, design.std)
        self.design = design
        self.stem_once = stem_once
        channels = design.channels
        for index, stage in enumerate(design.stages, start=1):
            layers: list[nn.Module] = []
            for width in stage:
                layers.append(layer.Conv2d(channels, width, kernel_size=3, padding=1, step_mode="m"))
                layers.append(layer.BatchNorm2d(width, step_mode="m"))
                layers.append(design.neuron.make(probe))
                layers.append(nn.Identity())  # the release's dropout of rate 0, which holds an index
                channels = width
            layers.append(layer.AvgPool2d(2, step_mode="m"))
            setattr(self, f"layer{index}", nn.Sequential(*layers))
        side = HEADS[design.head]
        self.avgpool = layer.AdaptiveAvgPool2d((side, side), step_mode="m")
        features = channels * side * side
        self.classifier = nn.Sequential(
            layer.Flatten(step_mode="m"), layer.Linear(features, design.classes, step_mode="m")
        )

    @property
    def stages(self) -> list[nn.Sequential]:
        return [getattr(self, f"layer{index}") for index in range(1, len(self.design.stages) + 1)]

    def forward(self, images: Tensor) -> Tensor:
        x = self.begin(images)
        first, *others = self.stages
        if self.stem_once:
            # Not through SpikingJelly's folding of time: for one image it leaves strides with which PyTorch 2.11's batch norm
            # gives wrong gradients in channels-last.
            stem = nn.BatchNorm2d.forward(first[1], nn.Conv2d.forward(first[0], x[0]))
            x = first[2:](stem.expand(self.design.steps, -1, -1, -1, -1))
        else:
            x = first(x.expand(self.design.steps, -1, -1, -1, -1))
        for stage in others:
            x = stage(x)
        return self.classifier(self.avgpool(x))
