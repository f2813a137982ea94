"""The network as the dominant singular deflation release runs it: one time step a call, state that nobody resets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from spikingjelly.activation_based import functional, neuron
from torch import Tensor, nn

from .neurons import Neuron
from .vgg import Design, SpikingVGG


class _DetachedNode(neuron.LIFNode):
    """Its membrane is cut from the graph at every step (modules/neuron.py of the release)."""

    def neuronal_charge(self, x: Tensor) -> None:
        self.v = self.v.detach()
        super().neuronal_charge(x)


class DetachedNeuron(Neuron):
    def make(self, probe: bool = False) -> neuron.BaseNode:
        node = super().make(probe)
        node.__class__ = _DetachedNode
        return node


def detached(design: Design) -> Design:
    options: dict[str, Any] = {name: getattr(design.neuron, name) for name in design.neuron.__dataclass_fields__}
    return replace(design, neuron=DetachedNeuron(**options))


class Stepped(nn.Module):
    """Logits of `steps` time steps, averaged. `leaks`: every call starts from the state that the last one left.
    `normalizes`: inputs are pixels; else they are normalised already."""

    def __init__(self, network: SpikingVGG, steps: int, *, leaks: bool, normalizes: bool) -> None:
        super().__init__()
        functional.set_step_mode(network, "s")
        self.network = network
        self.steps = steps
        self.leaks = leaks
        self.normalizes = normalizes

    def forward(self, inputs: Tensor) -> Tensor:
        if not self.leaks:
            functional.reset_net(self.network)
        return torch.stack([self._step(inputs) for _ in range(self.steps)]).mean(0)

    def _step(self, x: Tensor) -> Tensor:
        if self.normalizes:
            x = (x - self.network.mean) / self.network.std
        for stage in self.network.stages:
            x = stage(x)
        return self.network.classifier(self.network.avgpool(x))
