"""A new version is run before it is served: the first run of a graph takes the longest."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from .repository import Servable
from .wire.image_size import IMAGE_INPUT
from .wire.signature import DEFAULT_SIGNATURE, Signature

WARM_UP_FILE = "assets.extra/tf_serving_warmup_requests"

# TensorFlow Serving refuses longer files.
_MOST_REQUESTS = 1000

_logger = logging.getLogger("serving")


def warm_up(servable: Servable, folder: Path) -> None:
    """Runs the requests that lie beside a SavedModel, or one of each signature where none do.

    Raises:
        Exception: whatever a recorded request leads to; the version is not served then. A request
            that was made up here says nothing about the version.
    """
    file = folder / WARM_UP_FILE
    if file.is_file():
        for name, tensors in recorded_requests(file):
            servable.predict(name, tensors, servable.new_cancel())
        return
    for name, signature in servable.signatures.items():
        made_up = _made_up(signature)
        if made_up is None:
            continue
        try:
            servable.predict(name, made_up, servable.new_cancel())
        except Exception as error:
            _logger.info("'%s' of '%s' was not warmed up: %s", name, folder, error)


def recorded_requests(file: Path) -> Iterator[tuple[str, Mapping[str, np.ndarray]]]:
    """Reads a TFRecord file of `PredictionLog`: signatures and their tensors.

    Raises:
        ValueError: where a record is another call than Predict, or there are too many.
    """
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    for number, record in enumerate(tf.data.TFRecordDataset(str(file)).as_numpy_iterator()):
        if number == _MOST_REQUESTS:
            raise ValueError(f"{WARM_UP_FILE} has more than {_MOST_REQUESTS} requests")
        log = prediction_log_pb2.PredictionLog.FromString(record)
        if log.WhichOneof("log_type") != "predict_log":
            raise ValueError(f"{WARM_UP_FILE}: request {number} is not a predict_log")
        request = log.predict_log.request
        tensors = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
        yield request.model_spec.signature_name or DEFAULT_SIGNATURE, tensors


def _made_up(signature: Signature) -> dict[str, np.ndarray] | None:
    tensors: dict[str, np.ndarray] = {}
    for name, spec in signature.inputs.items():
        if spec.shape is None or -1 in spec.shape[1:]:
            return None
        shape = [max(size, 1) for size in spec.shape]
        if spec.dtype == "string" and name == IMAGE_INPUT:
            file = io.BytesIO()
            Image.new("RGB", (64, 64)).save(file, "PNG")
            tensors[name] = np.full(shape, file.getvalue(), object)
        elif spec.dtype == "float":
            tensors[name] = np.zeros(shape, np.float32)
        else:
            return None
    return tensors
