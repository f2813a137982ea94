"""pyautoattack's APGD, with what it does on the way made visible."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from pyautoattack.autopgd_base import APGDAttack, APGDAttack_targeted
from torch import Tensor, nn

VERSION = f"pyautoattack {importlib.metadata.version('pyautoattack')}"


@dataclass
class Trace:
    """Of x_0 ... x_N: points [B, ...] and logits; of all but the first the step size [B] that led there, and the losses
    [N, B] that the run itself notes."""

    points: list[Tensor] = field(default_factory=list)
    logits: list[Tensor] = field(default_factory=list)
    step_sizes: list[Tensor] = field(default_factory=list)
    losses: Tensor = field(default_factory=lambda: torch.empty(0))


class Witness(nn.Module):
    """A classifier that writes down what an APGD run asks of it, and reads the run's step sizes and losses from its frame."""

    def __init__(self, classifier: nn.Module) -> None:
        super().__init__()
        self.classifier = classifier
        self.trace = Trace()

    def forward(self, images: Tensor) -> Tensor:
        logits = self.classifier(images)
        frame = sys._getframe()
        while frame is not None and frame.f_code.co_name != "attack_single_run":
            frame = frame.f_back
        if frame is not None:
            self.trace.points.append(images.detach().clone())
            self.trace.logits.append(logits.detach().clone())
            self.trace.losses = frame.f_locals["loss_steps"]  # filled in place while the run goes on
            if "step_size" in frame.f_locals:
                self.trace.step_sizes.append(frame.f_locals["step_size"].flatten().clone())
        return logits


@contextmanager
def double_precision() -> Iterator[None]:
    """Everything in float64: the default type, in which the attack draws and keeps its losses, and what `float` makes of
    the images that it is given."""
    original = torch.Tensor.float
    torch.set_default_dtype(torch.float64)
    torch.Tensor.float = torch.Tensor.double
    try:
        yield
    finally:
        torch.Tensor.float = original
        torch.set_default_dtype(torch.float32)


def single_run(
    classifier: nn.Module,
    images: Tensor,
    labels: Tensor,
    norm: str,
    epsilon: float,
    loss: str,
    steps: int,
    seed: int,
    targets: Tensor | None = None,
) -> tuple[Trace, Tensor, Tensor]:
    """One run of APGD: its trace, x_best and the latest iterate that fooled."""
    assert images.dtype == torch.get_default_dtype()
    witness = Witness(classifier)
    if targets is None:
        attack = APGDAttack(witness, n_iter=steps, norm=norm, eps=epsilon, loss=loss)
    else:
        attack = APGDAttack_targeted(witness, n_iter=steps, norm=norm, eps=epsilon)
        attack.y_target = targets
    attack.init_hyperparam(images)
    torch.manual_seed(seed)
    best, _, _, fooling = attack.attack_single_run(images, labels)
    return witness.trace, best.detach(), fooling.detach()


def apgd(
    classifier: nn.Module,
    images: Tensor,
    labels: Tensor,
    norm: str,
    epsilon: float,
    loss: str,
    steps: int,
    seed: int,
    restarts: int = 1,
) -> Tensor:
    attack = APGDAttack(classifier, n_iter=steps, norm=norm, eps=epsilon, loss=loss, seed=seed, n_restarts=restarts)
    return attack.perturb(images, labels).detach()


def apgd_t(
    classifier: nn.Module,
    images: Tensor,
    labels: Tensor,
    norm: str,
    epsilon: float,
    steps: int,
    seed: int,
    targets: int,
) -> Tensor:
    attack = APGDAttack_targeted(classifier, n_iter=steps, norm=norm, eps=epsilon, seed=seed, n_target_classes=targets)
    return attack.perturb(images, labels).detach()
