"""Whether an exported form gives Keras's numbers."""

import pathlib

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from faceattr import pixels
from faceattr.edits import edited
from faceattr.exporting.signatures import Outputs

SAVED_MODEL_TOLERANCE = 1e-4
TFLITE_TOLERANCE = 1e-2
"""Largest differences from Keras, in units of pixels in [-1, 1]; float16 weights cost most."""


def saved_model_difference(path: pathlib.Path, outputs_of: Outputs, faces: np.ndarray) -> float:
    """Largest difference over every signature, in units of pixels in [-1, 1].

    Args:
        path: the SavedModel.
        outputs_of: Keras's.
        faces: uint8 [n, s, s, 3].
    """
    loaded = tf.saved_model.load(str(path)).signatures
    x = pixels.to_float(faces)
    wanted = {name: np.asarray(value) for name, value in outputs_of(tf.constant(x)).items()}
    residual = wanted["residual"]
    outputs = loaded["serving_default"](image=tf.constant(x))
    differences = [np.abs(outputs[name] - value).max() for name, value in wanted.items()]
    differences.append(np.abs(outputs["edited_image"] - edited(x, residual)).max())
    encoded = tf.stack([tf.io.encode_png(face) for face in faces])
    strength = 0.5
    for output, factor in (
        (loaded["image_bytes"](image_bytes=encoded), 1.0),
        (
            loaded["image_bytes_with_strength"](
                image_bytes=encoded, strength=tf.fill([len(faces)], strength)
            ),
            strength,
        ),
    ):
        decoded = np.stack([tf.io.decode_png(png) for png in output["edited_image_bytes"].numpy()])
        # PNG holds whole levels: equal but for the rounding of values that lie on a half.
        level = 2.0 / 255.0
        beyond = np.abs(pixels.to_float(decoded) - edited(x, residual, factor)) - level / 2
        differences.append(max(0.0, beyond.max()))
    return float(max(differences))


def tflite_difference(path: pathlib.Path, outputs_of: Outputs, faces: np.ndarray) -> float:
    """The same of every output of a .tflite."""
    runner = Interpreter(model_path=str(path)).get_signature_runner("serving_default")
    x = pixels.to_float(faces)
    wanted = {name: np.asarray(value) for name, value in outputs_of(tf.constant(x)).items()}
    found = [runner(image=image[None]) for image in x]
    return float(
        max(
            np.abs(np.concatenate([each[name] for each in found]) - value).max()
            for name, value in wanted.items()
        )
    )
