"""System packages: installed by apt, or named with the command for a person."""
import os
import signal
import threading

from support import Case

from bootstrap_lib import system


class SystemPackages(Case):
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
