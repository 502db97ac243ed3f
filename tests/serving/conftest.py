"""A tiny SavedModel with a bundle's signatures, and a real server on it."""

from __future__ import annotations

import http.server
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import warm_start

ROOT = Path(__file__).resolve().parents[2]
SIZE = 4


@dataclass
class RunningServer:
    """A server process: where it listens and what it has written."""

    url: str
    grpc_address: str
    process: warm_start.Process
    log_path: Path

    def log(self) -> str:
        return self.log_path.read_text()

    def logged(self) -> list[dict[str, Any]]:
        """The lines of the log."""
        return [json.loads(line) for line in self.log().splitlines()]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Sends a signal; returns the exit status."""
        self.process.send_signal(number)
        self.process.communicate(timeout=30)
        return self.process.returncode


# stderr goes to a file while the server runs, so that a test can look at it.
_PROGRAM = """
import os, runpy, sys
os.dup2(os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT, 0o600), 2)
sys.argv[0] = "serving"
runpy.run_module("serving", run_name="__main__")
"""


def _start_server(base_path: Path | None, log_path: Path, *flags: str) -> RunningServer:
    """Starts `python -m serving` on a free port and waits until it says where it listens."""
    ports = ["--rest_api_port", "0", "--port", "0"]
    models = ["--model_base_path", base_path] if base_path else []
    process = warm_start.Process(["-c", _PROGRAM, log_path, *models, *ports, *flags], cwd=ROOT)
    deadline = time.monotonic() + 60  # a server that never gets ready fails the test
    while "gRPC: " not in process.written() and time.monotonic() < deadline:
        time.sleep(0.02)
    output = process.written()
    assert "gRPC: 127.0.0.1:" in output, output + log_path.read_text()
    url = output.split("curl ")[1].split("/v1/")[0]
    return RunningServer(url, output.split("gRPC: ")[1].strip(), process, log_path)


@pytest.fixture(scope="session")
def start_server() -> Callable[..., RunningServer]:
    """What starts a server: `start_server(base_path, log_path, *flags)`."""
    return _start_server


@pytest.fixture(scope="session")
def base_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with version 1 of a model that negates images, with the signatures of a bundle."""
    import tensorflow as tf

    def decode(image_bytes: tf.Tensor) -> tf.Tensor:
        return tf.io.decode_image(image_bytes, channels=3, expand_animations=False)

    class Negative(tf.Module):
        @tf.function(
            input_signature=[tf.TensorSpec([None, SIZE, SIZE, 3], tf.float32, name="image")]
        )
        def edit(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"edited_image": -image, "residual": -2.0 * image}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
        def edit_bytes(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
            edited = tf.map_fn(lambda one: tf.io.encode_png(255 - decode(one)), image_bytes)
            return {"edited_image_bytes": edited}

        @tf.function(
            input_signature=[
                tf.TensorSpec([None], tf.string, name="image_bytes"),
                tf.TensorSpec([None], tf.float32, name="strength"),
            ]
        )
        def edit_with_strength(
            self, image_bytes: tf.Tensor, strength: tf.Tensor
        ) -> dict[str, tf.Tensor]:
            def one(pair: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
                pixels = tf.cast(decode(pair[0]), tf.float32)
                edited = pixels + pair[1] * (255.0 - 2.0 * pixels)
                return tf.io.encode_png(tf.cast(tf.round(edited), tf.uint8))

            edited = tf.map_fn(one, (image_bytes, strength), fn_output_signature=tf.string)
            return {"edited_image_bytes": edited}

    model = Negative()
    folder = tmp_path_factory.mktemp("negative") / "saved_model"
    tf.saved_model.save(
        model,
        str(folder / "1"),
        signatures={
            "serving_default": model.edit,
            "image_bytes": model.edit_bytes,
            "image_bytes_with_strength": model.edit_with_strength,
        },
    )
    return folder


@pytest.fixture(scope="session")
def server(base_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """`python -m serving` in its own process, serving the model as "a b/c"."""
    log_path = tmp_path_factory.mktemp("server") / "log.txt"
    running = _start_server(base_path, log_path, "--model_name", "a b/c")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def client(server: RunningServer) -> Iterator[httpx.Client]:
    """A client of the server, over its socket."""
    with httpx.Client(base_url=server.url, timeout=20) as opened:
        yield opened


@pytest.fixture(scope="module")
def answered_by():
    """answered_by(handler): the address of a server on this machine that answers so."""
    servers = []

    def start(handler):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
