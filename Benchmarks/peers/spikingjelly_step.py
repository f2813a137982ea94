#!/usr/bin/env python3
"""The benchmark's worker on SpikingJelly's multi-step mode, 0.0.0.0.14 or 2.0.0.

Run it with the interpreter of scripts/peers/setup, with .deps/peers/beside/spikingjelly-2 on PYTHONPATH for 2.0.0. `serving.py` says what it answers.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

# 2.0.0 makes torch say twice that there is no Triton, which the CPU needs nothing of.
logging.getLogger("torch._library.triton").disabled = True

from peers.design import Design  # noqa: E402
from peers.vgg import SpikingVGG  # noqa: E402
from serving import main  # noqa: E402
from worker import Worker  # noqa: E402


class SpikingJellyWorker(Worker):
    packages = ("torch", "spikingjelly", "torchattacks")

    def build(self, design: Design, *, stem_once: bool) -> SpikingVGG:
        return SpikingVGG(design, stem_once=stem_once)


if __name__ == "__main__":
    main(SpikingJellyWorker)
