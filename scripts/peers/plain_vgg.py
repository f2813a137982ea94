"""Spiking VGG of PyTorch's own layers, for frameworks that bring neurons and leave the network to their user."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional

from .design import HEADS, Design
from .network import PeerNetwork


class NeuronLayer(nn.Module, ABC):
    """A framework's cell, walked through time; whatever it keeps in its state dictionary is no weight."""

    # What the cell's input is to be multiplied with, so that it sees the current. Batch norm does it on its way.
    input_scale = 1.0

    @abstractmethod
    def forward(self, currents: Tensor) -> Tensor:
        """[T, B, C, H, W] to spikes [T * B, C, H, W], time outermost."""


class ScaledBatchNorm2d(nn.BatchNorm2d):
    """Batch norm with its result times a number, which costs nothing where weight and bias are multiplied instead."""

    def __init__(self, channels: int, scale: float) -> None:
        super().__init__(channels)
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        if self.scale == 1:
            return super().forward(x)
        weight, bias = self.weight * self.scale, self.bias * self.scale
        statistics = (self.running_mean, self.running_var)
        return functional.batch_norm(x, *statistics, weight, bias, self.training, self.momentum, self.eps)


class PlainVGG(PeerNetwork):
    """Time is folded into the batch between neurons: one convolution for all steps, as SpikingJelly's multi-step mode
    has it. `stem_once` as in `SpikingVGG`."""

    def __init__(self, design: Design, neuron: Callable[[], NeuronLayer], *, stem_once: bool = False) -> None:
        super().__init__(design.model, design.mean, design.std)
        self.design = design
        self.stem_once = stem_once
        channels = design.channels
        for index, stage in enumerate(design.stages, start=1):
            layers: list[nn.Module] = []
            for width in stage:
                layers.append(nn.Conv2d(channels, width, kernel_size=3, padding=1))
                cell = neuron()
                layers += [ScaledBatchNorm2d(width, cell.input_scale), cell, nn.Identity()]
                channels = width
            layers.append(nn.AvgPool2d(2))
            setattr(self, f"layer{index}", nn.Sequential(*layers))
        side = HEADS[design.head]
        self.avgpool = nn.AdaptiveAvgPool2d((side, side))
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(channels * side * side, design.classes))

    def tensors(self) -> dict[str, Tensor]:
        own = {name for name, module in self.named_modules() if isinstance(module, NeuronLayer)}
        return {
            name: tensor
            for name, tensor in super().tensors().items()
            if not any(name.startswith(f"{neuron}.") for neuron in own)
        }

    def forward(self, images: Tensor) -> Tensor:
        steps = self.design.steps
        modules = [module for index in range(len(self.design.stages)) for module in getattr(self, f"layer{index + 1}")]
        x = self.normalized(images)
        if not self.stem_once:
            x = x.repeat(steps, 1, 1, 1)
        for module in modules:
            if not isinstance(module, NeuronLayer):
                x = module(x)
            elif len(x) == len(images) and steps > 1:  # the stem's, once for all steps
                x = module(x.unsqueeze(0).expand(steps, -1, -1, -1, -1))
            else:
                x = module(x.unflatten(0, (steps, -1)))
        return self.classifier(self.avgpool(x)).unflatten(0, (steps, -1))
