"""Files and folders that are either as they were or complete, whenever we are stopped."""
import fcntl
import hashlib
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

from .report import Problem, note


@contextmanager
def exclusive(dest):
    """One bootstrap at a time for each destination; a second one waits."""
    try:
        dest.mkdir(parents=True, exist_ok=True)
        lock = open(dest / ".lock", "w")
    except PermissionError:
        raise Problem(
            f"cannot write to {dest}", "make the folder writable, or choose another with --dest"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note("waiting for another bootstrap to finish")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def staging(dest):
    """A fresh folder beside the results, so that a rename moves things into place.

    We hold the lock: whatever lies there was left by a run that was killed.
    """
    folder = dest / ".staging"
    remove(folder)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        remove(folder)


def remove(path):
    if path.is_symlink() or path.is_file():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)


def replace_folder(new, dest, old):
    """Puts `new` at `dest`; what was there before goes to `old`. All on one file system."""
    if not dest.exists():
        os.rename(new, dest)
        return
    remove(old)
    try:  # a rename cannot replace a full folder in one go
        os.rename(dest, old)
        os.rename(new, dest)
    except BaseException:  # a Ctrl-C too
        if old.exists() and not dest.exists():
            os.rename(old, dest)
        raise


def write_atomically(path, text):
    """Returns whether the file had to change."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)
    return True


def read_or_empty(path):
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def require_space(folder, gigabytes, purpose):
    existing = Path(folder)
    while not existing.exists():
        existing = existing.parent
    free = shutil.disk_usage(existing).free / 1e9
    if free < gigabytes:
        raise Problem(
            f"{purpose} needs {gigabytes:.1f} GB free in {folder}; there is {free:.1f} GB",
            "free some space, or choose another disk with --dest",
        )
