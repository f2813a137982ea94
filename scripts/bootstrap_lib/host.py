"""Checks of the machine: platform, Swift, the C++ library it compiles against."""
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from .report import Problem

OLDEST_SWIFT = (6, 3)
OLDEST_GLIBC = (2, 28)  # what the LibTorch wheel was built against (manylinux_2_28)

EVERYTHING = """\
#include <openssl/evp.h>
#include <string>
#include <zlib.h>
int main() { return std::string(zlibVersion()).empty() || EVP_sha256() == nullptr; }
"""
CXX = "#include <string>\nint main(int n, char **v) { return std::string(v[0]).empty(); }\n"
# What only needs a header and a library to link with.
LIBRARIES = [
    ("zlib1g-dev", "#include <zlib.h>\nint main() { return zlibVersion() == nullptr; }\n", "-lz"),
    ("libssl-dev", "#include <openssl/evp.h>\nint main() { return EVP_sha256() == nullptr; }\n", "-lcrypto"),
]


def version_text(version):
    return ".".join(map(str, version))


def check_platform():
    found = f"{platform.system()} on {platform.machine()}"
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise Problem(
            f"unsupported platform: {found}; Spikeguard builds on Linux on x86_64",
            "use a Linux x86-64 machine, virtual machine or container",
        )
    glibc = glibc_version()
    if glibc is None or glibc < OLDEST_GLIBC:
        had = "another C library" if glibc is None else f"glibc {version_text(glibc)}"
        raise Problem(
            f"unsupported platform: LibTorch needs glibc {version_text(OLDEST_GLIBC)} or newer; this system has {had}",
            "use Debian 12, Ubuntu 22.04 or newer",
        )
    return found


def glibc_version():
    try:
        text = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (ValueError, OSError):  # musl knows no such name
        return None
    match = re.match(r"glibc (\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else None


def parse_swift_version(text):
    match = re.search(r"Swift version (\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part) for part in match.groups() if part) if match else None


def check_swift():
    needed = f"Swift {version_text(OLDEST_SWIFT)} or newer"
    remedy = f"install {needed} (https://www.swift.org/install/linux) and put its usr/bin on PATH"
    swift = shutil.which("swift")
    if swift is None:
        raise Problem(f"no Swift on PATH; {needed} is needed", remedy)
    try:
        result = subprocess.run([swift, "--version"], capture_output=True, text=True, timeout=120)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Problem(f"{swift} does not run: {error}", remedy) from None
    version = parse_swift_version(result.stdout + result.stderr)
    if result.returncode != 0 or version is None:
        raise Problem(f"{swift} --version tells no version", remedy, result.stdout + result.stderr)
    if version < OLDEST_SWIFT:
        raise Problem(f"{swift} is Swift {version_text(version)}; {needed} is needed", remedy)
    return version


def swift_clang():
    """The C++ compiler that SwiftPM uses: the one beside `swift`, also behind a symlink."""
    swift = shutil.which("swift") or ""
    for folder in (Path(swift).resolve().parent, Path(swift).parent):
        if (folder / "clang++").exists():
            return str(folder / "clang++")
    return shutil.which("clang++")


def compiles(clang, source, *flags):
    command = [clang, "-x", "c++", "-", "-o", os.devnull, *flags]
    result = subprocess.run(command, input=source, capture_output=True, text=True)
    return result.returncode == 0, result.stderr


def missing_packages():
    """Debian packages without which nothing compiles or, for the system's own Python, no pip runs.

    Also returns the compiler's words, for systems where the names do not help.
    """
    clang = swift_clang()
    if clang is None:
        raise Problem("the Swift toolchain has no clang++", "reinstall Swift from https://www.swift.org/install/linux")
    packages = []
    complete, complaint = compiles(clang, EVERYTHING, *(flag for _, _, flag in LIBRARIES))
    if not complete:
        if not compiles(clang, CXX)[0]:
            packages.append(standard_library_package(clang))
        # Without the C++ library nothing links, so that only the headers can be looked for.
        flags = (lambda flag: ["-E"]) if packages else (lambda flag: [flag])
        absent = [name for name, source, flag in LIBRARIES if not compiles(clang, source, *flags(flag))[0]]
        packages += absent if absent or packages else [name for name, _, _ in LIBRARIES]
    if not has_pip() and sys.executable == "/usr/bin/python3":
        packages.append("python3-pip")
    return packages, complaint


def standard_library_package(clang):
    """Clang takes the newest GCC folder, for which the C++ headers may be missing (Ubuntu 22.04: gcc-12)."""
    result = subprocess.run([clang, "-v"], capture_output=True, text=True)
    match = re.search(r"Selected GCC installation: .*/(\d+)[\d.]*\s", result.stderr)
    return f"libstdc++-{match[1]}-dev" if match else "g++"


def has_pip():
    import importlib.util

    return importlib.util.find_spec("pip") is not None
