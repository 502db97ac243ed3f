"""The page in Firefox: the first minute of a visitor. All else is tried in Chromium."""

import json
import pathlib
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image
from web_pages import node

from faceattr.editing.editor import Editor

pytestmark = pytest.mark.slow
ROOT = pathlib.Path(__file__).parents[2]
ASTRONAUT = ROOT / "docs" / "photos" / "astronaut.png"


def firefox() -> str:
    for name in ("firefox-esr", "firefox"):
        if path := shutil.which(name):
            return path
    pytest.skip("Firefox is not installed (as root: make browsers)")


def test_the_first_minute(served, npm_modules, tiny_bundles, tmp_path):
    script = pathlib.Path(__file__).with_name("firefox.mjs")
    command = [node(), script, npm_modules, firefox(), served.url, ASTRONAUT, tmp_path]
    done = subprocess.run(
        [str(each) for each in command], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert not found["errors"]
    assert found["told"] == "One face found"
    assert found["pressed"] == "true"
    assert found["strength"] == "101%"
    assert found["moves"]
    assert len(found["requests"]) > 20
    for method, url in found["requests"]:
        assert method == "GET"
        assert url.startswith((served.url, "blob:", "data:")), url
    path = tmp_path / "astronaut-add_glasses.png"
    photo = Image.open(ASTRONAUT)
    wanted = Editor.load("add_glasses", bundles=tiny_bundles).edit(photo)
    apart = np.asarray(Image.open(path)).astype(int) - np.asarray(wanted).astype(int)
    assert np.abs(apart).max() <= 2
