"""pyautoattack's attacks that come after APGD, and torchattacks' copies of them, with the budgets of a Budget."""

from __future__ import annotations

import importlib.metadata
import logging
from dataclasses import dataclass

import torch
import torchattacks
from pyautoattack import AutoAttack
from pyautoattack.fab_pt import FABAttack_PT
from pyautoattack.square import SquareAttack
from torch import Tensor, nn

NORMS = {"linf": "Linf", "l2": "L2"}


def version() -> str:
    return importlib.metadata.version("pyautoattack")


@dataclass(frozen=True)
class Budget:
    """`norm` and `epsilon` in units of pixels in [0, 1]; the rest as pyautoattack names it, or nearly so."""

    norm: str
    epsilon: float
    steps: int
    targets: int
    queries: int
    restarts: int = 1
    rescales: bool = False


def fab(classifier: nn.Module, images: Tensor, labels: Tensor, budget: Budget, seed: int, *, targeted: bool) -> Tensor:
    attack = FABAttack_PT(
        classifier,
        norm=NORMS[budget.norm],
        n_restarts=1 if targeted else budget.restarts,
        n_iter=budget.steps,
        eps=budget.epsilon,
        seed=seed,
        targeted=targeted,
        n_target_classes=budget.targets,
    )
    return attack.perturb(images, labels)


def square(classifier: nn.Module, images: Tensor, labels: Tensor, budget: Budget, seed: int) -> Tensor:
    attack = SquareAttack(
        classifier,
        norm=NORMS[budget.norm],
        n_queries=budget.queries,
        eps=budget.epsilon,
        n_restarts=budget.restarts,
        seed=seed,
        resc_schedule=budget.rescales,
    )
    return attack.perturb(images, labels)


def standard(classifier: nn.Module, images: Tensor, labels: Tensor, budget: Budget, seed: int) -> tuple[Tensor, Tensor]:
    """AutoAttack standard with smaller budgets: the images, and the predictions for them."""
    logging.getLogger("auto-attack").setLevel(logging.ERROR)
    attack = AutoAttack(classifier, norm=NORMS[budget.norm], eps=budget.epsilon, seed=seed, version="standard")
    attack.apgd.n_iter = attack.apgd_targeted.n_iter = attack.fab.n_iter = budget.steps
    attack.apgd_targeted.n_target_classes = attack.fab.n_target_classes = budget.targets
    attack.square.n_queries = budget.queries
    return attack.run_standard_evaluation(images, labels)


def second_fab(
    classifier: nn.Module, images: Tensor, labels: Tensor, budget: Budget, seed: int, *, targeted: bool
) -> Tensor:
    attack = torchattacks.FAB(
        classifier,
        norm=NORMS[budget.norm],
        eps=budget.epsilon,
        steps=budget.steps,
        n_restarts=1 if targeted else budget.restarts,
        seed=seed,
        multi_targeted=targeted,
        n_classes=budget.targets + 1,
    )
    return _run(attack, images, labels)


def second_square(classifier: nn.Module, images: Tensor, labels: Tensor, budget: Budget, seed: int) -> Tensor:
    attack = torchattacks.Square(
        classifier,
        norm=NORMS[budget.norm],
        eps=budget.epsilon,
        n_queries=budget.queries,
        n_restarts=budget.restarts,
        seed=seed,
        resc_schedule=budget.rescales,
    )
    return _run(attack, images, labels)


def _run(attack: torchattacks.attack.Attack, images: Tensor, labels: Tensor) -> Tensor:
    with torch.enable_grad():
        return attack(images, labels).detach()
