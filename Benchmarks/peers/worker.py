"""A peer's training steps, classification, attacks and curvature of one network; `serving.py` says what is asked."""

from __future__ import annotations

import gc
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from peers import tensors
from peers.design import Design
from peers.network import PeerNetwork, TimeMean, per_step_cross_entropy
from peers.neurons import Neuron
from torch import Tensor

if TYPE_CHECKING:
    import argparse

    from peers.curvature import Curvature

Request = dict[str, Any]
DTYPES = {"float32": torch.float32, "float64": torch.float64}


class Worker:
    """A peer differs by the network that it builds; a training loop of another kind overrides `logits`, `loss` and
    `rewritten`."""

    # Whose versions `describe` gives.
    packages: tuple[str, ...] = ("torch",)

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        torch.set_num_threads(arguments.threads)
        batch = tensors.read(arguments.batch)
        self.images, self.labels = batch["images"].float(), batch["labels"].long()
        channels = self.images.shape[1]
        neuron = Neuron(
            tau=arguments.tau,
            decay_input=arguments.decay_input,
            threshold=arguments.threshold,
            reset=arguments.reset,
            detach_reset=arguments.detach_reset,
            surrogate=arguments.surrogate,
            alpha=1 / arguments.surrogate_width,
        )
        self.design = Design(
            model=arguments.model,
            classes=arguments.classes,
            channels=channels,
            width=arguments.width,
            head=arguments.head,
            steps=arguments.steps,
            mean=arguments.mean or [0.0] * channels,
            std=arguments.std or [1.0] * channels,
            neuron=neuron,
        )
        self.network = self.build(self.design, stem_once=arguments.stem == "once")
        self.network.load(tensors.read(arguments.weights))
        self.has_stepped = False
        if arguments.layout == "channels-last":
            self.network.to(memory_format=torch.channels_last)
            self.images = self.images.contiguous(memory_format=torch.channels_last)
        self.optimizer = torch.optim.SGD(
            self.network.parameters(),
            lr=arguments.rate,
            momentum=arguments.momentum,
            weight_decay=arguments.weight_decay,
        )

    def build(self, design: Design, *, stem_once: bool) -> PeerNetwork:
        raise NotImplementedError

    def logits(self, network: PeerNetwork, images: Tensor) -> Tensor:
        """[T, B, classes] of a pass in training mode."""
        return network(images)

    def loss(self, logits: Tensor) -> Tensor:
        """Of the first images of the batch, as many as there are logits."""
        return per_step_cross_entropy(logits, self.labels[: logits.shape[1]])

    def rewritten(self, gradient: Tensor) -> Tensor:
        """What the optimizer is given in a gradient's place."""
        return gradient

    def describe(self, request: Request) -> Request:
        return {
            "versions": tensors.versions(*self.packages),
            "threads": torch.get_num_threads(),
            "layout": self.arguments.layout,
            "stem": self.arguments.stem,
            "parameters": sum(parameter.numel() for parameter in self.network.parameters()),
            "batch": list(self.images.shape),
            "design": self.design.options(),
        }

    def step(self, request: Request) -> Request:
        self.network.train()
        self.has_stepped = True
        restore = bool(request.get("restore", False))
        seconds: list[float] = []
        losses: list[float] = []
        for _ in range(int(request.get("count", 1))):
            before = self._save() if restore else None
            start = time.perf_counter()
            self.optimizer.zero_grad()
            loss = self.loss(self.logits(self.network, self.images))
            loss.backward()
            for parameter in self.network.parameters():
                assert parameter.grad is not None
                parameter.grad = self.rewritten(parameter.grad)
            self.optimizer.step()
            seconds.append(time.perf_counter() - start)
            losses.append(loss.item())
            if before is not None:
                self._put_back(before)
        return {"seconds": seconds, "losses": losses}

    def gradients(self, request: Request) -> Request:
        network = self._copy(request).train()
        logits = self.logits(network, self._images(request))
        loss = self.loss(logits)
        names, parameters = zip(*network.named_parameters(), strict=True)
        gradients = torch.autograd.grad(loss, parameters)
        written = {f"grad.{name}": self.rewritten(gradient) for name, gradient in zip(names, gradients, strict=True)}
        tensors.write(Path(request["out"]), {"logits": logits, "loss": loss, **written})
        return {"out": request["out"], "loss": loss.item()}

    def evaluate(self, request: Request) -> Request:
        network, images = self._copy(request).for_evaluation(), self._images(request)
        labels, chunk = self.labels[: len(images)], int(request.get("chunk", len(images)))
        seconds: list[float] = []
        for _ in range(int(request.get("count", 1))):
            start = time.perf_counter()
            with torch.inference_mode():
                logits = [network(images[i : i + chunk]).mean(0) for i in range(0, len(images), chunk)]
                correct = sum(
                    int((part.argmax(1) == labels[i * chunk : (i + 1) * chunk]).sum())
                    for i, part in enumerate(logits)
                )
            seconds.append(time.perf_counter() - start)
        if "out" in request:
            tensors.write(Path(request["out"]), {"logits": torch.cat(logits)})
        return {"seconds": seconds, "correct": correct}

    def pgd(self, request: Request) -> Request:
        # Where it is used and not above: what it imports would count in the memory of a training step.
        from peers import attacks

        network, images = self._copy(request), self._images(request)
        labels = self.labels[: len(images)]
        classifier = TimeMean(network).eval()
        defaults = attacks.Threat()
        threat = attacks.Threat(
            epsilon=float(request.get("epsilon", defaults.epsilon)),
            alpha=float(request.get("alpha", defaults.alpha)),
            steps=int(request.get("steps", defaults.steps)),
        )
        seed = int(request.get("seed", 0))
        seconds: list[float] = []
        adversarial = images
        for _ in range(int(request.get("count", 1))):
            start = time.perf_counter()
            adversarial = attacks.pgd(classifier, images, labels, threat, seed)
            seconds.append(time.perf_counter() - start)
        with torch.no_grad():
            right = classifier(adversarial).argmax(1) == labels
        answer: Request = {"seconds": seconds, "accuracy": right.double().mean().item()}
        if "out" in request:
            start_points = attacks.pgd_start(images, threat, seed)
            tensors.write(Path(request["out"]), {"start": start_points, "adversarial": adversarial})
            answer["out"] = request["out"]
        return answer

    def product(self, request: Request) -> Request:
        matrix = self._curvature(request)
        vectors = tensors.read(Path(request["vectors"]))["vectors"].to(matrix.dtype)
        products = torch.stack([matrix.times(vector) for vector in vectors])
        if "out" in request:
            tensors.write(Path(request["out"]), {"products": products})
        seconds: list[float] = []
        for _ in range(int(request.get("count", 1))):
            start = time.perf_counter()
            matrix.times(vectors[0])
            seconds.append(time.perf_counter() - start)
        pair = [(vectors[i].double() @ products[1 - i].double()).item() for i in (0, 1)]
        return {"seconds": seconds, "asymmetry": abs(pair[0] - pair[1]) / abs(pair[0])}

    def eigenvalues(self, request: Request) -> Request:
        seed, top = int(request.get("seed", 0)), int(request.get("top", 5))
        start = time.perf_counter()
        matrix = self._curvature(request)
        values, vectors, seen = matrix.eigenvalues(seed, top)
        seconds = time.perf_counter() - start
        if "out" in request:
            tensors.write(Path(request["out"]), {"starts": matrix.starts(seed, top)})
        return {
            "seconds": [seconds],
            "products": seen.products,
            "iterations": seen.iterations,
            "eigenvalues": values.tolist(),
            "residuals": matrix.residuals(values, vectors).tolist(),
        }

    def _curvature(self, request: Request) -> Curvature:
        from peers import curvature  # as in `pgd`

        dtype = DTYPES[request.get("dtype", "float32")]
        # Else the last request's graph would live beside the new one: PyHessian's backward() leaves a cycle.
        gc.collect()
        return curvature.Curvature(TimeMean(self._copy(request)).eval(), self.images.to(dtype), self.labels)

    def _images(self, request: Request) -> Tensor:
        """Those asked for, in the type asked for."""
        return self.images[: request.get("images")].to(DTYPES[request.get("dtype", "float32")])

    def _copy(self, request: Request) -> PeerNetwork:
        """A network of its own in the type asked for, with the weights of the file. They are read again only where steps
        have moved those in memory: what reading takes is not to count in the memory of an evaluation."""
        network = self.build(self.design, stem_once=self.arguments.stem == "once")
        network.load(tensors.read(self.arguments.weights) if self.has_stepped else self.network.tensors())
        if self.arguments.layout == "channels-last":
            network.to(memory_format=torch.channels_last)
        return network.to(DTYPES[request.get("dtype", "float32")])

    def _save(self) -> dict[str, Tensor]:
        """Weights, running statistics, and the momentum of each parameter that has one."""
        saved = {f"network.{name}": tensor.clone() for name, tensor in self.network.tensors().items()}
        for name, parameter in self.network.named_parameters():
            momentum = self.optimizer.state.get(parameter, {}).get("momentum_buffer")
            if momentum is not None:
                saved[f"momentum.{name}"] = momentum.clone()
        return saved

    def _put_back(self, saved: dict[str, Tensor]) -> None:
        self.network.load({name.removeprefix("network."): saved[name] for name in saved if name.startswith("network.")})
        self.optimizer.state.clear()
        for name, parameter in self.network.named_parameters():
            if f"momentum.{name}" in saved:
                self.optimizer.state[parameter]["momentum_buffer"] = saved[f"momentum.{name}"]
