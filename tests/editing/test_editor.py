import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from faceattr import pixels
from faceattr.data import synthetic
from faceattr.editing.editor import Editor, apply_residual
from faceattr.errors import UserError
from faceattr.faces.crop import CELEBA_CROP, LFW_CROP, CropGeometry


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
    edited = np.asarray(editor.edit(image))
    assert np.abs(edited.astype(int) - pixels.to_uint8(wanted)).max() <= 1


@pytest.mark.parametrize("size", [24, 32, 100])
def test_editor_and_saved_model_agree_at_any_size(editor, bundles, size):
    image = face(size)
    loaded = tf.saved_model.load(str(bundles / "add_glasses" / "saved_model" / "1"))
    contents = tf.io.encode_png(np.asarray(image)).numpy()
    outputs = loaded.signatures["image_bytes"](image_bytes=tf.constant([contents]))
    served = tf.io.decode_png(outputs["edited_image_bytes"][0]).numpy().astype(int)
    assert np.abs(served - np.asarray(editor.edit(image))).max() <= 3


@pytest.mark.parametrize("crop", [CELEBA_CROP, LFW_CROP])
def test_strength_zero_is_the_very_picture_and_outside_the_crop_nothing_changes(editor, crop):
    image = face(178).resize((178, 218))
    np.testing.assert_array_equal(np.asarray(editor.edit(image, 0.0, crop)), np.asarray(image))
    edited = np.asarray(editor.edit(image, 1.0, crop)).copy()
    left, top, right, bottom = crop.box(178, 218)
    assert (edited[top:bottom, left:right] != np.asarray(image)[top:bottom, left:right]).any()
    edited[top:bottom, left:right] = np.asarray(image)[top:bottom, left:right]
    np.testing.assert_array_equal(edited, np.asarray(image))


def test_no_seam_is_seen_around_the_crop(editor):
    image = face(200)
    residual = editor.residual(image, CropGeometry(0.5))
    inside = np.abs(residual[60:140, 60:140]).mean()
    border = np.abs(residual[50, 50:150]).mean()
    assert border < 0.1 * inside


def test_strength_scales_the_residual():
    image = Image.new("RGB", (4, 4), (100, 100, 100))
    residual = np.full((4, 4, 3), 0.4, np.float32)
    assert np.asarray(apply_residual(image, residual, 0.5))[0, 0, 0] == 100 + round(0.2 * 127.5)
    assert np.asarray(apply_residual(image, residual, -9))[0, 0, 0] == 0


def test_a_picture_that_is_no_square_crop_says_what_to_do(editor):
    with pytest.raises(UserError, match=r"178x218.*crop celeba"):
        editor.edit(face(178).resize((178, 218)))


def test_the_network_refuses_crops_of_another_size(editor):
    with pytest.raises(UserError, match="takes face crops of 32x32, not 64x64"):
        editor._runtime.residual(np.zeros((64, 64, 3), np.float32))


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
