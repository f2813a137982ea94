"""PyHessian 0.1 on a peer network, on the CPU, with its products and iterations counted.

What it computes from `gradsH`, the gradient's graph, is the product Jᵀv of the gradient's Jacobian J. Its random vectors
have torch's default element type, whatever the network's, so that type is set around each call.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import math
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from pyhessian import hessian
from torch import Tensor, nn

_module = importlib.import_module("pyhessian.hessian")  # the package's attribute of that name is the class


def version() -> str:
    return importlib.metadata.version("PyHessian")


@dataclass
class Observed:
    """What one call of PyHessian's eigenvalues() or trace() did."""

    products: int = 0
    seconds: float = 0.0
    iterations: list[int] = field(default_factory=list)  # of each eigenvalue


@contextmanager
def observing() -> Iterator[Observed]:
    """Counts products, and iterations by the number of eigenvectors that a vector is made orthogonal to."""
    seen = Observed()
    product, orthogonal = _module.hessian_vector_product, _module.orthnormal

    def counted_product(*arguments: Any) -> Any:
        seen.products += 1
        return product(*arguments)

    def counted_orthogonal(vector: list[Tensor], found: list[list[Tensor]]) -> list[Tensor]:
        if len(found) == len(seen.iterations):
            seen.iterations.append(0)
        seen.iterations[len(found)] += 1
        return orthogonal(vector, found)

    _module.hessian_vector_product, _module.orthnormal = counted_product, counted_orthogonal
    start = time.perf_counter()
    try:
        yield seen
    finally:
        seen.seconds = time.perf_counter() - start
        _module.hessian_vector_product, _module.orthnormal = product, orthogonal


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


class Curvature:
    """The surrogate Hessian of a criterion of a classifier's answer to one batch."""

    def __init__(
        self, classifier: nn.Module, images: Tensor, labels: Tensor,
        criterion: Callable[[Tensor, Tensor], Tensor] = nn.functional.cross_entropy,
    ) -> None:  # fmt: skip
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Using backward.. with create_graph=True")  # it leaks the graph: once here
            self.peer = hessian(classifier, criterion, data=(images, labels), cuda=False)
        self.shapes = [parameter.shape for parameter in self.peer.params]
        self.dtype = self.peer.params[0].dtype

    @property
    def dimension(self) -> int:
        return sum(math.prod(shape) for shape in self.shapes)

    def parts(self, vector: Tensor) -> list[Tensor]:
        pieces = vector.split([math.prod(shape) for shape in self.shapes])
        return [piece.reshape(shape) for piece, shape in zip(pieces, self.shapes, strict=True)]

    def times(self, vector: Tensor) -> Tensor:
        return flat(_module.hessian_vector_product(self.peer.gradsH, self.peer.params, self.parts(vector)))

    def starts(self, seed: int, count: int) -> Tensor:
        """What eigenvalues() draws after torch.manual_seed(seed) [count, n]: a draw of its own for each parameter."""
        torch.manual_seed(seed)
        with default_dtype(self.dtype):
            return torch.stack([flat([torch.randn(shape) for shape in self.shapes]) for _ in range(count)])

    def signs(self, seed: int, count: int) -> Tensor:
        """What trace() draws after torch.manual_seed(seed) [count, n], each entry 1 or -1."""
        torch.manual_seed(seed)
        drawn = [
            flat([torch.randint_like(parameter, high=2) for parameter in self.peer.params]) for _ in range(count)
        ]
        return 2 * torch.stack(drawn) - 1

    def eigenvalues(self, seed: int, count: int = 5) -> tuple[Tensor, Tensor, Observed]:
        """Values [count] and vectors [count, n], at PyHessian's defaults."""
        torch.manual_seed(seed)
        with default_dtype(self.dtype), observing() as seen:
            values, vectors = self.peer.eigenvalues(top_n=count)
        return torch.tensor(values, dtype=torch.float64), torch.stack([flat(vector) for vector in vectors]), seen

    def trace(self, seed: int, most: int = 100) -> tuple[Tensor, Observed]:
        """Samples vᵀHv, as many as its rule wants."""
        torch.manual_seed(seed)
        with observing() as seen:
            samples = self.peer.trace(maxIter=most)
        return torch.tensor(samples, dtype=torch.float64), seen

    def residuals(self, values: Tensor, vectors: Tensor) -> Tensor:
        """‖Hv − μv‖ / ‖v‖ of each pair, by another product of each."""
        return torch.stack([
            (self.times(vector) - value * vector).norm().double() / vector.norm().double()
            for value, vector in zip(values, vectors, strict=True)
        ])  # fmt: skip


def flat(tensors: Any) -> Tensor:
    return torch.cat([tensor.detach().reshape(-1) for tensor in tensors])
