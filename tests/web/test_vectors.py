"""The page's own modules, in Node.js: held to the numbers that the Python code is held to."""

import pathlib
import subprocess

from web_pages import node

FOLDER = pathlib.Path(__file__).parent


def test_the_modules_of_the_page():
    scripts = sorted(str(path) for path in FOLDER.glob("*.test.js"))
    assert scripts
    done = subprocess.run([node(), "--test", *scripts], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout
