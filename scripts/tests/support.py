"""What the tests of scripts/bootstrap share: no network, no apt, nothing outside temporary folders.

Run: python3 -m unittest discover scripts/tests
Tests import this before bootstrap_lib, which it puts within reach.
"""
import contextlib
import io
import os
import signal
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path
from unittest import mock

# A shell's background job ignores it, and its children would too.
signal.signal(signal.SIGINT, signal.default_int_handler)

SCRIPTS = Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(SCRIPTS))

from bootstrap_lib import libtorch, wheels  # noqa: E402
from bootstrap_lib.report import Problem  # noqa: E402

ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00" + b"\x3e\x00"


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dest = Path(folder.name) / "deps"
        self.dest.mkdir()
        self.output = io.StringIO()
        self.errors = io.StringIO()
        streams = contextlib.ExitStack()
        streams.enter_context(contextlib.redirect_stdout(self.output))
        streams.enter_context(contextlib.redirect_stderr(self.errors))
        self.addCleanup(streams.close)

    def replace(self, target, name, value):
        patch = mock.patch.object(target, name, value)
        patch.start()
        self.addCleanup(patch.stop)

    def environment(self, **values):
        patch = mock.patch.dict(os.environ, values)
        patch.start()
        self.addCleanup(patch.stop)

    def problem(self, function, *arguments):
        with self.assertRaises(Problem) as raised:
            function(*arguments)
        self.assertTrue(raised.exception.remedy)
        return str(raised.exception)

    def command(self, name, script):
        """A program of this name, alone on PATH but for the system's."""
        folder = self.dest.parent / "bin"
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_text("#!/bin/sh\n" + script + "\n")
        path.chmod(0o755)
        self.environment(PATH=f"{folder}:/usr/bin:/bin")
        return path


def make_wheel(folder, name, members):
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / name, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return folder / name


class SmallWheels(Case):
    """Small LibTorch wheels in place of pip's."""

    def setUp(self):
        super().setUp()
        self.downloads = 0
        self.replace(wheels, "download", self.download)
        self.replace(libtorch, "strip", lambda folder: None)
        self.replace(libtorch, "check_loads", lambda folder: None)
        self.content = b"first"

    def download(self, pins, work):
        self.downloads += 1
        members = {name: self.content for name in libtorch.LIBRARIES}
        members.update({
            "torch/include/ATen/core/Tensor.h": "#pragma once",
            "torch/include/pybind11/pybind11.h": "unused",
            "torch/lib/libtorch_cuda.so": "gigabytes",
            "torch/__init__.py": "",
        })  # fmt: skip
        return [make_wheel(work / "wheels", "torch.whl", members)]
