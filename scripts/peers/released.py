"""The network as the dominant singular deflation release runs it: one time step a call, state that nobody resets; and the
parts of its training loop."""

from __future__ import annotations

import torch
from spikingjelly.activation_based import functional
from torch import Tensor, nn

from .network import per_step_cross_entropy
from .vgg import SpikingVGG


class Stepped(nn.Module):
    """Logits of `steps` time steps, averaged. `leaks`: every call starts from the state that the last one left.
    `normalizes`: inputs are pixels; else they are normalised already."""

    def __init__(self, network: SpikingVGG, steps: int, *, leaks: bool, normalizes: bool) -> None:
        super().__init__()
        self.network = single_step(network)
        self.steps = steps
        self.leaks = leaks
        self.normalizes = normalizes

    def forward(self, inputs: Tensor) -> Tensor:
        if not self.leaks:
            functional.reset_net(self.network)
        return torch.stack([_step(self.network, self._shown(inputs)) for _ in range(self.steps)]).mean(0)

    def _shown(self, inputs: Tensor) -> Tensor:
        return self.network.normalized(inputs) if self.normalizes else inputs


def single_step(network: SpikingVGG) -> SpikingVGG:
    functional.set_step_mode(network, "s")
    return network


def _step(network: SpikingVGG, x: Tensor) -> Tensor:
    functional.detach_net(network)  # as the release's neuron does, without which an attack could not go on
    for stage in network.stages:
        x = stage(x)
    return network.classifier(network.avgpool(x))


def training_logits(network: SpikingVGG, images: Tensor) -> Tensor:
    """[T, B, classes] from a fresh state; batch norm takes each step's own statistics, and no gradient crosses steps."""
    functional.reset_net(network)
    normalized = network.normalized(images)
    return torch.stack([_step(network, normalized) for _ in range(network.design.steps)])


def temporal_efficient_loss(logits: Tensor, labels: Tensor, weight: float = 0.05) -> Tensor:
    """Per-step cross-entropy, and a pull of all logits towards the threshold, 1."""
    return (1 - weight) * per_step_cross_entropy(logits, labels) + weight * (logits - 1).square().mean()


def deflated(gradient: Tensor) -> Tensor:
    """The gradient of two or more dimensions, as rows by all others, less its leading singular term, by full SVD."""
    if gradient.dim() < 2 or gradient.norm() < 1e-8:
        return gradient
    matrix = gradient.flatten(1)
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    return (matrix - values[0] * torch.outer(left[:, 0], right[0])).view_as(gradient)
