"""LibTorch in DEST/libtorch/{include,lib}: unpacked from the pinned wheels, or links to a PyTorch."""
import errno
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from . import files, wheels
from .report import Problem, progress, step
from .wheels import Pin

VERSION = "2.11"
GIGABYTES = 2.5  # at the peak: two copies of the wheels, and what is unpacked

PINS = [
    Pin("torch==2.11.0", "7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a", 531),
    Pin("nvidia-cuda-runtime==13.0.96", "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548", 2),
    Pin("nvidia-cuda-cupti==13.0.85", "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8", 11),
]

# What a program on the CPU loads. libtorch_cpu looks beside itself too, so a flat folder is enough.
LIBRARIES = (
    "torch/lib/libtorch_cpu.so",
    "torch/lib/libc10.so",
    "torch/lib/libgomp.so.1",
    "nvidia/cu13/lib/libcudart.so.13",
    "nvidia/cu13/lib/libcupti.so.13",
)
UNUSED_HEADERS = tuple(
    f"torch/include/{name}/"
    for name in ("pybind11", "google", "oneapi", "fbgemm", "kineto", "tensorpipe", "torch/csrc/inductor/cpp_wrapper")
)


def set_up(dest, external):
    """`external` is the value of LIBTORCH, or empty."""
    with step("LibTorch") as line:
        if external:
            line.text = link(dest, Path(external).expanduser().absolute())
        else:
            line.text = fetch(dest)


# --- from the wheels


def fetch(dest):
    target, parked = dest / "libtorch", dest / "libtorch.wheels"
    stamp = wheels.requirements(PINS)
    if is_complete(target, stamp):
        return f"{PINS[0].requirement} is there already"
    with files.staging(dest) as work:
        if is_complete(parked, stamp):  # LIBTORCH was in use, and the wheels are still unpacked
            files.replace_folder(parked, target, work / "old")
            return f"{PINS[0].requirement} again, as unpacked before"
        files.require_space(dest, GIGABYTES, "LibTorch")
        found = wheels.download(PINS, work)
        unpack(found, work / "new")
        strip(work / "new" / "lib")
        check_loads(work / "new" / "lib")
        (work / "new" / "VERSION").write_text(stamp, encoding="utf-8")
        files.replace_folder(work / "new", target, work / "old")
    return f"{PINS[0].requirement} downloaded and unpacked"


def is_complete(folder, stamp):
    return files.read_or_empty(folder / "VERSION") == stamp and all(
        (folder / "lib" / Path(name).name).is_file() for name in LIBRARIES
    )


def place_of(member):
    """Where a file of a wheel goes below libtorch/, or None."""
    if member in LIBRARIES:
        return "lib/" + member.rsplit("/", 1)[1]
    if member.startswith("torch/include/") and not member.startswith(UNUSED_HEADERS):
        return member[len("torch/") :]
    return None


def unpack(found, folder):
    try:
        for wheel in found:
            progress(f"unpacking {wheel.name}")
            with zipfile.ZipFile(wheel) as archive:
                for entry in archive.infolist():
                    place = None if entry.is_dir() else place_of(entry.filename)
                    if place is None:
                        continue
                    target = folder / place
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(entry) as source, open(target, "wb") as sink:
                        shutil.copyfileobj(source, sink, 1 << 20)
    except zipfile.BadZipFile as error:
        raise Problem(f"a wheel is damaged: {error}", "run it again") from None
    missing = [name for name in LIBRARIES if not (folder / "lib" / Path(name).name).is_file()]
    if missing:
        raise Problem(f"the wheels lack {', '.join(missing)}", "the pins in scripts/bootstrap_lib/libtorch.py do not fit")


def strip(folder):
    """Saves about 90 MB; without `strip` nothing else changes."""
    if shutil.which("strip"):
        for library in folder.iterdir():
            subprocess.run(["strip", "--strip-unneeded", str(library)], capture_output=True)


def check_loads(folder):
    """Loads the engine in a process of its own: a library that is missing shows here, not in a test."""
    library = folder / "libtorch_cpu.so"
    code = "import ctypes, sys; ctypes.CDLL(sys.argv[1])"
    result = subprocess.run([sys.executable, "-c", code, str(library)], capture_output=True, text=True)
    if result.returncode != 0:
        raise Problem(
            f"{library} does not load",
            "install the library that the message names, or repair that PyTorch (python -m pip install --force-reinstall torch)",
            (result.stderr.strip().splitlines() or [f"exit {result.returncode}"])[-1],
        )


# --- from a PyTorch that is there

