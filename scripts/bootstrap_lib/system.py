"""System packages, by apt where we may."""
import os
import shutil
import subprocess
import tempfile

from .report import Problem, note, progress


def command_for_a_person(packages):
    return f"sudo apt-get update && sudo apt-get install -y {' '.join(packages)}"


def remedy(packages):
    if shutil.which("apt-get"):
        return f"run: {command_for_a_person(packages)}"
    return f"install, with this system's package manager, what Debian calls {' and '.join(packages)}"


def root_prefix():
    """How to run a command as root without asking; None when that is not possible."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and to_the_end(["sudo", "-n", "true"])[0] == 0:
        return ["sudo", "-n"]
    return None


def to_the_end(command):
    """Exit code and output. A Ctrl-C takes effect only after the command's end, for a package manager
    that is killed half-way has to be repaired by hand; hence a session of its own, out of the terminal's reach."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            process.wait()
        except KeyboardInterrupt:
            note("stopping as soon as the system packages are in order")
            process.wait()
            raise
        log.seek(0)
        return process.returncode, log.read()


def can_install():
    return shutil.which("apt-get") is not None and root_prefix() is not None


_updated = False


def install(packages):
    """Returns None, or what apt said when it failed."""
    global _updated
    apt = root_prefix() + ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]
    progress(f"installing {' '.join(packages)}")
    if not _updated:
        # One broken source of several fails the update, and may not matter: the install decides.
        to_the_end(apt + ["update"])
        _updated = True
    status, output = to_the_end(apt + ["install", "-y", "--no-install-recommends", *packages])
    return None if status == 0 else output or f"exit {status}"


def require(missing, allowed):
    """Installs what `missing()` names, or tells the command. Returns what was installed."""
    packages, complaint = missing()
    if not packages:
        return []
    if not allowed or not can_install():
        raise Problem(f"system packages are missing: {' '.join(packages)}", remedy(packages), complaint)
    output = install(packages)
    if output is not None:
        raise Problem(f"apt-get could not install {' '.join(packages)}", remedy(packages), tail(output))
    still, complaint = missing()
    if still:
        raise Problem(f"{' '.join(still)} installed, but a C++ program still does not build", "see the compiler's message", complaint)
    return packages


def tail(text, lines=12):
    return "\n".join(text.strip().splitlines()[-lines:])
