"""Tests of scripts/bootstrap: no network, no apt, nothing outside temporary folders.

Run: python3 -m unittest discover scripts/tests
"""
import contextlib
import hashlib
import http.server
import io
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import types
import unittest
import zipfile
from pathlib import Path
from unittest import mock

SCRIPTS = Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(SCRIPTS))

from bootstrap_lib import cli, fashion, files, host, libtorch, system, vega, wheels  # noqa: E402
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


class Platform(Case):
    def test_this_kind_is_supported(self):
        self.replace(host.platform, "system", lambda: "Linux")
        self.replace(host.platform, "machine", lambda: "x86_64")
        self.replace(host, "glibc_version", lambda: (2, 36))
        self.assertEqual(host.check_platform(), "Linux on x86_64")

    def test_others_are_named(self):
        for name, machine in (("Darwin", "arm64"), ("Linux", "aarch64"), ("Windows", "AMD64")):
            self.replace(host.platform, "system", lambda: name)
            self.replace(host.platform, "machine", lambda: machine)
            self.assertIn(f"unsupported platform: {name} on {machine}", self.problem(host.check_platform))

    def test_c_library(self):
        self.replace(host.platform, "system", lambda: "Linux")
        self.replace(host.platform, "machine", lambda: "x86_64")
        self.replace(host, "glibc_version", lambda: (2, 27))
        self.assertIn("needs glibc 2.28 or newer; this system has glibc 2.27", self.problem(host.check_platform))
        self.replace(host, "glibc_version", lambda: None)
        self.assertIn("another C library", self.problem(host.check_platform))


class Swift(Case):
    def test_versions(self):
        for text, version in (
            ("Swift version 6.3.1 (swift-6.3.1-RELEASE)\nTarget: x86_64-unknown-linux-gnu", (6, 3, 1)),
            ("swift-driver version: 1.115 Apple Swift version 6.0.3 (swiftlang-6.0.3.1.10)", (6, 0, 3)),
            ("Swift version 6.4-dev (LLVM 1234, Swift 5678)", (6, 4)),
            ("Swift version 10.0 (x)", (10, 0)),
            ("OpenStack client 3.2", None),
        ):
            self.assertEqual(host.parse_swift_version(text), version)

    def test_new_enough(self):
        for version in ("6.3", "6.3.1", "6.10", "7.0.1"):
            self.command("swift", f"echo 'Swift version {version} (x)'")
            self.assertEqual(host.version_text(host.check_swift()), version)

    def test_too_old(self):
        self.command("swift", "echo 'Swift version 6.2.4 (swift-6.2.4-RELEASE)'")
        message = self.problem(host.check_swift)
        self.assertIn("is Swift 6.2.4; Swift 6.3 or newer is needed", message)
        self.assertIn("swift.org/install", message)

    def test_missing(self):
        self.replace(host.shutil, "which", lambda name: None)
        self.assertIn("no Swift on PATH", self.problem(host.check_swift))

    def test_broken(self):
        self.command("swift", "echo 'libncurses.so.6: cannot open' >&2; exit 127")
        message = self.problem(host.check_swift)
        self.assertIn("tells no version", message)
        self.assertIn("libncurses", message)


