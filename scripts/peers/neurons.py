"""SpikingJelly's neurons by the options of Spikeguard's, and a probe for how near they come to their threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


class Margin(nn.Module):
    """A surrogate that remembers, for each row of the batch, the least |h - threshold|, and counts spikes."""

    def __init__(self, spike: nn.Module) -> None:
        super().__init__()
        self.spike = spike
        self.clear()

    def clear(self) -> None:
        self.least: Tensor | None = None
        self.spikes = 0
        self.count = 0

    def forward(self, distance: Tensor) -> Tensor:
        with torch.no_grad():
            least = distance.abs().reshape(len(distance), -1).amin(1)
            self.least = least if self.least is None else torch.minimum(self.least, least)
            self.spikes += int((distance >= 0).sum())
            self.count += distance.numel()
        return self.spike(distance)

    @property
    def rate(self) -> float:
        return self.spikes / self.count


@dataclass(frozen=True)
class Neuron:
    """A leaky integrate-and-fire neuron; `tau=None` is the one without a leak."""

    tau: float | None = 1.1
    decay_input: bool = False
    threshold: float = 1.0
    reset: str = "soft"
    detach_reset: bool = False
    surrogate: str = "triangle"
    alpha: float = 1.0

    spikes = True

    def make(self, probe: bool = False) -> nn.Module:
        """SpikingJelly's multi-step node. Keep it in training mode: in evaluation mode LIFNode has no gradient."""
        # Here and not above: the options serve other frameworks, too.
        from spikingjelly.activation_based import neuron, surrogate

        surrogates = {"triangle": surrogate.PiecewiseQuadratic, "sigmoid": surrogate.Sigmoid, "arctan": surrogate.ATan}
        spike = surrogates[self.surrogate](alpha=self.alpha)
        options: dict[str, Any] = {
            "v_threshold": self.threshold,
            "v_reset": None if self.reset == "soft" else 0.0,
            "surrogate_function": Margin(spike) if probe else spike,
            "detach_reset": self.detach_reset,
            "step_mode": "m",
        }
        if self.tau is None:
            return neuron.IFNode(**options)
        return neuron.LIFNode(tau=self.tau, decay_input=self.decay_input, **options)

    @property
    def leak(self) -> float:
        return 1.0 if self.tau is None else 1.0 - 1.0 / self.tau

    @property
    def input_scale(self) -> float:
        return 1.0 / self.tau if self.tau is not None and self.decay_input else 1.0

    def options(self) -> dict[str, Any]:
        """The same, as Spikeguard names it: h[t] = leak * v[t-1] + inputScale * x[t], width = 1 / alpha."""
        return {
            "tau": self.tau,
            "decayInput": self.decay_input,
            "leak": self.leak,
            "inputScale": self.input_scale,
            "threshold": self.threshold,
            "reset": self.reset,
            "detachReset": self.detach_reset,
            "surrogate": self.surrogate,
            "alpha": self.alpha,
            "width": 1.0 / self.alpha,
        }


@dataclass(frozen=True)
class Rectifier:
    """max(0, x) in a neuron's place; near 0 its derivative is as uncertain as a spike is near its threshold."""

    spikes = False

    def make(self, probe: bool = False) -> nn.Module:
        return Margin(nn.ReLU()) if probe else nn.ReLU()

    def options(self) -> None:
        """It has none."""
        return None
