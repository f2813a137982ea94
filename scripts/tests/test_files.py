"""One bootstrap at a time for each destination."""
import subprocess
import sys

from support import SCRIPTS, Case

from bootstrap_lib import files


class Exclusive(Case):
    def test_a_second_one_waits(self):
        with files.exclusive(self.dest):
            code = (
                "import sys; sys.path.insert(0, sys.argv[1])\n"
                "from pathlib import Path; from bootstrap_lib import files\n"
                "with files.exclusive(Path(sys.argv[2])): print('mine', flush=True)"
            )
            other = subprocess.Popen([sys.executable, "-B", "-c", code, str(SCRIPTS), str(self.dest)], stdout=subprocess.PIPE, text=True)
            self.assertIn("waiting", other.stdout.readline())
            self.assertIsNone(other.poll())
        self.assertEqual(other.communicate(timeout=30)[0], "mine\n")
