"""What every peer network is: images in, logits at every step out, weights by the release's names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn


class PeerNetwork(nn.Module):
    """Images [B, C, H, W] in [0, 1] to logits [T, B, classes]; its state lasts one call.

    Batch norm takes its statistics over all steps together."""

    mean: Tensor
    std: Tensor

    def __init__(self, model: str, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.model = model
        shape = (1, len(mean), 1, 1)
        self.register_buffer("mean", torch.tensor(mean).view(shape), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(shape), persistent=False)

    def normalized(self, images: Tensor) -> Tensor:
        return (images - self.mean) / self.std

    def for_evaluation(self) -> PeerNetwork:
        """In the mode in which the framework classifies fastest, differentiable or not."""
        return self.eval()

    def tensors(self) -> dict[str, Tensor]:
        """Parameters and running statistics by the release's names."""
        return {name: tensor for name, tensor in self.state_dict().items() if not name.endswith("num_batches_tracked")}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        expected = self.tensors()
        if set(expected) != set(tensors):
            missing, extra = sorted(set(expected) - set(tensors)), sorted(set(tensors) - set(expected))
            raise ValueError(f"weights do not fit {self.model}: missing {missing}, unknown {extra}")
        with torch.no_grad():
            for name, tensor in expected.items():
                if tensor.shape != tensors[name].shape:
                    raise ValueError(f"{name}: expected {list(tensor.shape)}, got {list(tensors[name].shape)}")
                tensor.copy_(tensors[name])


class TimeMean(nn.Module):
    """The classifier that an attack sees: logits averaged over all time steps."""

    def __init__(self, network: PeerNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        return self.network(images).mean(0)


def per_step_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """The mean over steps and batch of the cross-entropy of logits[t]."""
    return nn.functional.cross_entropy(logits.flatten(0, 1), labels.repeat(logits.shape[0]))
