"""What a peer network on SpikingJelly's multi-step mode needs beyond its layers."""

from __future__ import annotations

from spikingjelly.activation_based import functional
from spikingjelly.activation_based.neuron import BaseNode
from torch import Tensor, nn

from .network import PeerNetwork
from .neurons import Margin


class JellyNetwork(PeerNetwork):
    def train(self, mode: bool = True) -> JellyNetwork:
        super().train(mode)
        for module in self.modules():
            if isinstance(module, BaseNode):
                nn.Module.train(module)  # in evaluation mode it would have no gradient
        return self

    def for_evaluation(self) -> JellyNetwork:
        """Nodes included, which then run SpikingJelly's own kernels without a gradient."""
        self.eval()
        for module in self.modules():
            if isinstance(module, BaseNode):
                nn.Module.eval(module)
        return self

    def begin(self, images: Tensor) -> Tensor:
        """A fresh state and normalised images [1, B, C, H, W]."""
        functional.reset_net(self)
        return self.normalized(images).unsqueeze(0)

    def margins(self) -> list[Margin]:
        return [module for module in self.modules() if isinstance(module, Margin)]