class SystemPackages(Case):
    def test_probe_names_what_is_missing(self):
        clang = self.command("clang++", 'test "$1" = -v && echo "Selected GCC installation: /usr/lib/gcc/x/12 " >&2; exit 1')
        self.replace(host, "swift_clang", lambda: str(clang))
        self.replace(host, "has_pip", lambda: True)
        self.assertEqual(host.missing_packages()[0], ["libstdc++-12-dev", "zlib1g-dev"])

    def test_probe_finds_zlib_alone(self):
        clang = self.command("clang++", "! grep -q zlib")
        self.replace(host, "swift_clang", lambda: str(clang))
        self.replace(host, "has_pip", lambda: True)
        self.assertEqual(host.missing_packages()[0], ["zlib1g-dev"])

    def test_command_is_printed_when_we_may_not_install(self):
        missing = lambda: (["zlib1g-dev", "g++"], "zlib.h not found")  # noqa: E731
        self.replace(system, "root_prefix", lambda: None)
        self.replace(system.shutil, "which", lambda name: f"/usr/bin/{name}")
        for allowed in (True, False):
            message = self.problem(system.require, missing, allowed)
            self.assertIn("run: sudo apt-get update && sudo apt-get install -y zlib1g-dev g++", message)
            self.assertIn("zlib.h not found", message)

    def test_other_package_managers(self):
        self.replace(system.shutil, "which", lambda name: None)
        message = self.problem(system.require, lambda: (["zlib1g-dev"], ""), True)
        self.assertIn("what Debian calls zlib1g-dev", message)

    def test_apt_fails(self):
        self.replace(system, "can_install", lambda: True)
        self.replace(system, "install", lambda packages: "E: Unable to locate package")
        message = self.problem(system.require, lambda: (["zlib1g-dev"], ""), True)
        self.assertIn("apt-get could not install zlib1g-dev", message)
        self.assertIn("Unable to locate", message)

    def test_installs_once_and_checks_again(self):
        answers = [(["zlib1g-dev"], ""), ([], "")]
        self.replace(system, "can_install", lambda: True)
        self.replace(system, "install", lambda packages: None)
        self.assertEqual(system.require(lambda: answers.pop(0), True), ["zlib1g-dev"])
        self.assertEqual(answers, [])


    def test_interrupt_waits_for_the_package_manager(self):
        finished = self.dest / "finished"
        timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with self.assertRaises(KeyboardInterrupt):
            system.to_the_end(["sh", "-c", f"sleep 1; touch {finished}"])
        self.assertTrue(finished.exists())

    def test_exit_code_and_output(self):
        self.assertEqual(system.to_the_end(["sh", "-c", "echo out; echo err >&2; exit 3"]), (3, "out\nerr\n"))


