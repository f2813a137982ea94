"""The whole program: its exit codes, its messages, and what stopping it leaves."""
import contextlib
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

from support import SCRIPTS, Case

from bootstrap_lib import cli, fashion, host, libtorch, system
from bootstrap_lib.report import Problem


class Command(Case):
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
        self.assertIn("--no-data", (self.dest / "data/fashion-mnist.missing").read_text(encoding="utf-8"))

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
