"""How bundles are found and loaded, and what is said of those that cannot be."""

import json
import shutil

import numpy as np
import pytest

from faceattr.bundles import finding
from faceattr.editing.editor import Editor
from faceattr.errors import UserError


def test_a_bundle_is_found_by_its_folder_then_among_ones_own_then_among_the_shipped(
    tiny_bundles, tmp_path, monkeypatch
):
    shipped = tmp_path / "shipped"
    shutil.copytree(tiny_bundles / "add_glasses", shipped / "add_glasses")
    shutil.copytree(tiny_bundles / "add_glasses", shipped / "make_cat")
    monkeypatch.setattr(finding, "SHIPPED", shipped)
    assert finding.find_bundle(tiny_bundles / "add_glasses") == tiny_bundles / "add_glasses"
    assert finding.find_bundle("add_glasses", tiny_bundles) == tiny_bundles / "add_glasses"
    assert finding.find_bundle("make_cat", tiny_bundles) == shipped / "make_cat"
    assert finding.find_bundle("add_glasses", tmp_path / "none") == shipped / "add_glasses"
    with pytest.raises(UserError, match=r"edit wings: no such bundle") as caught:
        finding.find_bundle("wings", tiny_bundles)
    assert f"add_glasses, remove_glasses in {tiny_bundles}" in str(caught.value)
    assert f"add_glasses, make_cat in {shipped}" in str(caught.value)
    assert finding.listed(tiny_bundles) == ["add_glasses", "make_cat", "remove_glasses"]
    monkeypatch.setattr(finding, "SHIPPED", tmp_path / "gone")
    with pytest.raises(UserError, match=r"edit wings: .*; export a run first"):
        finding.find_bundle("wings", tmp_path / "none")


def test_no_edit_is_no_editor():
    with pytest.raises(UserError, match="at least one edit"):
        Editor.load()


def test_the_network_refuses_crops_of_another_size(tiny_bundles):
    editor = Editor.load(tiny_bundles / "add_glasses")
    with pytest.raises(UserError, match="takes face crops of 32x32, not 64x64"):
        editor._runtimes[0].run(np.zeros((64, 64, 3), np.float32))


def test_a_bundle_whose_parts_disagree_is_refused(tiny_bundles, tmp_path):
    shutil.copytree(tiny_bundles / "add_glasses", tmp_path / "add_glasses")
    manifest = tmp_path / "add_glasses" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "image_size": 64}))
    with pytest.raises(UserError, match=r"says 64x64 but add_glasses.tflite takes 32x32"):
        Editor.load(tmp_path / "add_glasses")


def test_missing_and_damaged_bundles_are_named(tiny_bundles, tmp_path):
    with pytest.raises(UserError, match="no bundle here"):
        Editor.load(tmp_path / "gone")
    shutil.copytree(tiny_bundles / "add_glasses", tmp_path / "add_glasses")
    tflite = tmp_path / "add_glasses" / "add_glasses.tflite"
    tflite.write_bytes(b"not a model")
    with pytest.raises(UserError, match=r"add_glasses\.tflite: not an exported edit"):
        Editor.load(tmp_path / "add_glasses")
    tflite.unlink()
    with pytest.raises(UserError, match=r"add_glasses\.tflite: no such file"):
        Editor.load(tmp_path / "add_glasses")