class Pip(Case):
    def test_no_pip(self):
        self.replace(host, "has_pip", lambda: False)
        self.replace(sys, "executable", "/usr/bin/python3")
        self.assertIn("sudo apt-get install -y python3-pip", self.problem(wheels.check_pip))
        self.replace(sys, "executable", "/opt/python/bin/python3")
        self.assertIn("/opt/python/bin/python3 -m ensurepip", self.problem(wheels.check_pip))

    def test_causes(self):
        for output, cause in (
            ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "SHA-256 is not the pinned one"),
            (
                "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)'\n"
                "ERROR: No matching distribution found for torch==2.11.0",
                "cannot reach the Python package index",
            ),
            ("ERROR: Could not install: [Errno 28] No space left on device", "the disk is full"),
            ("ERROR: No matching distribution found for torch==2.11.0", "no such wheel"),
            ("Traceback: something new", "pip failed"),
        ):
            message = str(wheels.diagnose(output))
            self.assertIn(cause, message)
            self.assertIn(output.splitlines()[-1], message)

    def test_pip_really_refuses_a_wrong_hash(self):
        """pip itself, offline, on a wheel of ours: the pin decides, not the name."""
        shelf = self.dest.parent / "shelf"
        shelf.mkdir()
        wheel = shelf / "nothing-1.0-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("nothing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: nothing\nVersion: 1.0\n")
            archive.writestr("nothing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr("nothing-1.0.dist-info/RECORD", "")
        self.environment(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(shelf), PIP_CONFIG_FILE=os.devnull)
        for digest, right in ((files.sha256(wheel), True), ("0" * 64, False)):
            work = self.dest / str(right)
            work.mkdir()
            pins = [wheels.Pin("nothing==1.0", digest, 1)]
            if right:
                self.assertEqual([path.name for path in wheels.download(pins, work)], [wheel.name])
            else:
                self.assertIn("SHA-256 is not the pinned one", self.problem(wheels.download, pins, work))


def make_wheel(folder, name, members):
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / name, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return folder / name


class SmallWheels(Case):
    """Small wheels in place of pip's."""

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


class External(SmallWheels):
    """LIBTORCH=..."""

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


class Vega(Case):
    def setUp(self):
        super().setUp()
        self.downloads = 0
        self.replace(wheels, "download", self.download)
        self.script = 'window.vegaEmbed = "≥";'

    def download(self, pins, work):
        self.downloads += 1
        module = f"def javascript_bundle(snippet, vl_version):\n    return {self.script!r}\n"
        return [make_wheel(work / "wheels", "vl.whl", {"vl_convert/__init__.py": module})]

    def pin(self):
        self.replace(vega, "BUNDLE_SHA256", hashlib.sha256(self.script.encode()).hexdigest())

    def test_writes_one_script(self):
        self.pin()
        vega.set_up(self.dest)
        text = (self.dest / "vega/vega.js").read_text(encoding="utf-8")
        self.assertTrue(text.startswith("/* Vega 6.2.0, Vega-Lite 6.4, Vega-Embed 7.0.2"))
        self.assertIn(self.script, text)
        self.assertIn("Vega-Lite 6.4", (self.dest / "vega/VERSION").read_text())
        vega.set_up(self.dest)
        self.assertEqual(self.downloads, 1)

    def test_wrong_bundle(self):
        self.assertIn("bundle's SHA-256 is", self.problem(vega.set_up, self.dest))
        self.assertFalse((self.dest / "vega").exists())

    def test_never_ends_its_element(self):
        for text in ('"</script>"', '"</SCRIPT "', "'<!-- '", "'<Script'"):
            self.assertIn("cannot be inlined", self.problem(vega.wrap, text))

    def test_bundler_does_not_run(self):
        with mock.patch.object(
            wheels, "download", lambda pins, work: [make_wheel(work / "w", "vl.whl", {"vl_convert.py": "raise ImportError('abi3')"})]
        ):
            self.assertIn("abi3", self.problem(vega.set_up, self.dest))


class Server(http.server.BaseHTTPRequestHandler):
    """Serves `answers`: path to (announced length, body)."""

    answers = {}
    asked = []

    def do_GET(self):
        self.asked.append(self.path)
        length, body = self.answers.get(self.path, (None, None))
        if body is None:
            return self.send_error(404)
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        with contextlib.suppress(OSError):  # the client may hang up on too much
            self.wfile.write(body)

    def log_message(self, *_):
        pass


class Data(Case):
    def setUp(self):
        super().setUp()
        self.bodies = {"a.gz": b"A" * 200_000, "b.gz": b"B" * 70}
        self.files = [fashion.File(name, len(body), hashlib.sha256(body).hexdigest()) for name, body in self.bodies.items()]
        self.replace(fashion, "FILES", self.files)
        self.replace(fashion, "SYSTEM_FOLDER", self.dest / "nowhere")
        self.replace(fashion.time, "sleep", lambda seconds: None)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        Server.answers = {"/" + name: (len(body), body) for name, body in self.bodies.items()}
        Server.asked = []
        self.environment(
            SPIKEGUARD_FASHION_MNIST_URL=f"http://127.0.0.1:{self.server.server_address[1]}/", no_proxy="127.0.0.1"
        )
        self.folder = self.dest / "data/fashion-mnist"

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())

    def test_downloads_once(self):
        self.assertIsNone(fashion.set_up(self.dest, False))
        self.assertEqual(self.names(), ["a.gz", "b.gz"])
        self.assertEqual((self.folder / "a.gz").read_bytes(), self.bodies["a.gz"])
        self.assertIsNone(fashion.set_up(self.dest, False))
        self.assertEqual(Server.asked, ["/a.gz", "/b.gz"])

    def test_from_a_folder(self):
        shelf = self.dest.parent / "shelf"
        shelf.mkdir()
        for name, body in self.bodies.items():
            (shelf / name).write_bytes(body)
        self.environment(SPIKEGUARD_FASHION_MNIST_URL=shelf.as_uri())
        self.assertIsNone(fashion.set_up(self.dest, False))

    def bad(self, name, answer, cause):
        Server.answers["/" + name] = answer
        warning = fashion.set_up(self.dest, False)
        self.assertIn(cause, warning)
        self.assertIn("remedy: ", warning)
        self.assertIn("SPIKEGUARD_FASHION_MNIST_URL", warning)
        self.assertNotIn(name, self.names())
        self.assertFalse(any(path.endswith(".part") for path in self.names()))
        self.assertEqual(Server.asked.count("/" + name), fashion.ATTEMPTS)

    def test_wrong_content(self):
        self.bad("a.gz", (200_000, b"x" * 200_000), "has the wrong content")

    def test_cut_off(self):
        self.bad("a.gz", (200_000, b"A" * 1000), "1,000 of 200,000 bytes")

    def test_too_long(self):
        self.bad("a.gz", (10**8, b"A" * 400_000), "is longer than it should be")

    def test_not_there(self):
        self.bad("a.gz", (None, None), "404")

    def test_goes_on_where_it_stopped(self):
        self.bad("b.gz", (70, b"B" * 10), "was cut off")
        self.assertEqual(self.names(), ["a.gz"])
        Server.answers["/b.gz"] = (70, self.bodies["b.gz"])
        self.assertIsNone(fashion.set_up(self.dest, False))
        self.assertEqual(Server.asked.count("/a.gz"), 1)

    def test_nobody_answers(self):
        self.server.shutdown()
        self.server.server_close()
        self.assertIn("Connection refused", fashion.set_up(self.dest, False))

    def test_interrupted(self):
        with mock.patch.object(fashion, "receive", side_effect=KeyboardInterrupt), self.assertRaises(KeyboardInterrupt):
            fashion.set_up(self.dest, False)
        self.assertEqual(self.names(), [])

    def test_disk_full_is_no_network_error(self):
        full = OSError(28, "No space left on device")
        with mock.patch.object(fashion.hashlib, "sha256", side_effect=full), self.assertRaises(OSError):
            fashion.set_up(self.dest, False)

    def test_package_first(self):
        installed = []
        self.replace(system, "can_install", lambda: True)
        self.replace(system, "install", lambda packages: installed.extend(packages) or "E: Unable to locate package")
        self.assertIsNone(fashion.set_up(self.dest, True))
        self.assertEqual(installed, ["dataset-fashion-mnist"])
        self.assertIn("downloading the official files", self.output.getvalue())

    def test_the_systems_own(self):
        for file in self.files:
            (self.dest / "nowhere").mkdir(exist_ok=True)
            (self.dest / "nowhere" / file.name).write_bytes(b"")
        self.assertIsNone(fashion.set_up(self.dest, True))
        self.assertEqual(Server.asked, [])


