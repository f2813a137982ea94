"""Spiking residual networks on SpikingJelly's multi-step mode.

- `PreActivationResNet`: the network for small images in the dominant singular deflation release, with its names.
- `ResNet`: the network for large images as torchvision and SpikingJelly's `spiking_resnet18` have it, with their names.
- `NFResNet`: the release's normaliser-free network for ImageNet, with its names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from spikingjelly.activation_based import layer
from torch import Tensor, nn
from torch.nn import functional

from .design import Design
from .spiking_jelly import JellyNetwork

BLOCKS = {
    "resnet18": (2, 2, 2, 2),
    "resnet34": (3, 4, 6, 3),
    "nf-resnet18": (2, 2, 2, 2),
    "nf-resnet34": (3, 4, 6, 3),
    "nf-resnet50": (3, 4, 6, 3),
}
CHANNELS = (64, 128, 256, 512)
ALPHA = 0.2
SPIKE_SCALE = 2.74
RECTIFIER_SCALE = (2 / (1 - 1 / torch.pi)) ** 0.5
EPSILON = 1e-4


@dataclass(frozen=True)
class ResidualDesign(Design):
    model: str = "resnet18"
    stem: str = "cifar"

    @property
    def stages(self) -> list[list[int]]:
        """The inner width of every block."""
        widths = [int(channels * self.width) for channels in CHANNELS]
        return [[width] * count for width, count in zip(widths, BLOCKS[self.model], strict=True)]

    @property
    def expansion(self) -> int:
        return 4 if self.model == "nf-resnet50" else 1

    @property
    def activation_scale(self) -> float:
        return SPIKE_SCALE if self.neuron.spikes else RECTIFIER_SCALE

    def build(self, probe: bool = False) -> JellyNetwork:
        if self.model.startswith("nf-"):
            return NFResNet(self, probe)
        return {"cifar": PreActivationResNet, "imagenet": ResNet}[self.stem](self, probe)

    def options(self) -> dict[str, Any]:
        return {**super().options(), "stem": self.stem}


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1, bias: bool = True) -> nn.Module:
    return layer.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=bias, step_mode="m")


def _norm(channels: int) -> nn.Module:
    return layer.BatchNorm2d(channels, step_mode="m")


class _Residual(JellyNetwork):
    """A stem, four stages of blocks, the mean over positions, a linear layer."""

    def __init__(self, design: ResidualDesign, probe: bool) -> None:
        super().__init__(design.model, design.mean, design.std)
        self.design = design
        self.probe = probe

    def neuron(self) -> nn.Module:
        return self.design.neuron.make(self.probe)

    def add_stages(self, make: Any) -> int:
        """`make(inputs, width, stride)` is a block; returns the channels of the last one."""
        inputs = self.design.stages[0][0]
        for stage, widths in enumerate(self.design.stages, start=1):
            blocks = []
            for index, width in enumerate(widths):
                blocks.append(make(inputs, width, 2 if stage > 1 and index == 0 else 1))
                inputs = width * self.design.expansion
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
        return inputs

    def run_stages(self, x: Tensor) -> Tensor:
        for stage in range(1, 5):
            x = getattr(self, f"layer{stage}")(x)
        return x

    def repeated(self, images: Tensor) -> Tensor:
        return self.begin(images).expand(self.design.steps, -1, -1, -1, -1)


class _PreActivationBlock(nn.Module):
    def __init__(self, network: _Residual, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.bn1, self.bn2 = _norm(inputs), _norm(width)
        self.conv1, self.conv2 = _conv(inputs, width, 3, stride), _conv(width, width, 3)
        self.relu1, self.relu2 = network.neuron(), network.neuron()
        self.shortcut = _conv(inputs, width, 1, stride) if stride != 1 or inputs != width else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        spikes = self.relu1(self.bn1(x))
        return self.conv2(self.relu2(self.bn2(self.conv1(spikes)))) + self.shortcut(spikes)


class PreActivationResNet(_Residual):
    def __init__(self, design: ResidualDesign, probe: bool = False) -> None:
        super().__init__(design, probe)
        first = design.stages[0][0]
        self.conv1 = _conv(design.channels, first, 3, bias=False)
        features = self.add_stages(lambda *extents: _PreActivationBlock(self, *extents))
        self.bn1, self.relu1 = _norm(features), self.neuron()
        self.linear = layer.Linear(features, design.classes, step_mode="m")

    def forward(self, images: Tensor) -> Tensor:
        x = self.run_stages(self.conv1(self.repeated(images)))
        return self.linear(self.relu1(self.bn1(x)).mean((-2, -1)))


class _BasicBlock(nn.Module):
    def __init__(self, network: _Residual, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1, self.sn1 = _conv(inputs, width, 3, stride, False), _norm(width), network.neuron()
        self.conv2, self.bn2, self.sn2 = _conv(width, width, 3, bias=False), _norm(width), network.neuron()
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or inputs != width:
            self.downsample = nn.Sequential(_conv(inputs, width, 1, stride, False), _norm(width))

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn2(self.conv2(self.sn1(self.bn1(self.conv1(x)))))
        return self.sn2(out + self.downsample(x))


class ResNet(_Residual):
    def __init__(self, design: ResidualDesign, probe: bool = False) -> None:
        super().__init__(design, probe)
        first = design.stages[0][0]
        self.conv1 = _conv(design.channels, first, 7, 2, False)
        self.bn1, self.sn1 = _norm(first), self.neuron()
        self.maxpool = layer.MaxPool2d(3, 2, 1, step_mode="m")
        features = self.add_stages(lambda *extents: _BasicBlock(self, *extents))
        self.fc = layer.Linear(features, design.classes, step_mode="m")

    def forward(self, images: Tensor) -> Tensor:
        x = self.maxpool(self.sn1(self.bn1(self.conv1(self.repeated(images)))))
        return self.fc(self.run_stages(x).mean((-2, -1)))


class StandardizedConv2d(nn.Conv2d):
    """Every output channel's weights with mean 0 and deviation gain / sqrt(fan-in), over all steps at once."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, kernel // 2)
        self.gain = nn.Parameter(torch.ones(outputs, 1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        variance, mean = torch.var_mean(self.weight, dim=(1, 2, 3), keepdim=True)
        fan_in = self.weight[0].numel()
        weight = (self.weight - mean) / (variance * fan_in + EPSILON).sqrt() * self.gain
        out = functional.conv2d(x.flatten(0, 1), weight, self.bias, self.stride, self.padding)
        return out.unflatten(0, x.shape[:2])


class _NormalizerFreeBlock(nn.Module):
    def __init__(self, network: _Residual, beta: float, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.beta, self.scale = beta, network.design.activation_scale
        outputs = width * network.design.expansion
        if network.design.expansion == 1:
            kernels = [(inputs, width, 3, stride), (width, width, 3)]
        else:
            kernels = [(inputs, width, 1), (width, width, 3, stride), (width, outputs, 1)]
        self.depth = len(kernels)
        for index, extents in enumerate(kernels, start=1):
            setattr(self, f"conv{index}", StandardizedConv2d(*extents))
            setattr(self, f"sn{index}", network.neuron())
        self.downsample: nn.Module | None = None
        if stride != 1 or inputs != outputs:
            self.downsample = StandardizedConv2d(inputs, outputs, 1, stride)
        self.skipinit_gain = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        first = out = self.sn1(x / self.beta) * self.scale
        out = self.conv1(out)
        for index in range(2, self.depth + 1):
            out = getattr(self, f"conv{index}")(getattr(self, f"sn{index}")(out) * self.scale)
        shortcut = x if self.downsample is None else self.downsample(first)
        return out * self.skipinit_gain * ALPHA + shortcut


class NFResNet(_Residual):
    def __init__(self, design: ResidualDesign, probe: bool = False) -> None:
        super().__init__(design, probe)
        first = design.stages[0][0]
        kernel, stride = (7, 2) if design.stem == "imagenet" else (3, 1)
        self.conv1 = StandardizedConv2d(design.channels, first, kernel, stride)
        self.pool = layer.AvgPool2d(3, 2, 1, step_mode="m") if design.stem == "imagenet" else nn.Identity()
        variance = 1.0

        def block(inputs: int, width: int, stride: int) -> nn.Module:
            nonlocal variance
            made = _NormalizerFreeBlock(self, variance**0.5, inputs, width, stride)
            variance = (variance if made.downsample is None else 1.0) + ALPHA**2
            return made

        features = self.add_stages(block)
        self.fc = layer.Linear(features, design.classes, step_mode="m")

    def forward(self, images: Tensor) -> Tensor:
        x = self.run_stages(self.pool(self.conv1(self.repeated(images))))
        return self.fc(x.mean((-2, -1)))