FIND_TORCH = "LIBTORCH=$(python3 -c 'import torch; print(torch.__path__[0])') names the one of that Python"


def link(dest, source):
    version = inspect(source)
    target, parked = dest / "libtorch", dest / "libtorch.wheels"
    stamp = f"LIBTORCH={source}\nversion {version}\n"
    if files.read_or_empty(target / "VERSION") == stamp and all(
        (target / name).is_symlink() and os.readlink(target / name) == str(source / name) for name in ("include", "lib")
    ):
        return f"{version} of {source} is linked already"
    check_loads(source / "lib")
    with files.staging(dest) as work:
        new = work / "new"
        new.mkdir()
        for name in ("include", "lib"):
            (new / name).symlink_to(source / name)
        (new / "VERSION").write_text(stamp, encoding="utf-8")
        keep = is_complete(target, wheels.requirements(PINS))  # so that going back needs no download
        files.replace_folder(new, target, parked if keep else work / "old")
    return f"{version} of {source} linked"


def inspect(source):
    """The version of the PyTorch at `source`; a Problem when we cannot build on it."""

    def wrong(found, remedy=FIND_TORCH):
        expected = f"expected a PyTorch {VERSION}.x with include/ and lib/, x86-64"
        return Problem(f"LIBTORCH={source} does not fit: {expected}; found {found}", remedy)

    if not source.is_dir():
        raise wrong("no such folder")
    if not (source / "lib").is_dir() and (source / "torch" / "lib").is_dir():
        raise wrong("the folder that holds it", f"LIBTORCH={source / 'torch'}")
    for name in ("lib/libtorch_cpu.so", "lib/libc10.so", "include/ATen/core/Tensor.h"):
        if not (source / name).is_file():
            raise wrong(f"no {name}")
    version = version_of(source)
    if version is None:
        raise wrong("no version")
    if not re.match(re.escape(VERSION) + r"\.\d", version):
        raise wrong(
            f"version {version}",
            f"install it in that environment: python -m pip install 'torch=={VERSION}.*'; or leave LIBTORCH unset",
        )
    for name in ("libtorch_cpu.so", "libc10.so"):
        if not is_x86_64(source / "lib" / name):
            raise wrong(f"a {name} that is no x86-64 library", "use the PyTorch of an x86-64 Linux")
    if b"__cxx11" not in (source / "lib" / "libc10.so").read_bytes():
        raise wrong("the old C++ ABI", "use a PyTorch built with _GLIBCXX_USE_CXX11_ABI=1, as the official wheels are")
    return version


def version_of(source):
    match = re.search(r"__version__\s*=\s*['\"]([^'\"]+)['\"]", files.read_or_empty(source / "version.py"))
    if match:
        return match[1]
    plain = files.read_or_empty(source / "build-version").strip()  # the zip of libtorch has this file
    if plain:
        return plain
    for header in ("torch/headeronly/version.h", "torch/csrc/api/include/torch/version.h"):
        text = files.read_or_empty(source / "include" / header)
        parts = [re.search(rf"#define TORCH_VERSION_{part} (\d+)", text) for part in ("MAJOR", "MINOR", "PATCH")]
        if all(parts):
            return ".".join(part[1] for part in parts)
    return None


def is_x86_64(library):
    """ELF, 64 bits, machine 62."""
    with open(library, "rb") as file:
        header = file.read(20)
    return header[:5] == b"\x7fELF\x02" and header[18:20] == b"\x3e\x00"


# --- for packages that depend on ours by version tag


def toolset(dest):
    """SE-0387: the flags that our manifest may not carry when it is fetched by version."""
    root = (dest / "libtorch").absolute()
    return {
        "schemaVersion": "1.0",
        "cxxCompiler": {
            "extraCLIOptions": [
                "-isystem", f"{root}/include",
                "-isystem", f"{root}/include/torch/csrc/api/include",
                "-O2",  # after SwiftPM's -O0: the kernels are fast in debug builds too
                "-ffp-contract=off",  # as in Package.swift
                "-fclang-abi-compat=17",  # LibTorch is built by GCC; newer Clang mangles SFINAE parameters otherwise
            ]
        },
        "linker": {"extraCLIOptions": [f"-L{root}/lib", "-rpath", f"{root}/lib"]},
    }  # fmt: skip


def write_toolset(dest):
    with step("Toolset") as line:
        path = dest / "toolset.json"
        changed = files.write_atomically(path, json.dumps(toolset(dest), indent=2) + "\n")
        line.text = f"{path} {'written' if changed else 'is there already'}"


def is_disk_full(error):
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