class Command(Case):
    """The whole program."""

    def run_with(self, *failures, arguments=("--no-data", "--no-vega")):
        steps = {
            (host, "check_platform"): lambda: "Linux on x86_64",
            (host, "check_swift"): lambda: (6, 3),
            (system, "require"): lambda missing, allowed: [],
            (libtorch, "set_up"): lambda dest, external: None,
        }
        for where, name, failure in failures:
            steps[(where, name)] = mock.Mock(side_effect=failure)
        with contextlib.ExitStack() as stack:
            for (where, name), stand_in in steps.items():
                stack.enter_context(mock.patch.object(where, name, stand_in))
            stack.enter_context(mock.patch.object(cli.signal, "signal"))
            return cli.main(["--dest", str(self.dest), *arguments])

    def test_all_well(self):
        self.assertEqual(self.run_with(), 0)
        self.assertRegex(self.output.getvalue(), r"Ready in \d+\.\d s\.")

    def test_problem(self):
        self.assertEqual(self.run_with((host, "check_swift", Problem("no Swift", "install it"))), 1)
        self.assertEqual(self.errors.getvalue(), "error: no Swift\nremedy: install it\n")

    def test_disk_full_at_any_moment(self):
        self.assertEqual(self.run_with((libtorch, "set_up", OSError(28, "No space left on device"))), 1)
        self.assertIn("the disk is full", self.errors.getvalue())

    def test_interrupted(self):
        self.assertEqual(self.run_with((libtorch, "set_up", KeyboardInterrupt)), 130)
        self.assertIn("run it again", self.errors.getvalue())

    def test_missing_data_is_a_warning(self):
        stack = mock.patch.object(fashion, "set_up", lambda dest, allowed: "warning: Fashion-MNIST is missing")
        with stack:
            self.assertEqual(self.run_with(arguments=("--no-vega",)), 0)
        self.assertIn("Fashion-MNIST is missing", self.errors.getvalue())

    def test_unwritable_destination(self):
        with mock.patch.object(Path, "mkdir", side_effect=PermissionError):
            self.assertEqual(self.run_with(), 1)
        self.assertIn("cannot write to", self.errors.getvalue())

    def test_a_second_one_waits(self):
        with files.exclusive(self.dest):
            code = (
                "import sys; sys.path.insert(0, sys.argv[1])\n"
                "from pathlib import Path; from bootstrap_lib import files\n"
                "with files.exclusive(Path(sys.argv[2])): print('mine', flush=True)"
            )
            other = subprocess.Popen([sys.executable, "-B", "-c", code, str(SCRIPTS), str(self.dest)], stdout=subprocess.PIPE, text=True)
            self.assertIn("waiting", other.stdout.readline())
            self.assertIsNone(other.poll())
        self.assertEqual(other.communicate(timeout=30)[0], "mine\n")

    def test_help(self):
        result = subprocess.run([sys.executable, str(SCRIPTS / "bootstrap"), "--help"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0)
        for word in ("--dest", "--no-system", "--no-data", "--no-vega", "LIBTORCH=", "SPIKEGUARD_FASHION_MNIST_URL"):
            self.assertIn(word, result.stdout)

    def test_is_executable(self):
        self.assertTrue((SCRIPTS / "bootstrap").stat().st_mode & stat.S_IXUSR)

    def test_stopped_by_a_signal_leaves_nothing(self):
        """The real program, its downloads hanging in a stand-in for pip, which must end with it."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            code = (
                "import sys, os; sys.path.insert(0, sys.argv[1])\n"
                "import bootstrap_lib.cli as cli, bootstrap_lib.wheels as wheels\n"
                "cli.host.check_platform = lambda: 'x'; cli.host.check_swift = lambda: (6, 3)\n"
                "cli.system.require = lambda *a: []; cli.files.require_space = lambda *a: None\n"
                "wheels.sys = type('S', (), {'executable': sys.argv[3]}); wheels.check_pip = lambda: None\n"
                "sys.exit(cli.main(['--dest', sys.argv[2], '--no-vega', '--no-data']))"
            )
            hanging = self.command("python-that-hangs", f"echo $$ > {self.dest}/pid.part; mv {self.dest}/pid.part {self.dest}/pid; exec sleep 60")
            environment = {key: value for key, value in os.environ.items() if key != "LIBTORCH"}
            process = subprocess.Popen(
                [sys.executable, "-B", "-c", code, str(SCRIPTS), str(self.dest), str(hanging)],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment,
            )  # fmt: skip
            deadline = time.monotonic() + 30
            while not (self.dest / "pid").exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            child = int((self.dest / "pid").read_text())
            process.send_signal(number)
            self.assertIn("interrupted", process.communicate(timeout=30)[1])
            self.assertEqual(process.returncode, 130)
            self.assertFalse((self.dest / ".staging").exists())
            with self.assertRaises(ProcessLookupError):
                os.kill(child, 0)
            (self.dest / "pid").unlink()


if __name__ == "__main__":
    unittest.main()
