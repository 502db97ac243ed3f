"""The editor with exported bundles."""

import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from faceattr import pixels
from faceattr.bundles import finding
from faceattr.data import synthetic
from faceattr.editing.editor import Editor
from faceattr.errors import UserError
from faceattr.faces.crop import WHOLE_IMAGE


@pytest.fixture(scope="module")
def editor(bundles):
    return Editor.load(bundles / "add_glasses")


def face(size, index=0):
    drawn = Image.fromarray(synthetic.render(synthetic.sample_parameters(3, index), 128))
    return drawn.resize((size, size))


def test_the_editor_gives_keras_edit(editor, finished_run):
    model = keras.models.load_model(finished_run.model_path)
    image = face(32)
    wanted = np.asarray(
        model.edit(pixels.to_float(np.asarray(image))[None], finished_run.attributes[0].adding)
    )[0]
    edited = np.asarray(editor.edit(image, crop=WHOLE_IMAGE))
    assert np.abs(edited.astype(int) - pixels.to_uint8(wanted)).max() <= 1


@pytest.mark.parametrize("size", [24, 32, 100])
def test_editor_and_saved_model_agree_at_any_size(editor, bundles, size):
    image = face(size)
    loaded = tf.saved_model.load(str(bundles / "add_glasses" / "saved_model" / "1"))
    contents = tf.io.encode_png(np.asarray(image)).numpy()
    outputs = loaded.signatures["image_bytes"](image_bytes=tf.constant([contents]))
    served = tf.io.decode_png(outputs["edited_image_bytes"][0]).numpy().astype(int)
    assert np.abs(served - np.asarray(editor.edit(image, crop=WHOLE_IMAGE))).max() <= 3


def test_a_bundle_is_found_by_its_folder_then_among_ones_own_then_among_the_shipped(
    bundles, tmp_path, monkeypatch
):
    shipped = tmp_path / "shipped"
    shutil.copytree(bundles / "add_glasses", shipped / "add_glasses")
    shutil.copytree(bundles / "add_glasses", shipped / "make_cat")
    monkeypatch.setattr(finding, "SHIPPED", shipped)
    assert finding.find_bundle(bundles / "add_glasses") == bundles / "add_glasses"
    assert finding.find_bundle("add_glasses", bundles) == bundles / "add_glasses"
    assert finding.find_bundle("make_cat", bundles) == shipped / "make_cat"
    assert finding.find_bundle("add_glasses", tmp_path / "none") == shipped / "add_glasses"
    with pytest.raises(UserError, match=r"edit wings: no such bundle") as caught:
        finding.find_bundle("wings", bundles)
    assert f"add_glasses, remove_glasses in {bundles}" in str(caught.value)
    assert f"add_glasses, make_cat in {shipped}" in str(caught.value)
    assert finding.listed(bundles) == ["add_glasses", "make_cat", "remove_glasses"]
    monkeypatch.setattr(finding, "SHIPPED", tmp_path / "gone")
    with pytest.raises(UserError, match=r"edit wings: .*; export a run first"):
        finding.find_bundle("wings", tmp_path / "none")


def test_no_edit_is_no_editor():
    with pytest.raises(UserError, match="at least one edit"):
        Editor.load()


def test_the_network_refuses_crops_of_another_size(editor):
    with pytest.raises(UserError, match="takes face crops of 32x32, not 64x64"):
        editor._runtimes[0].run(np.zeros((64, 64, 3), np.float32))


def test_a_bundle_whose_parts_disagree_is_refused(bundles, tmp_path):
    shutil.copytree(bundles / "add_glasses", tmp_path / "add_glasses")
    manifest = tmp_path / "add_glasses" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "image_size": 64}))
    with pytest.raises(UserError, match=r"says 64x64 but add_glasses.tflite takes 32x32"):
        Editor.load(tmp_path / "add_glasses")


def test_missing_and_damaged_bundles_are_named(bundles, tmp_path):
    with pytest.raises(UserError, match="no bundle here"):
        Editor.load(tmp_path / "gone")
    shutil.copytree(bundles / "add_glasses", tmp_path / "add_glasses")
    tflite = tmp_path / "add_glasses" / "add_glasses.tflite"
    tflite.write_bytes(b"not a model")
    with pytest.raises(UserError, match=r"add_glasses\.tflite: not an exported edit"):
        Editor.load(tmp_path / "add_glasses")
    tflite.unlink()
    with pytest.raises(UserError, match=r"add_glasses\.tflite: no such file"):
        Editor.load(tmp_path / "add_glasses")
