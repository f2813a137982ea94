"""What every peer's worker answers: training steps, classification, attacks and curvature of one network, on request.

It reads one JSON request a line from standard input and answers each with one line on standard output; a request that
fails is answered with {"error": "..."}.

    {"run": "describe"}
        {"versions": {...}, "threads": 2, "layout": "contiguous", "stem": "once", "parameters": 9485322, ...}
    {"run": "step", "count": 3, "restore": false}
        {"seconds": [0.9, 0.9, 0.9], "losses": [2.4, 2.3, 2.2]}
        Training steps on the batch: forward, loss, backward, SGD. With "restore", weights, running statistics and
        momentum are put back after each one, outside the time.
    {"run": "gradients", "out": "FILE", "dtype": "float64", "images": 8}
        {"out": "FILE", "loss": 2.4}
        Writes "logits" [T, B, classes], "loss" and "grad.<parameter>", in training mode, of the first images of the batch
        (all if not given); changes nothing. Like every run but "step" it takes the weights of the file, whatever steps were
        done before. Compare large networks in float64: in float32 (the default) rounding flips spikes, and a fresh VGG-11
        amplifies each one.
    {"run": "evaluate", "count": 1, "chunk": 32, "dtype": "float32", "out": "FILE"}
        {"seconds": [0.5], "correct": 12}
        Classifies all images, so many at a time, in evaluation mode without gradients; "out" receives "logits" [N, classes].
    {"run": "pgd", "count": 3, "seed": 0, "epsilon": 0.0314, "alpha": 0.0078, "steps": 10, "dtype": "float32",
     "images": 8, "out": "FILE"}
        {"seconds": [...], "accuracy": 0.1, "out": "FILE"}
        torchattacks' PGD on the time-mean logits, in evaluation mode; "out" receives "start" and "adversarial".
    {"run": "product", "count": 3, "dtype": "float64", "vectors": "FILE", "out": "FILE"}
        {"seconds": [...], "asymmetry": 1e-16}
        PyHessian's products, of the cross-entropy of time-mean logits in evaluation mode: with each row of "vectors" [k, n],
        k ≥ 2, then count timed ones with the first. "out" receives "products" [k, n]; asymmetry is |uᵀHv − vᵀHu| / |uᵀHv|.
    {"run": "eigenvalues", "top": 5, "seed": 0, "out": "FILE"}
        {"seconds": [20.5], "products": 82, "iterations": [5, ...], "eigenvalues": [...], "residuals": [...]}
        PyHessian's eigenvalues() at its defaults, the gradient's graph included; residuals are measured afterwards. "out"
        receives the random "starts" [top, n].
    {"run": "quit"}
        {}
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from peers.design import HEADS, STAGES

if TYPE_CHECKING:
    from worker import Request, Worker


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A training step on a peer, timed on request.")
    add = parser.add_argument
    add("--weights", type=Path, required=True, help="safetensors with the released parameter names")
    add("--batch", type=Path, required=True, help="safetensors with images [B, C, H, W] in [0, 1] and labels [B]")
    add("--model", choices=STAGES, default="vgg11")
    add("--classes", type=int, default=10)
    add("--head", choices=HEADS, default="released")
    add("--width", type=Fraction, default=Fraction(1), help="factor on all channels, such as 1/8")
    add("--steps", type=int, default=4, help="time steps")
    add("--tau", type=float, default=1.1)
    add("--decay-input", action="store_true")
    add("--threshold", type=float, default=1.0)
    add("--reset", choices=("soft", "hard"), default="soft")
    add("--detach-reset", action="store_true")
    add("--surrogate", choices=("triangle", "sigmoid", "arctan"), default="triangle")
    add("--surrogate-width", type=float, default=1.0)
    add("--mean", type=float, nargs="+", help="of each channel (default 0: no normalisation)")
    add("--std", type=float, nargs="+", help="of each channel (default 1: no normalisation)")
    add("--rate", type=float, default=0.1, help="learning rate")
    add("--momentum", type=float, default=0.9)
    add("--weight-decay", type=float, default=0.0)
    add("--threads", type=int, default=torch.get_num_threads())
    add("--layout", choices=("contiguous", "channels-last"), default="contiguous")
    add("--stem", choices=("once", "repeated"), default="once", help="compute the first convolution once or T times")
    return parser.parse_args()


def main(peer: type[Worker]) -> None:
    worker = peer(parse())
    runs: dict[str, Callable[[Request], Request]] = {
        "describe": worker.describe,
        "step": worker.step,
        "gradients": worker.gradients,
        "evaluate": worker.evaluate,
        "pgd": worker.pgd,
        "product": worker.product,
        "eigenvalues": worker.eigenvalues,
    }
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            request = json.loads(line)
            run = request["run"]
            if run != "quit" and run not in runs:
                raise ValueError(f"unknown run '{run}'; there are {', '.join(runs)} and quit")
            answer = {} if run == "quit" else runs[run](request)
        except Exception as error:  # the caller, another program, decides what to do
            run, answer = "", {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
        if run == "quit":
            return
