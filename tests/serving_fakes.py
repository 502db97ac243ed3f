"""A model without TensorFlow, for tests of what stands around models."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from serving.repository import PredictionCancelled
from serving.wire.signature import Signature, TensorSpec


def _signature(name: str, shape: tuple[int, ...] | None) -> Signature:
    spec = {"x": TensorSpec("x", "float", shape)}
    return Signature(name, spec, {"y": TensorSpec("y", "float", shape)}, _METHOD)


_METHOD = "tensorflow/serving/predict"


class FakeCancel(threading.Event):
    """Stops a prediction as soon as it looks."""

    start_cancel = threading.Event.set


class FakeServable:
    """Answers with what `function` makes of the input `x`."""

    signatures: ClassVar[Mapping[str, Signature]] = {
        "serving_default": _signature("serving_default", (-1,)),
        "pairs": _signature("pairs", (-1, -1)),
        "free": _signature("free", None),
    }
    signature_descriptions: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, function: Callable[[np.ndarray], np.ndarray] = lambda x: 2 * x) -> None:
        self._function = function

    def new_cancel(self) -> FakeCancel:
        return FakeCancel()

    def predict(
        self, signature_name: str, tensors: Mapping[str, np.ndarray], cancel: FakeCancel
    ) -> dict[str, np.ndarray]:
        outputs = self._function(tensors["x"])
        if cancel.is_set():
            raise PredictionCancelled
        return {"y": outputs}
