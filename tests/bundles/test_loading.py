"""How bundles are found and loaded, and what is said of those that cannot be."""

import dataclasses
import json
import math
import pathlib
import shutil

import numpy as np
import pytest

from faceattr.bundles import finding
from faceattr.bundles.manifest import Manifest
from faceattr.bundles.runtime import LiteRTRuntime
from faceattr.editing.editor import Editor
from faceattr.errors import UserError
from faceattr.evaluation.subjects.subject import load_bundle

FOLDER = pathlib.Path(__file__).parents[1] / "tiny_bundles"


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


@pytest.fixture
def bundle(tiny_bundles, tmp_path):
    """A copy that may be spoilt."""
    return shutil.copytree(tiny_bundles / "add_glasses", tmp_path / "add_glasses")


def change(bundle, **fields):
    """As somebody does who edits the manifest by hand."""
    path = bundle / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def test_a_bundle_whose_parts_disagree_is_refused(bundle):
    dataclasses.replace(Manifest.read(bundle), image_size=64).write(bundle)
    with pytest.raises(UserError, match=r"says 64x64 but add_glasses.tflite takes 32x32"):
        Editor.load(bundle)


def test_missing_and_damaged_bundles_are_named(bundle, tmp_path):
    with pytest.raises(UserError, match="no bundle here"):
        Editor.load(tmp_path / "gone")
    tflite = bundle / "add_glasses.tflite"
    tflite.write_bytes(b"not a model")
    with pytest.raises(UserError, match=r"add_glasses\.tflite: not an exported edit"):
        LiteRTRuntime(tflite)
    tflite.unlink()
    for load in (Editor.load, load_bundle):
        with pytest.raises(UserError, match=r"add_glasses\.tflite: no such file"):
            load(bundle)
    Manifest.read(bundle).write(bundle)
    with pytest.raises(UserError, match=r"the manifest lists no add_glasses\.tflite"):
        Editor.load(bundle)


@pytest.mark.parametrize("where", [0, -1, 5000])
def test_one_flipped_bit_is_found(bundle, where):
    tflite = bundle / "add_glasses.tflite"
    contents = bytearray(tflite.read_bytes())
    contents[where % len(contents)] ^= 1
    tflite.write_bytes(contents)
    for load in (Editor.load, load_bundle):
        with pytest.raises(UserError, match=r"add_glasses\.tflite: not the file that was exported"):
            load(bundle)


def test_the_network_of_another_edit_is_found(bundle, tiny_bundles):
    other = tiny_bundles / "remove_glasses" / "remove_glasses.tflite"
    shutil.copyfile(other, bundle / "add_glasses.tflite")
    with pytest.raises(UserError, match="not the file that was exported"):
        Editor.load(bundle)


def test_every_file_that_is_listed_is_checked_and_no_other(bundle):
    card = bundle / "saved_model" / "1" / "card.md"
    card.parent.mkdir(parents=True)
    card.write_text("one")
    Editor.load(bundle)
    Manifest.read(bundle).write(bundle)
    assert list(Manifest.read(bundle).files) == ["add_glasses.tflite", "saved_model/1/card.md"]
    Editor.load(bundle)
    card.write_text("two")
    with pytest.raises(UserError, match=r"saved_model/1/card\.md: not the file"):
        Editor.load(bundle)
    card.unlink()
    card.mkdir()
    with pytest.raises(UserError, match=r"card\.md: cannot be read \(Is a directory\)"):
        Editor.load(bundle)


def test_a_manifest_that_was_changed_by_hand_is_refused(bundle):
    change(bundle)
    assert Manifest.read(bundle).edit.name == "add_glasses", "laid out anew, it says the same"
    change(bundle, image_size=64)
    with pytest.raises(UserError, match=r"manifest\.json: changed after the export"):
        Editor.load(bundle)
    # Every one of its fields, and one that it never had.
    Manifest.read(shutil.copytree(FOLDER / "add_glasses", bundle, dirs_exist_ok=True))
    for field in (*json.loads((bundle / "manifest.json").read_text()), "new"):
        shutil.copy(FOLDER / "add_glasses" / "manifest.json", bundle)
        change(bundle, **{field: "other"})
        with pytest.raises(UserError, match=r"manifest\.json: (changed after|not the manifest)"):
            Manifest.read(bundle)


@pytest.mark.parametrize(
    ("format_", "reason"),
    [
        (1, "does not say whether the bundle's files are whole; export the run again"),
        (3, "but this version reads 2; install a newer faceattr"),
        ("2", "not the manifest of a bundle"),
        (None, "not the manifest of a bundle"),
    ],
)
def test_a_manifest_of_another_format_is_refused_with_the_reason(bundle, format_, reason):
    change(bundle, format=format_)
    with pytest.raises(UserError, match=reason):
        Editor.load(bundle)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("pixel_range", (0.0, 1.0), r"pixel_range is \[0\.0, 1\.0\], but .* \[-1\.0, 1\.0\] alone"),
        ("color_order", "BGR", "color_order is BGR, but this version runs networks of RGB alone"),
    ],
)
def test_networks_of_other_pixels_are_refused(bundle, field, value, reason):
    dataclasses.replace(Manifest.read(bundle), **{field: value}).write(bundle)
    with pytest.raises(UserError, match=reason):
        Editor.load(bundle)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", '"', "{}", '{"format": 1}', '{"format": 2}', "\x00"]
)
def test_whatever_stands_in_a_manifest_it_is_a_user_error(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(UserError, match=r"manifest\.json: "):
        Manifest.read(tmp_path)


def test_numbers_that_are_none_stay_what_they_are(bundle):
    """A measure of a training that went wrong."""
    manifest = dataclasses.replace(Manifest.read(bundle), metrics={"psnr": math.nan})
    manifest.write(bundle)
    assert math.isnan(Manifest.read(bundle).metrics["psnr"])
    assert Manifest.read(bundle).crop == manifest.crop
