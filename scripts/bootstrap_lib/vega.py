"""The Vega bundle that the report's charts are drawn with: DEST/vega/vega.js.

The vl-convert wheel carries Vega, Vega-Lite and Vega-Embed with all they need, and a bundler that
joins them offline. The result is the same byte for byte under every Python, so it is pinned too.
"""
import os
import subprocess
import sys
import zipfile

from . import files, wheels
from .report import Problem, step
from .wheels import Pin

PINS = [Pin("vl-convert-python==1.9.0.post1", "3c1558fa0055e88c465bd3d71760cde9fa2c94a95f776a0ef9178252fd820b1f", 34)]
BUNDLE_SHA256 = "373b1f84072b31010f15ceb787be6b415c53936411aae267c8c2b2b6ccde46e7"
VERSIONS = "Vega 6.2.0, Vega-Lite 6.4, Vega-Embed 7.0.2"
GIGABYTES = 0.3

STAMP = (
    f"{VERSIONS}\n"
    f"{wheels.requirements(PINS)}"
    f"bundle sha256:{BUNDLE_SHA256}\n"
    "vega.js is a classic script (a module too) in UTF-8; it defines window.vegaEmbed and loads nothing.\n"
)

# The bundle's own top-level names are one letter long and would be everybody's: hence the function.
HEAD = f"/* {VERSIONS}. BSD-3-Clause, University of Washington Interactive Data Lab. */\n(function () {{\n\"use strict\";\n"
TAIL = "\n})();\n"

BUNDLER = """
import sys
sys.path.insert(0, sys.argv[1])
import vl_convert
text = vl_convert.javascript_bundle(snippet="window.vegaEmbed = vegaEmbed;", vl_version="6.4")
with open(sys.argv[2], "wb") as file:
    file.write(text.encode("utf-8"))
"""


def set_up(dest):
    with step("Vega") as line:
        target = dest / "vega"
        if files.read_or_empty(target / "VERSION") == STAMP and (target / "vega.js").is_file():
            line.text = f"{VERSIONS} is there already"
            return
        files.require_space(dest, GIGABYTES, "the Vega bundle")
        with files.staging(dest) as work:
            [wheel] = wheels.download(PINS, work)
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(work / "vl")
            script = wrap(bundle(work / "vl", work / "bundle.js"))
            (work / "new").mkdir()
            (work / "new" / "vega.js").write_text(script, encoding="utf-8")
            (work / "new" / "VERSION").write_text(STAMP, encoding="utf-8")
            files.replace_folder(work / "new", target, work / "old")
        line.text = f"{VERSIONS} bundled"


def bundle(library, output):
    result = subprocess.run(
        [sys.executable, "-c", BUNDLER, str(library), str(output)],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, env={**os.environ, "PYTHONNOUSERSITE": "1"},
    )  # fmt: skip
    if result.returncode != 0:
        raise Problem(
            f"{sys.executable} cannot run the Vega bundler",
            "use an ordinary CPython 3.9 or newer: make setup PYTHON=...; or leave the charts out with --no-vega",
            "\n".join(result.stderr.strip().splitlines()[-4:]),
        )
    digest = files.sha256(output)
    if digest != BUNDLE_SHA256:
        raise Problem(
            f"the Vega bundle's SHA-256 is {digest}, not {BUNDLE_SHA256}",
            "run it again; if it stays so, please report it with the output of `python3 --version`",
        )
    return output.read_text(encoding="utf-8")


def wrap(script):
    """The script as it can stand between <script> and </script>."""
    for mark in ("</script", "<script", "<!--"):  # these would end the element or change how it is read
        if mark in script.lower():
            raise Problem(f"the Vega bundle contains {mark} and cannot be inlined", "pin another version in scripts/bootstrap_lib/vega.py")
    return HEAD + script + TAIL
