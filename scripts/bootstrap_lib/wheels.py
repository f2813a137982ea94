"""Wheels by pip, pinned by version and SHA-256. Nothing is installed into Python."""
import os
import subprocess
import sys
import time
from collections import namedtuple

from . import host
from .report import Problem, progress
from .system import tail

Pin = namedtuple("Pin", "requirement sha256 megabytes")

# The tags are always these, whatever Python runs pip, so that one hash is right for each wheel.
# pip matches manylinux_2_N exactly, hence one --platform for each.
TAGS = ["--python-version", "3.11", "--implementation", "cp", "--abi", "cp311", "--abi", "abi3", "--abi", "none"]
for _platform in ("manylinux_2_28", "manylinux_2_25", "manylinux_2_17", "manylinux2014"):
    TAGS += ["--platform", f"{_platform}_x86_64"]


def requirements(pins):
    return "".join(f"{pin.requirement} --hash=sha256:{pin.sha256}\n" for pin in pins)


def check_pip():
    if not host.has_pip():
        if sys.executable.startswith("/usr/bin/"):
            fix = "run: sudo apt-get install -y python3-pip"
        else:
            fix = f"run: {sys.executable} -m ensurepip --upgrade"
        raise Problem(f"{sys.executable} has no pip", f"{fix}, or name another Python: make setup PYTHON=...")


def download(pins, work):
    """The wheels' paths, in `work`/wheels. pip checks the hashes."""
    check_pip()
    wheels, temporary = work / "wheels", work / "pip"
    temporary.mkdir(exist_ok=True)
    (work / "requirements.txt").write_text(requirements(pins), encoding="utf-8")
    command = [
        sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input", "--no-deps",
        "--no-cache-dir",  # it would keep half a gigabyte that is never asked for again
        "--progress-bar", "off", "--only-binary=:all:", *TAGS,
        "--require-hashes", "-r", str(work / "requirements.txt"), "-d", str(wheels),
    ]  # fmt: skip
    # pip downloads into TMPDIR: on our own disk there is room, and we can watch it grow.
    environment = {**os.environ, "TMPDIR": str(temporary), "PIP_REQUIRE_VIRTUALENV": "0", "LC_ALL": "C.UTF-8"}
    total = sum(pin.megabytes for pin in pins)
    with open(work / "pip.log", "w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        try:
            while process.poll() is None:
                progress(f"downloading {size_of(temporary) / 1e6:.0f} of {total:.0f} MB")
                time.sleep(0.1)
        finally:
            process.kill()
            process.wait()
        log.seek(0)
        output = log.read()
    if process.returncode != 0:
        raise diagnose(output)
    return sorted(wheels.glob("*.whl"))


def size_of(folder):
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(root, name)).st_size
            except OSError:  # pip has just moved it
                pass
    return total


NETWORK = (
    "NewConnectionError", "NameResolutionError", "ConnectionError", "Connection broken", "ConnectTimeout", "ReadTimeout",
    "Read timed out", "Max retries exceeded", "name resolution", "Network is unreachable", "ProxyError", "SSLError",
    "IncompleteRead", "Connection reset",
)  # fmt: skip


def diagnose(output):
    """A Problem for what pip said when it failed."""
    if "DO NOT MATCH THE HASHES" in output:
        return Problem(
            "a wheel's SHA-256 is not the pinned one: the download was damaged or replaced; nothing was installed",
            "run it again; if it stays so, the package index or proxy in pip's configuration serves another file "
            "(see `pip config list`)",
            tail(output),
        )
    if "No space left on device" in output:
        return Problem("the disk is full", "free some space, or choose another disk with --dest", tail(output))
    if any(sign in output for sign in NETWORK):
        return Problem(
            "pip cannot reach the Python package index",
            "check the network (behind a proxy: set HTTPS_PROXY; with a mirror: `pip config set global.index-url`), "
            "or use a PyTorch that is installed: LIBTORCH=/path/to/torch",
            tail(output),
        )
    if "No matching distribution found" in output:
        return Problem(
            "the package index has no such wheel for Linux x86-64",
            "check the index in pip's configuration (`pip config list`) and update pip (`pip install --upgrade pip`)",
            tail(output),
        )
    return Problem("pip failed", "see its message above; the full command is in scripts/bootstrap_lib/wheels.py", tail(output))
