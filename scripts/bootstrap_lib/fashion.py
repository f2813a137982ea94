"""Fashion-MNIST: the system's package, or its official files in DEST/data/fashion-mnist."""
import hashlib
import http.client
import os
import time
import urllib.request
from collections import namedtuple
from pathlib import Path

from . import files, system
from .libtorch import is_disk_full
from .report import note, progress, step

PACKAGE = "dataset-fashion-mnist"
SYSTEM_FOLDER = Path("/usr/share/datasets/fashion-mnist")
OFFICIAL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"
URL_VARIABLE = "SPIKEGUARD_FASHION_MNIST_URL"

File = namedtuple("File", "name size sha256")

# The official files. Debian's differ in the gzip header alone (no file name, another date).
FILES = [
    File("train-images-idx3-ubyte.gz", 26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
    File("train-labels-idx1-ubyte.gz", 29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    File("t10k-images-idx3-ubyte.gz", 4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
    File("t10k-labels-idx1-ubyte.gz", 5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
]

ATTEMPTS = 3
TIMEOUT = 30.0


class BadDownload(Exception):
    """Why a file could not be had."""


def set_up(dest, allow_apt):
    """Returns a warning, or None. Without the data everything still builds."""
    warning = look_for(dest, allow_apt)
    note_absence(dest, warning)
    return warning


def note_absence(dest, reason):
    """Leaves a file beside the data's folder while they are not there on purpose or for want of a network: the tests
    that need them are skipped then, and fail where they are missing for no known reason."""
    path = dest / "data" / "fashion-mnist.missing"
    if reason is None:
        files.remove(path)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(reason + "\n", encoding="utf-8")


def look_for(dest, allow_apt):
    folder = dest / "data" / "fashion-mnist"
    with step("Fashion-MNIST") as line:
        if has_all(SYSTEM_FOLDER):
            line.text = f"is in {SYSTEM_FOLDER}"
            return None
        if all((folder / file.name).is_file() for file in FILES):  # checked before they were named so
            line.text = f"is in {folder}"
            return None
        if allow_apt and system.can_install():
            if system.install([PACKAGE]) is None and has_all(SYSTEM_FOLDER):
                line.text = f"installed as {PACKAGE} in {SYSTEM_FOLDER}"
                return None
            note(f"apt-get has no {PACKAGE} here; downloading the official files")
        base = os.environ.get(URL_VARIABLE) or OFFICIAL
        try:
            fetch_all(base, folder)
        except BadDownload as error:
            line.text = "is missing (see below)"
            return warning(base, folder, error)
        line.text = f"downloaded to {folder}"
        return None


def has_all(folder):
    return all((folder / file.name).is_file() for file in FILES)


def warning(base, folder, error):
    names = ", ".join(file.name for file in FILES)
    return (
        f"warning: Fashion-MNIST is missing, so there is nothing to train on yet; everything builds without it\n"
        f"cause: {error}\n"
        f"remedy: {system.remedy([PACKAGE])}; or run scripts/bootstrap again with a network; or put {names}\n"
        f"        from {base} into {folder}; or name a mirror: {URL_VARIABLE}=http://..."
    )


def fetch_all(base, folder):
    """Each file is complete and checked or absent, so a second run fetches only what is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        if not (folder / file.name).is_file():
            fetch_patiently(f"{base.rstrip('/')}/{file.name}", folder / file.name, file)


def fetch_patiently(url, path, file):
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return fetch(url, path, file)
        except BadDownload:
            if attempt == ATTEMPTS:
                raise
            time.sleep(attempt)


def fetch(url, path, file):
    partial = path.with_name(path.name + ".part")
    try:
        size, digest = receive(url, partial, file)
        if size != file.size:
            what = "was cut off" if size < file.size else "is longer than it should be"
            raise BadDownload(f"{url} {what}: {size:,} of {file.size:,} bytes")
        if digest != file.sha256:
            raise BadDownload(f"{url} has the wrong content: SHA-256 {digest}, expected {file.sha256}")
        os.replace(partial, path)
    finally:
        files.remove(partial)


def receive(url, partial, file):
    """Size and SHA-256 of what came; stops soon after more than expected."""
    digest, size = hashlib.sha256(), 0
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response, open(partial, "wb") as sink:
            while size <= file.size:
                block = response.read(1 << 16)
                if not block:
                    break
                sink.write(block)
                digest.update(block)
                size += len(block)
                progress(f"downloading {file.name} {size / 1e6:.1f} of {file.size / 1e6:.1f} MB")
    except (OSError, http.client.HTTPException, ValueError) as error:
        if is_disk_full(error):
            raise
        raise BadDownload(f"{url}: {error}") from None
    return size, digest.hexdigest()
