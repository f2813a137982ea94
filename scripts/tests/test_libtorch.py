"""LibTorch from the pinned wheels, whether it loads, and the toolset that names it."""
import json
import os
import types
from pathlib import Path
from unittest import mock

from support import ELF, SCRIPTS, Case, SmallWheels, make_wheel

from bootstrap_lib import files, libtorch, wheels


class Fetch(SmallWheels):
    def names(self):
        root = self.dest / "libtorch"
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())

    def test_lays_out_flat_what_is_needed(self):
        libtorch.set_up(self.dest, "")
        self.assertEqual(
            self.names(),
            ["VERSION", "include/ATen/core/Tensor.h", "lib/libc10.so", "lib/libcudart.so.13", "lib/libcupti.so.13",
             "lib/libgomp.so.1", "lib/libtorch_cpu.so"],
        )  # fmt: skip
        self.assertFalse((self.dest / ".staging").exists())

    def test_second_run_does_nothing_and_says_so(self):
        libtorch.set_up(self.dest, "")
        libtorch.set_up(self.dest, "")
        self.assertEqual(self.downloads, 1)
        self.assertIn("is there already", self.output.getvalue())

    def test_incomplete_or_other_version_is_fetched_again(self):
        libtorch.set_up(self.dest, "")
        (self.dest / "libtorch/lib/libgomp.so.1").unlink()
        libtorch.set_up(self.dest, "")
        (self.dest / "libtorch/VERSION").write_text("torch==2.10.0")
        libtorch.set_up(self.dest, "")
        self.assertEqual(self.downloads, 3)

    def test_interrupted_unpack_leaves_the_old_one(self):
        libtorch.set_up(self.dest, "")
        (self.dest / "libtorch/VERSION").write_text("torch==2.10.0")
        self.content = b"second"
        for moment in ("unpack", "strip", "check_loads"):
            with mock.patch.object(libtorch, moment, side_effect=KeyboardInterrupt):
                with self.assertRaises(KeyboardInterrupt):
                    libtorch.set_up(self.dest, "")
            self.assertEqual((self.dest / "libtorch/lib/libc10.so").read_bytes(), b"first")
            self.assertEqual((self.dest / "libtorch/VERSION").read_text(), "torch==2.10.0")
            self.assertFalse((self.dest / ".staging").exists())
        libtorch.set_up(self.dest, "")
        self.assertEqual((self.dest / "libtorch/lib/libc10.so").read_bytes(), b"second")

    def test_interrupted_exchange_leaves_the_old_one(self):
        libtorch.set_up(self.dest, "")
        (self.dest / "libtorch/VERSION").write_text("torch==2.10.0")
        rename = os.rename

        def interrupted(source, target):
            if Path(source).name == "new":
                raise KeyboardInterrupt
            rename(source, target)

        with mock.patch.object(os, "rename", interrupted), self.assertRaises(KeyboardInterrupt):
            libtorch.set_up(self.dest, "")
        self.assertEqual((self.dest / "libtorch/VERSION").read_text(), "torch==2.10.0")

    def test_what_a_killed_run_left_is_swept(self):
        (self.dest / ".staging/new/lib").mkdir(parents=True)
        (self.dest / ".staging/new/lib/stale.so").write_text("half")
        libtorch.set_up(self.dest, "")
        self.assertNotIn("lib/stale.so", self.names())

    def test_disk_full(self):
        usage = types.SimpleNamespace(free=1.2e9)
        with mock.patch.object(files.shutil, "disk_usage", lambda folder: usage):
            message = self.problem(libtorch.set_up, self.dest, "")
        self.assertIn(f"needs 2.5 GB free in {self.dest}; there is 1.2 GB", message)
        self.assertEqual(self.downloads, 0)

    def test_wheels_without_a_library(self):
        with mock.patch.object(libtorch, "LIBRARIES", libtorch.LIBRARIES + ("torch/lib/libnew.so",)):
            with mock.patch.object(wheels, "download", lambda pins, work: [make_wheel(work / "w", "x.whl", {"a": ""})]):
                self.assertIn("libnew.so", self.problem(libtorch.set_up, self.dest, ""))

    def test_damaged_wheel(self):
        def download(pins, work):
            (work / "torch.whl").write_bytes(b"not a zip")
            return [work / "torch.whl"]

        with mock.patch.object(wheels, "download", download):
            self.assertIn("a wheel is damaged", self.problem(libtorch.set_up, self.dest, ""))


class Loading(Case):
    def test_a_library_that_does_not_load(self):
        (self.dest / "libtorch_cpu.so").write_bytes(ELF)
        self.assertIn("does not load", self.problem(libtorch.check_loads, self.dest))


class Toolset(Case):
    def test_is_complete_and_stable(self):
        libtorch.write_toolset(self.dest)
        path = self.dest / "toolset.json"
        toolset = json.loads(path.read_text())
        self.assertEqual(toolset["schemaVersion"], "1.0")
        options = toolset["cxxCompiler"]["extraCLIOptions"]
        self.assertIn(f"{self.dest}/libtorch/include", options)
        self.assertIn("-fclang-abi-compat=17", options)
        self.assertIn("-O2", options)
        self.assertEqual(toolset["linker"]["extraCLIOptions"][1:], ["-rpath", f"{self.dest}/libtorch/lib"])
        before = path.stat().st_mtime_ns
        libtorch.write_toolset(self.dest)
        self.assertEqual(path.stat().st_mtime_ns, before)

    def test_says_what_the_manifest_says(self):
        """The flags stand twice: Package.swift for our own checkout, the toolset for others."""
        manifest = (SCRIPTS.parent / "Package.swift").read_text(encoding="utf-8")
        for option in libtorch.toolset(self.dest)["cxxCompiler"]["extraCLIOptions"]:
            if option.startswith("-"):
                self.assertIn(f'"{option}"', manifest)
