"""A server as it is run: several models, batching, new versions under load, and being stopped."""

from __future__ import annotations

import io
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from serving.client import EditClient, EditError

CONFIG = """
model_config_list {{
  config {{ name: "edit" base_path: "{folder}/edit" }}
  config {{
    name: "both" base_path: "{base_path}" model_version_policy {{ all {{}} }}
    version_labels {{ key: "stable" value: 1 }}
  }}
  {more}
}}
"""
BATCHING = """
max_batch_size { value: 4 } batch_timeout_micros { value: 2000 } num_batch_threads { value: 2 }
"""
SECONDS_TO_DRAIN = 1


@pytest.fixture(scope="module")
def folder(base_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models, and the files that a server is started with."""
    import tensorflow as tf

    class Slow(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def count(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
            counted = tf.while_loop(lambda y: y < x[0], lambda y: [y + 1.0], [0.0])[0]
            return {"y": counted + 0.0 * x}

    folder = tmp_path_factory.mktemp("operations")
    shutil.copytree(base_path / "1", folder / "edit" / "1")
    slow = Slow()
    tf.saved_model.save(slow, str(folder / "slow" / "1"), signatures=slow.count)
    write_models(folder, base_path)
    (folder / "batching").write_text(BATCHING)
    (folder / "monitoring").write_text('prometheus_config { enable: true path: "/metrics" }')
    return folder


def write_models(folder: Path, base_path: Path, more: str = "") -> None:
    text = CONFIG.format(folder=folder, base_path=base_path, more=more)
    (folder / "models").write_text(text)


@pytest.fixture(scope="module")
def running(
    folder: Path, start_server: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    server = start_server(
        None,
        tmp_path_factory.mktemp("log") / "log.txt",
        *("--model_config_file", folder / "models", "--model_config_file_poll_wait_seconds=0.2"),
        *("--file_system_poll_wait_seconds=0.1", "--enable_batching=true"),
        *("--batching_parameters_file", folder / "batching"),
        *("--monitoring_config_file", folder / "monitoring"),
        f"--drain_seconds={SECONDS_TO_DRAIN}",
    )
    yield server
    server.process.kill()


def photo() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (200, 180, 160)).save(file, "PNG")
    return file.getvalue()


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def states(running: Any, name: str) -> dict[str, str]:
    answer = httpx.get(f"{running.url}/v1/models/{name}").json()
    return {one["version"]: one["state"] for one in answer.get("model_version_status", [])}


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_the_client_edits_over_both(running: Any, scheme: str) -> None:
    url = running.url if scheme == "http" else f"grpc://{running.grpc_address}"
    with EditClient(url) as client:
        for strength, level in ((1.0, 55), (0.0, 200)):
            edited = Image.open(io.BytesIO(client.edit(photo(), "edit", strength, version=1)))
            assert edited.size == (8, 8)
            assert np.asarray(edited)[0, 0, 0] == level
        with pytest.raises(EditError, match=r"Latest\(no\)") as caught:
            client.edit(photo(), "no")
        assert caught.value.status in (404, "NOT_FOUND")


def test_labels_metrics_and_batches(running: Any) -> None:
    path = f"{running.url}/v1/models/both/labels/stable:predict"
    rows = {"instances": np.zeros((3, 4, 4, 3)).tolist()}
    assert httpx.post(path, json=rows).status_code == 200
    metrics = httpx.get(f"{running.url}/metrics").text
    assert ':processed_batch_size_count{model_name="both"} ' in metrics
    assert httpx.get(f"{running.url}/readyz").status_code == 200


def test_new_versions_under_load(running: Any, folder: Path) -> None:
    """One is broken and one is half-copied: nobody notices but who reads the status."""
    failed: list[str] = []
    answered = []
    stop = threading.Event()

    def ask() -> None:
        with EditClient(running.url, retries=0) as client:
            while not stop.is_set():
                try:
                    client.edit(photo(), "edit", 0.5)
                    answered.append(1)
                except EditError as error:
                    failed.append(f"{error.status} {error}")

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    whole = folder / "edit" / "1"
    try:
        (folder / "edit" / "2").mkdir()
        (folder / "edit" / "2" / "saved_model.pb").write_bytes(b"broken")
        wait_until(lambda: states(running, "edit").get("2") == "END")
        (folder / "edit" / "3").mkdir()
        contents = (whole / "saved_model.pb").read_bytes()
        (folder / "edit" / "3" / "saved_model.pb").write_bytes(contents[: len(contents) // 2])
        wait_until(lambda: states(running, "edit").get("3") == "END")
        assert states(running, "edit")["1"] == "AVAILABLE"
        for number in (4, 5):
            shutil.copytree(whole, folder / "copy")
            (folder / "copy").rename(folder / "edit" / str(number))
            wait_until(
                lambda number=number: states(running, "edit").get(str(number)) == "AVAILABLE"
            )
        wait_until(lambda: states(running, "edit")["4"] == "END")
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)
    assert failed == []
    assert len(answered) > 20
    assert states(running, "edit") == {
        **{"5": "AVAILABLE", "4": "END", "3": "END", "2": "END"},
        "1": "END",
    }


def test_a_changed_config_file_is_read_and_a_broken_one_changes_nothing(
    running: Any, folder: Path, base_path: Path
) -> None:
    (folder / "models").write_text("model_config_list { config {")
    wait_until(lambda: "is no ModelServerConfig in text form" in running.log())
    assert states(running, "both") == {"1": "AVAILABLE"}
    write_models(folder, base_path, f'config {{ name: "slow" base_path: "{folder}/slow" }}')
    wait_until(lambda: states(running, "slow") == {"1": "AVAILABLE"})


def test_a_server_that_is_stopped_answers_everybody_and_leaves(running: Any) -> None:
    """Even who waits for a prediction that would take for ever. Must be the last test here."""
    host, port = running.url.removeprefix("http://").split(":")
    body = b'{"instances": [1e30]}'
    head = "POST /v1/models/slow:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
    clients = [socket.create_connection((host, int(port)), timeout=60) for _ in range(4)]
    for client in clients:
        client.sendall(f"{head}{len(body)}\r\n\r\n".encode() + body)
    states(running, "slow")  # what was sent before is read before
    start = time.monotonic()
    assert running.stop() == 0
    assert time.monotonic() - start < SECONDS_TO_DRAIN + 10  # it takes two, on an idle machine
    for client in clients:
        answer = client.recv(10_000)
        assert answer.startswith((b"HTTP/1.1 503 ", b"HTTP/1.1 504 "))
        assert b'{"error": "' in answer
        client.close()
    assert "Traceback" not in running.log()
    assert running.logged()[-1]["message"] == "stopped"
