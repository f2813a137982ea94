"""The command: its options, its order of steps, its exit codes (0, 1, and 130 when interrupted)."""
import argparse
import os
import signal
import sys
import time
from pathlib import Path

from . import fashion, files, host, libtorch, system, vega
from .report import Problem, clear_progress, step

DEFAULT_DEST = Path(__file__).resolve().parent.parent.parent / ".deps"

DESCRIPTION = """\
Set up what Spikeguard needs to build and run, in .deps beside the sources:
LibTorch (pinned, CPU part), the Vega bundle for the report's charts, and Fashion-MNIST.
Run it as often as you like: it does only what is missing, and may be interrupted."""

EPILOGUE = f"""\
environment:
  LIBTORCH=/path/to/torch   build on the PyTorch {libtorch.VERSION}.x in that folder (one with CUDA, say)
                            instead of downloading; unset it and run again to go back
  {fashion.URL_VARIABLE}=URL   where the four Fashion-MNIST files are, instead of
                            {fashion.OFFICIAL}"""


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="scripts/bootstrap", description=DESCRIPTION, epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--dest", type=Path, default=DEFAULT_DEST, help="folder for everything that is fetched (default: .deps)")
    parser.add_argument("--no-system", action="store_true", help="never call apt-get; only say what is missing")
    parser.add_argument("--no-data", action="store_true", help="leave Fashion-MNIST out")
    parser.add_argument("--no-vega", action="store_true", help="leave the Vega bundle out; the report's charts need it")
    return parser.parse_args(arguments)


def run(options):
    dest = options.dest.expanduser().absolute()
    with step("Platform") as line:
        line.text = f"{host.check_platform()}, Python {host.version_text(sys.version_info[:3])}"
    with step("Swift") as line:
        line.text = host.version_text(host.check_swift())
    with files.exclusive(dest):
        with step("System") as line:
            installed = system.require(host.missing_packages, not options.no_system)
            line.text = f"installed {' '.join(installed)}" if installed else "packages are there"
        libtorch.set_up(dest, os.environ.get("LIBTORCH", ""))
        libtorch.write_toolset(dest)
        if not options.no_vega:
            vega.set_up(dest)
        if not options.no_data:
            return fashion.set_up(dest, not options.no_system)
        fashion.note_absence(dest, "left out: scripts/bootstrap --no-data")
        return None


def stop(*_):
    raise KeyboardInterrupt


def main(arguments=None):
    options = parse(arguments)
    # A closed terminal or a stopped job cleans up as Ctrl-C does.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    started = time.monotonic()
    try:
        warning = run(options)
    except Problem as problem:
        return fail(str(problem))
    except KeyboardInterrupt:
        return fail("interrupted; what was complete stays, run it again to go on", 130)
    except BrokenPipeError:  # whoever read our lines has gone: `scripts/bootstrap | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if libtorch.is_disk_full(error):
            return fail(str(Problem("the disk is full", "free some space, or choose another disk with --dest", str(error))))
        return fail(str(Problem(str(error), f"check the permissions and the disk of {options.dest}, then run it again")))
    print(f"Ready in {time.monotonic() - started:.1f} s.", flush=True)
    if warning:
        print(warning, file=sys.stderr, flush=True)
    return 0


def fail(message, status=1):
    clear_progress()
    print(message, file=sys.stderr, flush=True)
    return status
