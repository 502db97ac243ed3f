"""Requests that TensorFlow Serving sends a SavedModel before it takes others.

The first call of a signature is slow; with these it is made while the version is being loaded. The
file is a TFRecord of `tensorflow.serving.PredictionLog`, whose few fields are written here by their
numbers: the package that has the class, tensorflow-serving-api, needs gRPC.
"""

import pathlib
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

FILE = pathlib.Path("assets.extra") / "tf_serving_warmup_requests"


def write_warmup(saved_model: pathlib.Path, name: str, image_size: int) -> None:
    """Writes a request for each signature.

    Args:
        saved_model: the version folder.
        name: str, of the model.
        image_size: int, side of the face crops.
    """
    grey = tf.io.encode_png(np.full((image_size, image_size, 3), 127, np.uint8)).numpy()
    strength = np.ones(1, np.float32)
    requests: Mapping[str, Mapping[str, object]] = {
        "serving_default": {"image": np.zeros((1, image_size, image_size, 3), np.float32)},
        "image_bytes": {"image_bytes": [grey]},
        "image_bytes_with_strength": {"image_bytes": [grey], "strength": strength},
    }
    (saved_model / FILE).parent.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(saved_model / FILE)) as writer:
        for signature, inputs in requests.items():
            writer.write(_prediction_log(name, signature, inputs))


def _prediction_log(name: str, signature: str, inputs: Mapping[str, object]) -> bytes:
    model_spec = _field(1, name.encode()) + _field(3, signature.encode())
    request = _field(1, model_spec)
    for key, value in inputs.items():
        tensor = tf.make_tensor_proto(value).SerializeToString()
        request += _field(2, _field(1, key.encode()) + _field(2, tensor))
    predict_log = _field(1, request)
    return _field(6, predict_log)


def _field(number: int, payload: bytes) -> bytes:
    """A field of bytes, as protocol buffers have it on the wire."""
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
