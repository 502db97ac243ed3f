"""A model without TensorFlow, and a server of it, for tests of what stands around models."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from serving.configuration.files import Tls
from serving.repository import PredictionCancelled
from serving.server import Ports, Server
from serving.version_folders import ModelSource
from serving.wire.limits import Limits
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


@contextlib.contextmanager
def running(folder: Path, limits: Limits, tls: Tls | None = None) -> Iterator[tuple[str, int]]:
    """The address of a server of the model m, which returns its input, in a thread."""
    (folder / "1").mkdir()
    server = Server(limits, lambda path: FakeServable(lambda x: x))
    server.lifecycle.set_sources([ModelSource("m", folder)])
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    http = server.http(Ports(listener, tls=tls))
    thread = threading.Thread(target=http.run, args=([listener],))
    thread.start()
    yield listener.getsockname()
    http.should_exit = True
    thread.join(20)
