"""The guide for phones: its steps in Python give the editor's pixels, and all three have them."""

import pathlib
import re

import numpy as np
import pytest
from PIL import Image

from faceattr.data import synthetic
from faceattr.editing.editor import Editor
from faceattr.exporting.inspection import network_of
from faceattr.faces.crop import WHOLE_IMAGE
from serving.mobile import twin

FOLDER = pathlib.Path(twin.__file__).parent
STEP = re.compile(r"(?://|#) (\d\. .+)")


@pytest.mark.parametrize("strength", [0.0, 0.8, 2.0, -1.0])
def test_the_steps_give_the_editors_pixels(tiny_bundles, strength):
    bundle = tiny_bundles / "add_glasses"
    face = synthetic.render(synthetic.sample_parameters(4, 0), 32)
    edit = twin.FaceEdit(bundle / "add_glasses.tflite", 32)
    found = edit.edit(face.ravel(), strength).reshape(face.shape)
    wanted = Editor.load(bundle).edit(Image.fromarray(face), strength, crop=WHOLE_IMAGE)
    assert np.abs(found.astype(int) - np.asarray(wanted)).max() <= 1
    assert (found == face).all() == (strength == 0)


def test_kotlin_swift_and_python_have_the_same_steps():
    steps = {
        name: STEP.findall((FOLDER / name).read_text(encoding="utf-8"))
        for name in ("twin.py", "FaceEdit.kt", "FaceEdit.swift")
    }
    assert len(steps["twin.py"]) == 4
    assert steps["FaceEdit.kt"] == steps["FaceEdit.swift"] == steps["twin.py"]


@pytest.mark.parametrize("name", ["FaceEdit.kt", "FaceEdit.swift"])
def test_the_numbers_are_those_of_the_tensors(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert len(re.findall(r"127\.5", text)) == 2, "to floats and back"
    assert re.search(r"strength \* \w+", text)


def test_the_guide_names_the_tensors_of_a_bundle(tiny_bundles):
    guide = (FOLDER / "README.md").read_text(encoding="utf-8")
    network = network_of(tiny_bundles / "add_glasses" / "add_glasses.tflite")
    for line in (*network.inputs, *network.outputs):
        name, dtype, _ = line.split(" ", 2)
        assert re.search(rf"\| `{name}` \| {dtype} \[1", guide)
