"""What the person sees: one plain line a step, and errors that name cause and remedy."""
import sys
import time
from contextlib import contextmanager


class Problem(Exception):
    """Something the person has to put right. `str()` is the whole message."""

    def __init__(self, cause, remedy, details=""):
        lines = [f"error: {cause}"]
        lines += [f"  | {line}" for line in details.strip().splitlines()]
        lines.append(f"remedy: {remedy}")
        super().__init__("\n".join(lines))
        self.cause = cause
        self.remedy = remedy


class Step:
    """The text of a step's line, filled in while the step runs."""

    def __init__(self):
        self.text = ""


@contextmanager
def step(name):
    """Prints one line when the block ends well: name, what was done, seconds."""
    started = time.monotonic()
    current = Step()
    yield current
    clear_progress()
    print(f"{name:<14} {current.text} ({time.monotonic() - started:.1f} s)", flush=True)


def progress(text):
    """A passing line, only for a person who is watching."""
    if sys.stdout.isatty():
        print(f"\r\033[K{text}", end="", flush=True)


def clear_progress():
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)


def note(text):
    clear_progress()
    print(text, flush=True)
