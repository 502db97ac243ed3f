"""The editor with exported bundles."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from faceattr import pixels
from faceattr.data import synthetic
from faceattr.editing.editor import Editor
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
