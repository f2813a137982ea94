"""Safetensors files whose bytes depend on their content only."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

_NAMES = {torch.float32: "F32", torch.float64: "F64", torch.int64: "I64"}


def read(path: Path) -> dict[str, Tensor]:
    """Copies: what the safetensors package returns is a view of the file, and changes if the file does."""
    return {name: tensor.clone() for name, tensor in load_file(path).items()}


def write(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> None:
    """Writes `tensors` ordered by alignment, then name. The safetensors package orders metadata by chance, so that
    regenerating a committed file would change it."""
    header: dict[str, Any] = {}
    if metadata:
        header["__metadata__"] = dict(sorted(metadata.items()))
    chunks: list[bytes] = []
    end = 0
    for name in sorted(tensors, key=lambda name: (-tensors[name].element_size(), name)):
        tensor = tensors[name].detach().contiguous()
        chunks.append(tensor.numpy().tobytes())
        begin, end = end, end + len(chunks[-1])
        header[name] = {"dtype": _NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(chunks))


def versions(*packages: str) -> dict[str, str]:
    packages = packages or ("torch", "spikingjelly", "torchattacks")
    found = {package: importlib.metadata.version(package).split("+")[0] for package in packages}
    return {"python": ".".join(platform.python_version_tuple()[:2]), **found}


def metadata(generator: str, seed: int, options: Mapping[str, Any], **more: Mapping[str, Any]) -> dict[str, str]:
    """The `__metadata__` of a fixture; every value is JSON."""
    entries = {"generator": generator, "versions": versions(), "seed": seed, "options": options, **more}
    return {name: json.dumps(entry) for name, entry in entries.items()}
