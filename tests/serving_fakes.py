"""A model without TensorFlow, and a server of it, for tests of what stands around models."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from serving.configuration.files import Tls
from serving.operations.access import Access
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


class FakeEdit(FakeServable):
    """Gives back the photos that it is sent, as an exported edit with its strengths."""

    signatures: ClassVar[Mapping[str, Signature]] = {
        "image_bytes_with_strength": Signature(
            "image_bytes_with_strength",
            {
                "image_bytes": TensorSpec("image_bytes", "string", (-1,)),
                "strength": TensorSpec("strength", "float", (-1,)),
            },
            {"edited_image_bytes": TensorSpec("edited_image_bytes", "string", (-1,))},
            _METHOD,
        )
    }

    def predict(
        self, signature_name: str, tensors: Mapping[str, np.ndarray], cancel: FakeCancel
    ) -> dict[str, np.ndarray]:
        return {"edited_image_bytes": tensors["image_bytes"]}


@dataclass
class Opened:
    """A server that runs in a thread: its addresses, and how it is told to stop."""

    address: tuple[str, int]
    grpc_port: int | None
    stop: Callable[[], None]


@contextlib.contextmanager
def opened(server: Server, tls: Tls | None = None, grpc: bool = False) -> Iterator[Opened]:
    """Runs a server in a thread, over real sockets."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    grpc_port = None
    if grpc:
        with socket.create_server(("127.0.0.1", 0)) as free:
            grpc_port = free.getsockname()[1]
    ready = threading.Event()
    http = server.http(Ports(listener, grpc_port=grpc_port, tls=tls), ready.set)
    thread = threading.Thread(target=http.run, args=([listener],))
    thread.start()
    assert ready.wait(60)
    address = listener.getsockname()
    yield Opened(address, grpc_port, lambda: http.handle_exit(signal.SIGTERM, None))
    http.should_exit = True
    thread.join(20)


def server_of(
    folder: Path,
    limits: Limits = Limits(),  # noqa: B008  frozen
    servable: FakeServable | None = None,
    access: Access = Access(),  # noqa: B008  frozen
) -> Server:
    """A server of the model m, which returns its input where nothing else is said."""
    (folder / "1").mkdir(exist_ok=True)
    loaded = servable or FakeServable(lambda x: x)
    server = Server(limits, lambda path: loaded, access=access, warms_up=False)
    server.lifecycle.set_sources([ModelSource("m", folder)])
    return server
