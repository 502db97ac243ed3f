"""The application without a socket: states, defects and what is kept off the event loop."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from serving.repository import ModelSource, Repository
from serving.rest import classify_or_regress_error, create_app
from serving.signature import Signature, TensorSpec

DOUBLE = Signature(
    "serving_default",
    {"x": TensorSpec("x", "float", (-1,))},
    {"y": TensorSpec("y", "float", (-1,))},
    "tensorflow/serving/predict",
)
PREDICT = "/v1/models/m:predict"


class FakeServable:
    """Answers with what `function` makes of the input `x`."""

    signatures: Mapping[str, Signature] = {"serving_default": DOUBLE}
    signature_descriptions: Mapping[str, Any] = {}

    def __init__(self, function: Callable[[np.ndarray], np.ndarray]) -> None:
        self._function = function

    def predict(
        self, signature_name: str, tensors: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        return {"y": self._function(tensors["x"])}


def make_client(
    tmp_path: Path, function: Callable[[np.ndarray], np.ndarray] = lambda x: 2 * x
) -> httpx.AsyncClient:
    (tmp_path / "1").mkdir()
    repository = Repository([ModelSource("m", tmp_path)], lambda path: FakeServable(function))
    repository.load()
    transport = httpx.ASGITransport(create_app(repository), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://server")


def send(client: httpx.AsyncClient, method: str, path: str, **options: Any) -> httpx.Response:
    return asyncio.run(client.request(method, path, **options))


def test_predict(tmp_path: Path) -> None:
    answer = send(make_client(tmp_path), "POST", PREDICT, json={"instances": [0.1, 2]})
    assert answer.status_code == 200
    assert answer.json() == {"predictions": [0.2, 4.0]}


def test_a_defect_is_500_without_a_word_about_it(tmp_path: Path) -> None:
    def fail(x: np.ndarray) -> np.ndarray:
        raise KeyError("a secret of ours")

    answer = send(make_client(tmp_path, fail), "POST", PREDICT, json={"instances": [1]})
    assert answer.status_code == 500
    assert answer.json() == {"error": "Internal error; the server's log says more"}


def test_the_log_has_path_status_and_time_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="serving")
    client = make_client(tmp_path)
    send(client, "POST", PREDICT + "?q=secret", json={"instances": [1234567]})
    send(client, "POST", "/v1/models/%0Ainjected:predict", content=b"secret")
    first, second = [record.getMessage() for record in caplog.records if record.name == "serving"]
    assert first.startswith("POST /v1/models/m:predict 200 ")
    assert first.endswith(" ms")
    assert second.startswith("POST /v1/models/%0Ainjected:predict 404 ")
    assert "1234567" not in caplog.text
    assert "secret" not in first + second


def test_a_defect_is_logged_as_500(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def fail(x: np.ndarray) -> np.ndarray:
        raise KeyError("a secret of ours")

    caplog.set_level(logging.INFO, logger="serving")
    send(make_client(tmp_path, fail), "POST", PREDICT, json={"instances": [1]})
    assert f"POST {PREDICT} 500 " in caplog.text


def test_status_answers_while_a_prediction_runs(tmp_path: Path) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def wait(x: np.ndarray) -> np.ndarray:
        begun.set()
        assert may_end.wait(timeout=10)
        return x

    async def status_during_prediction() -> tuple[int, bool, int]:
        async with make_client(tmp_path, wait) as client:
            prediction = asyncio.create_task(client.post(PREDICT, json={"instances": [1]}))
            await asyncio.to_thread(begun.wait, 10)
            status = await client.get("/v1/models/m")
            still_running = not prediction.done()
            may_end.set()
            return status.status_code, still_running, (await prediction).status_code

    assert asyncio.run(status_during_prediction()) == (200, True, 200)


def test_classify_and_regress_say_what_is_missing(tmp_path: Path) -> None:
    client = make_client(tmp_path)
    for verb, kind in (("classify", "classification"), ("regress", "regression")):
        answer = send(client, "POST", f"/v1/models/m:{verb}", json={"examples": [{"x": 1}]})
        assert answer.status_code == 400
        assert answer.json()["error"].startswith(
            f"Expected {kind} signature method_name to be tensorflow/serving/{verb}. "
            "Was: tensorflow/serving/predict"
        )
        answer = send(client, "POST", f"/v1/models/m:{verb}", json={"signature_name": "no"})
        assert answer.status_code == 400
        assert answer.json()["error"] == "No signature was found with the name: no"


def test_a_real_classify_signature_is_unimplemented() -> None:
    real = Signature("serving_default", {}, {}, "tensorflow/serving/classify")
    error = classify_or_regress_error("classify", "serving_default", real)
    assert error.http_status == 501


def test_a_failed_version_shows_in_its_status(tmp_path: Path) -> None:
    def fail(path: Path) -> Any:
        raise OSError("cut short")

    (tmp_path / "1").mkdir()
    repository = Repository([ModelSource("m", tmp_path)], fail)
    repository.load()
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(repository)), base_url="http://server"
    )
    assert send(client, "GET", "/v1/models/m").json() == {
        "model_version_status": [
            {
                "version": "1",
                "state": "END",
                "status": {"error_code": "UNKNOWN", "error_message": "cut short"},
            }
        ]
    }
    answer = send(client, "POST", PREDICT, json={"instances": [1]})
    assert (answer.status_code, answer.json()) == (
        404,
        {"error": "Servable not found for request: Latest(m)"},
    )
