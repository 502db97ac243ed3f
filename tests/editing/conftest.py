"""Editors whose networks are known functions, and the photo of a person that may be shown."""

import pathlib

import numpy as np
import pytest
from PIL import Image

from faceattr.bundles.manifest import Manifest
from faceattr.editing.editor import Editor
from faceattr.edits import Edit
from faceattr.faces.crop import ALIGNED_CROP

SIZE = 64


class Network:
    """In place of a .tflite: remembers what it saw, and answers with a residual of its own."""

    image_size = SIZE

    def __init__(self, residual, needed=None):
        self.seen = []
        self._residual = np.broadcast_to(np.float32(residual), (SIZE, SIZE, 3))
        self._needed = needed

    def run(self, image):
        assert image.shape == (SIZE, SIZE, 3)
        assert image.dtype == np.float32
        self.seen.append(image)
        return self._residual.astype(np.float32), self._needed


def manifest(name, crop=ALIGNED_CROP):
    edit = Edit(name, "Column", True)
    return Manifest(edit, "attribute", SIZE, crop, {}, {}, {}, {}, {}, {})


@pytest.fixture(scope="session")
def make_editor():
    """make_editor(residual, ...): an editor whose edits have these residuals."""

    def make(*residuals, needed=None, crop=ALIGNED_CROP):
        manifests = [manifest(f"edit_{index}", crop) for index in range(len(residuals))]
        editor = Editor(manifests, [Network(residual, needed) for residual in residuals])
        editor.networks = editor._runtimes
        # The finder's networks are loaded once.
        editor.__dict__["_finder"] = finder
        return editor

    from faceattr.faces.finder import FaceFinder

    finder = FaceFinder()
    return make


@pytest.fixture(scope="session")
def astronaut():
    """512x512, RGB; the eyes are 44 pixels apart."""
    path = pathlib.Path(__file__).parents[2] / "docs" / "photos" / "astronaut.png"
    return Image.open(path).convert("RGB")
