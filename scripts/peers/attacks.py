"""torchattacks, with the start of its PGD made visible."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torchattacks
from torch import Tensor, nn


@dataclass(frozen=True)
class Threat:
    """An L-infinity ball, in units of pixels in [0, 1]."""

    epsilon: float = 8 / 255
    alpha: float = 2 / 255
    steps: int = 10


def fgsm(classifier: nn.Module, images: Tensor, labels: Tensor, threat: Threat) -> Tensor:
    return torchattacks.FGSM(classifier, eps=threat.epsilon)(images, labels)


def pgd_start(images: Tensor, threat: Threat, seed: int) -> Tensor:
    """What torchattacks' PGD starts from, if the generator has this seed when it is called."""
    torch.manual_seed(seed)
    return (images + torch.empty_like(images).uniform_(-threat.epsilon, threat.epsilon)).clamp(0, 1)


def pgd(classifier: nn.Module, images: Tensor, labels: Tensor, threat: Threat, seed: int) -> Tensor:
    attack = torchattacks.PGD(classifier, eps=threat.epsilon, alpha=threat.alpha, steps=threat.steps, random_start=True)
    torch.manual_seed(seed)
    return attack(images, labels)
