"""The neuron of `Neuron`'s defaults on Norse's LIF cell without a synaptic current."""

from __future__ import annotations

import torch
from norse.torch.functional.lif_box import LIFBoxFeedForwardState, LIFBoxParameters
from norse.torch.functional.reset import reset_subtract
from norse.torch.module.lif_box import LIFBoxCell
from torch import Tensor

from .neurons import Neuron
from .plain_vgg import NeuronLayer


class NorseNeuron(NeuronLayer):
    """v + (x - v) / tau with dt = 1, Norse's own triangle and soft reset. The cell divides its input by tau, too, which
    `input_scale` undoes."""

    def __init__(self, options: Neuron) -> None:
        super().__init__()
        expected = Neuron(tau=options.tau, threshold=options.threshold)
        if options != expected or options.tau is None:
            raise ValueError(f"Norse's side has the default neuron only, asked for {options}")
        self.input_scale = options.tau
        parameters = LIFBoxParameters(
            tau_mem_inv=torch.tensor(1 / options.tau, dtype=torch.float64),
            v_th=torch.tensor(options.threshold, dtype=torch.float64),
            method="triangle",
            alpha=1.0,
            reset_method=reset_subtract,
        )
        self.cell = LIFBoxCell(parameters, dt=1.0)

    def forward(self, currents: Tensor) -> Tensor:
        # The cell's own start wants a gradient, and would sum one up for nothing.
        state = LIFBoxFeedForwardState(v=torch.zeros_like(currents[0]))
        spikes: list[Tensor] = []
        for current in currents:
            spike, state = self.cell(current, state)
            spikes.append(spike)
        return torch.cat(spikes)
