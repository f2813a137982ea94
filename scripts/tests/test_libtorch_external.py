"""LibTorch from a PyTorch of the person's own: LIBTORCH=..."""
import os
import shutil

from support import ELF, SmallWheels

from bootstrap_lib import libtorch


class External(SmallWheels):
    def torch(self, name="torch", version="2.11.0+cu130"):
        root = self.dest.parent / name
        (root / "lib").mkdir(parents=True)
        (root / "include/ATen/core").mkdir(parents=True)
        (root / "include/ATen/core/Tensor.h").write_text("")
        (root / "version.py").write_text(f"from typing import Optional\n__version__ = '{version}'\ncuda = '13.0'\n")
        for library in ("libtorch_cpu.so", "libc10.so"):
            (root / "lib" / library).write_bytes(ELF + b"_ZNSt7__cxx1112basic_stringE")
        return root

    def test_links(self):
        root = self.torch()
        libtorch.set_up(self.dest, str(root))
        for name in ("include", "lib"):
            self.assertEqual(os.readlink(self.dest / "libtorch" / name), str(root / name))
        self.assertEqual((self.dest / "libtorch/VERSION").read_text(), f"LIBTORCH={root}\nversion 2.11.0+cu130\n")
        libtorch.set_up(self.dest, str(root))
        self.assertIn("is linked already", self.output.getvalue())

    def test_back_and_forth(self):
        one, two = self.torch("one"), self.torch("two", "2.11.1")
        libtorch.set_up(self.dest, "")
        libtorch.set_up(self.dest, str(one))
        libtorch.set_up(self.dest, str(two))
        self.assertIn("version 2.11.1", (self.dest / "libtorch/VERSION").read_text())
        libtorch.set_up(self.dest, "")
        self.assertFalse((self.dest / "libtorch/lib").is_symlink())
        self.assertEqual(self.downloads, 1)  # the wheels' files were kept
        self.assertTrue((one / "lib/libc10.so").exists() and (two / "lib/libc10.so").exists())

    def test_wrong_folders(self):
        for number, (damage, found) in enumerate((
            (lambda root: (root / "version.py").write_text("__version__ = '2.10.0'"), "found version 2.10.0"),
            (lambda root: (root / "version.py").write_text("__version__ = '2.110.0'"), "found version 2.110.0"),
            (lambda root: (root / "version.py").unlink(), "found no version"),
            (lambda root: (root / "lib/libc10.so").write_bytes(ELF + b"_ZN3c105ErrorC1ESs"), "the old C++ ABI"),
            (lambda root: (root / "lib/libc10.so").write_bytes(ELF[:18] + b"\xb7\x00"), "no x86-64 library"),
            (lambda root: shutil.rmtree(root / "include"), "found no include/ATen/core/Tensor.h"),
            (lambda root: (root / "lib/libtorch_cpu.so").unlink(), "found no lib/libtorch_cpu.so"),
            (lambda root: shutil.rmtree(root), "found no such folder"),
        )):  # fmt: skip
            root = self.torch(f"torch{number}")
            damage(root)
            message = self.problem(libtorch.set_up, self.dest, str(root))
            self.assertIn(found, message)
            self.assertIn("expected a PyTorch 2.11.x", message)
            self.assertFalse((self.dest / "libtorch").exists())

    def test_folder_above(self):
        root = self.torch()
        self.assertIn(f"remedy: LIBTORCH={root}", self.problem(libtorch.set_up, self.dest, str(root.parent)))

    def test_versions_in_other_places(self):
        root = self.torch()
        (root / "version.py").unlink()
        header = root / "include/torch/headeronly/version.h"
        header.parent.mkdir(parents=True)
        header.write_text("#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 11\n#define TORCH_VERSION_PATCH 3\n")
        self.assertEqual(libtorch.inspect(root), "2.11.3")
        (root / "build-version").write_text("2.11.0+cpu\n")
        self.assertEqual(libtorch.inspect(root), "2.11.0+cpu")
