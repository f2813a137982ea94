#!/usr/bin/env python3
"""The benchmark's worker on snnTorch's Leaky cell between PyTorch's own layers.

Run it with the interpreter of scripts/peers/setup and .deps/peers/beside/snntorch on PYTHONPATH. `serving.py` says what it answers.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from peers.design import Design  # noqa: E402
from peers.plain_vgg import PlainVGG  # noqa: E402
from peers.snn_torch import SnnTorchNeuron  # noqa: E402
from serving import main  # noqa: E402
from worker import Worker  # noqa: E402


class SnnTorchWorker(Worker):
    packages = ("torch", "snntorch")

    def build(self, design: Design, *, stem_once: bool) -> PlainVGG:
        return PlainVGG(design, lambda: SnnTorchNeuron(design.neuron), stem_once=stem_once)


if __name__ == "__main__":
    main(SnnTorchWorker)
