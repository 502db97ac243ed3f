"""The bundles that come with the project."""

import numpy as np
import pytest
from PIL import Image

from faceattr.attributes import PAPER_ATTRIBUTES
from faceattr.bundles.finding import SHIPPED
from faceattr.bundles.manifest import Manifest
from faceattr.editing.editor import Editor

NAMES = sorted(edit.name for attribute in PAPER_ATTRIBUTES for edit in attribute.edits)
_MOST_BYTES = 30 * 2**20


def test_there_is_one_of_each_edit_and_they_are_small():
    assert sorted(path.name for path in SHIPPED.iterdir()) == NAMES
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*")) <= _MOST_BYTES


@pytest.mark.parametrize("name", NAMES)
def test_its_card_says_what_it_is(name):
    manifest = Manifest.read(SHIPPED / name)
    assert manifest.edit.name == name
    assert set(manifest.files) == {"README.md", f"{name}.tflite"}
    card = (SHIPPED / name / "README.md").read_text("utf-8")
    for said in (
        "research-use-only",
        "python train.py",
        "Edit nobody's face without their consent",
    ):
        assert said in card


def test_nothing_need_be_trained_to_edit_a_photo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    photo = Image.open(SHIPPED.parents[1] / "docs" / "photos" / "astronaut.png").convert("RGB")
    edited = Editor.load("close_mouth").edit(photo)
    changed = np.abs(np.asarray(edited).astype(int) - np.asarray(photo).astype(int)).sum(axis=2)
    # The mouth, and nothing below the chin.
    assert changed[130:155, 205:245].mean() > 10
    assert changed[260:].max() == 0
