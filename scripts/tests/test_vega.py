"""The Vega bundle: its one script, its pin, and that a page can hold it."""
import hashlib
from unittest import mock

from support import Case, make_wheel

from bootstrap_lib import vega, wheels


class Vega(Case):
    def setUp(self):
        super().setUp()
        self.downloads = 0
        self.replace(wheels, "download", self.download)
        self.script = 'window.vegaEmbed = "≥";'

    def download(self, pins, work):
        self.downloads += 1
        module = f"def javascript_bundle(snippet, vl_version):\n    return {self.script!r}\n"
        return [make_wheel(work / "wheels", "vl.whl", {"vl_convert/__init__.py": module})]

    def pin(self):
        self.replace(vega, "BUNDLE_SHA256", hashlib.sha256(self.script.encode()).hexdigest())

    def test_writes_one_script(self):
        self.pin()
        vega.set_up(self.dest)
        text = (self.dest / "vega/vega.js").read_text(encoding="utf-8")
        self.assertTrue(text.startswith("/* Vega 6.2.0, Vega-Lite 6.4, Vega-Embed 7.0.2"))
        self.assertIn(self.script, text)
        self.assertIn("Vega-Lite 6.4", (self.dest / "vega/VERSION").read_text())
        vega.set_up(self.dest)
        self.assertEqual(self.downloads, 1)

    def test_wrong_bundle(self):
        self.assertIn("bundle's SHA-256 is", self.problem(vega.set_up, self.dest))
        self.assertFalse((self.dest / "vega").exists())

    def test_never_ends_its_element(self):
        for text in ('"</script>"', '"</SCRIPT "', "'<!-- '", "'<Script'"):
            self.assertIn("cannot be inlined", self.problem(vega.wrap, text))

    def test_bundler_does_not_run(self):
        with mock.patch.object(
            wheels, "download", lambda pins, work: [make_wheel(work / "w", "vl.whl", {"vl_convert.py": "raise ImportError('abi3')"})]
        ):
            self.assertIn("abi3", self.problem(vega.set_up, self.dest))
