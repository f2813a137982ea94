#!/usr/bin/env python3
"""The benchmark's worker in the dominant singular deflation release's training loop, full SVD included.

Run it with the interpreter of scripts/peers/setup. `serving.py` says what it answers.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from peers import released  # noqa: E402
from peers.design import Design  # noqa: E402
from peers.vgg import SpikingVGG  # noqa: E402
from torch import Tensor  # noqa: E402
from serving import main  # noqa: E402
from worker import Worker  # noqa: E402


class ReleasedWorker(Worker):
    """The first convolution T times, whatever `--stem` says: the loop calls the network once a step."""

    packages = ("torch", "spikingjelly")

    def build(self, design: Design, *, stem_once: bool) -> SpikingVGG:
        return released.single_step(SpikingVGG(design))

    def logits(self, network: SpikingVGG, images: Tensor) -> Tensor:
        return released.training_logits(network, images)

    def loss(self, logits: Tensor) -> Tensor:
        return released.temporal_efficient_loss(logits, self.labels[: logits.shape[1]])

    def rewritten(self, gradient: Tensor) -> Tensor:
        return released.deflated(gradient)


if __name__ == "__main__":
    main(ReleasedWorker)
