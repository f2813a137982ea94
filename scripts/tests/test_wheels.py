"""Wheels by pip: no pip, its failures' causes, and the pinned hash."""
import os
import sys

from support import Case, make_wheel

from bootstrap_lib import files, host, wheels


class Pip(Case):
    def test_no_pip(self):
        self.replace(host, "has_pip", lambda: False)
        self.replace(sys, "executable", "/usr/bin/python3")
        self.assertIn("sudo apt-get install -y python3-pip", self.problem(wheels.check_pip))
        self.replace(sys, "executable", "/opt/python/bin/python3")
        self.assertIn("/opt/python/bin/python3 -m ensurepip", self.problem(wheels.check_pip))

    def test_causes(self):
        for output, cause in (
            ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "SHA-256 is not the pinned one"),
            (
                "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)'\n"
                "ERROR: No matching distribution found for torch==2.11.0",
                "cannot reach the Python package index",
            ),
            ("ERROR: Could not install: [Errno 28] No space left on device", "the disk is full"),
            ("ERROR: No matching distribution found for torch==2.11.0", "no such wheel"),
            ("Traceback: something new", "pip failed"),
        ):
            message = str(wheels.diagnose(output))
            self.assertIn(cause, message)
            self.assertIn(output.splitlines()[-1], message)

    def test_pip_really_refuses_a_wrong_hash(self):
        """pip itself, offline, on a wheel of ours: the pin decides, not the name."""
        shelf = self.dest.parent / "shelf"
        wheel = make_wheel(shelf, "nothing-1.0-py3-none-any.whl", {
            "nothing-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: nothing\nVersion: 1.0\n",
            "nothing-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            "nothing-1.0.dist-info/RECORD": "",
        })  # fmt: skip
        self.environment(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(shelf), PIP_CONFIG_FILE=os.devnull)
        for digest, right in ((files.sha256(wheel), True), ("0" * 64, False)):
            work = self.dest / str(right)
            work.mkdir()
            pins = [wheels.Pin("nothing==1.0", digest, 1)]
            if right:
                self.assertEqual([path.name for path in wheels.download(pins, work)], [wheel.name])
            else:
                self.assertIn("SHA-256 is not the pinned one", self.problem(wheels.download, pins, work))
