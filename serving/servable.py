"""A SavedModel loaded from a version folder: its signatures, and calls to them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.eager import cancellation

from faceattr.edits import checked_strength
from faceattr.errors import UserError

from .repository import Cancel, PredictionCancelled
from .version_folders import SAVED_MODEL_FILE
from .wire.request_error import RequestError
from .wire.signature import Signature, describe, read_signature

_SERVE_TAG = "serve"
# Of an exported edit; its strengths have a range that no signature can tell.
_STRENGTH_SIGNATURE = "image_bytes_with_strength"

# TensorFlow's error codes and the statuses that TensorFlow Serving answers with. Every other
# code is a defect of the graph or of this server: HTTP 500 and a traceback in the log.
_HTTP_STATUSES = {
    tf.errors.INVALID_ARGUMENT: 400,
    tf.errors.FAILED_PRECONDITION: 400,
    tf.errors.OUT_OF_RANGE: 400,
    tf.errors.NOT_FOUND: 404,
    tf.errors.RESOURCE_EXHAUSTED: 429,
    tf.errors.UNIMPLEMENTED: 501,
    tf.errors.UNAVAILABLE: 503,
    tf.errors.DEADLINE_EXCEEDED: 504,
}


class SavedModelServable:
    """A loaded SavedModel. Its calls may come from several threads at once.

    Attributes:
        signatures: the signatures that can be called, by name.
        signature_descriptions: every signature in the file, as the metadata path shows it.
    """

    def __init__(self, path: Path) -> None:
        """Loads the SavedModel in a version folder.

        Raises:
            OSError, ValueError, tf.errors.OpError and others: where it is missing or broken.
        """
        # The exported object keeps the variables alive; the functions alone do not.
        self._model = tf.saved_model.load(str(path))
        self._functions = dict(self._model.signatures)
        definitions = _read_definitions(path)
        self.signatures: Mapping[str, Signature] = {
            name: read_signature(name, definitions[name]) for name in self._functions
        }
        self.signature_descriptions: Mapping[str, Any] = {
            name: describe(definition) for name, definition in sorted(definitions.items())
        }

    def new_cancel(self) -> Cancel:
        """What stops a prediction between two of its operations."""
        return cancellation.CancellationManager()

    def predict(
        self, signature_name: str, tensors: Mapping[str, np.ndarray], cancel: Cancel
    ) -> dict[str, np.ndarray]:
        """Calls a signature.

        Args:
            signature_name: str, a key of `signatures`.
            tensors: arrays by input name, of the signature's dtypes and shapes (strings as
                `bytes` objects).
            cancel: from `new_cancel`.

        Returns:
            Arrays by output name, in the signature's order.

        Raises:
            RequestError: where the graph refuses the tensors, such as bytes that are no image, or
                where a strength of an edit is out of its range.
            PredictionCancelled: when it was stopped.
        """
        if signature_name == _STRENGTH_SIGNATURE:
            _check_strengths(tensors["strength"])
        inputs = {name: tf.constant(array) for name, array in tensors.items()}
        try:
            with cancellation.CancellationManagerContext(cancel):
                outputs = self._functions[signature_name](**inputs)
        except tf.errors.CancelledError as error:
            raise PredictionCancelled from error
        except tf.errors.OpError as error:
            if error.error_code not in _HTTP_STATUSES:
                raise
            raise RequestError(cause(error.message), _HTTP_STATUSES[error.error_code]) from error
        return {
            name: np.asarray(outputs[name].numpy())
            for name in self.signatures[signature_name].outputs
        }


def _check_strengths(strengths: np.ndarray) -> None:
    for strength in strengths.ravel():
        try:
            checked_strength(strength, "strength")
        except UserError as error:
            raise RequestError(str(error)) from None


def cause(message: str) -> str:
    """The one line of a TensorFlow error message that says what was wrong.

    A graph's error begins with "Graph execution error:" and a stack trace; the line that says
    what happened stands before the first one that names a node, `[[{{node …}}]]`.
    """
    lines = [line for line in message.splitlines() if line.strip()]
    for before, line in itertools.pairwise(lines):
        if line.lstrip().startswith("[[{{node"):
            return before.strip()
    return lines[0].strip() if lines else "The model refused the request"


def _read_definitions(path: Path) -> dict[str, Any]:
    """The `SignatureDef`s of the graph that is meant for serving."""
    saved_model = saved_model_pb2.SavedModel()
    saved_model.ParseFromString((path / SAVED_MODEL_FILE).read_bytes())
    for graph in saved_model.meta_graphs:
        if _SERVE_TAG in graph.meta_info_def.tags:
            return dict(graph.signature_def)
    raise ValueError(f"no graph with the tag '{_SERVE_TAG}' in {path / SAVED_MODEL_FILE}")
