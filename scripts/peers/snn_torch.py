"""The neuron of `Neuron`'s defaults on snnTorch's Leaky cell."""

from __future__ import annotations

from typing import Any

import snntorch
import torch
from torch import Tensor

from .neurons import Neuron
from .plain_vgg import NeuronLayer


class SnnTorchNeuron(NeuronLayer):
    """Leaky charges and fires; the threshold is subtracted here. Its own "subtract" computes something else: with the
    delay it subtracts after the leak, and without it a neuron beyond twice its threshold does not fire next time."""

    def __init__(self, options: Neuron) -> None:
        super().__init__()
        expected = Neuron(tau=options.tau, threshold=options.threshold)
        if options != expected:
            raise ValueError(f"snnTorch's side has the default neuron only, asked for {options}")
        self.threshold = options.threshold
        # As float64: a float would be rounded to float32 in the cell's buffer, for good.
        leak = torch.tensor(options.leak, dtype=torch.float64)
        self.cell = snntorch.Leaky(
            beta=leak,
            threshold=torch.tensor(options.threshold, dtype=torch.float64),
            spike_grad=_Triangle.apply,
            reset_mechanism="none",
        )

    def forward(self, currents: Tensor) -> Tensor:
        membrane = torch.zeros_like(currents[0])
        spikes: list[Tensor] = []
        for current in currents:
            spike, charged = self.cell(current, membrane)
            membrane = charged - spike * self.threshold
            spikes.append(spike)
        return torch.cat(spikes)


class _Triangle(torch.autograd.Function):
    """snnTorch's own `triangular` has another slope, and its `custom_surrogate` spikes in float32 whatever it is given."""

    @staticmethod
    def forward(ctx: Any, distance: Tensor) -> Tensor:
        ctx.save_for_backward(distance)
        return (distance >= 0).to(distance.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (distance,) = ctx.saved_tensors
        return gradient * (1 - distance.abs()).clamp(min=0)
