"""The network as the dominant singular deflation release runs it: one time step a call, state that nobody resets."""

from __future__ import annotations

import torch
from spikingjelly.activation_based import functional
from torch import Tensor, nn

from .vgg import SpikingVGG


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
        functional.detach_net(self.network)  # as the release's neuron does, without which an attack could not go on
        if self.normalizes:
            x = (x - self.network.mean) / self.network.std
        for stage in self.network.stages:
            x = stage(x)
        return self.network.classifier(self.network.avgpool(x))
