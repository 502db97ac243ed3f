"""The application without a socket: states, defects and what is kept off the event loop."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from serving_fakes import FakeServable, server_of

from serving.operations.access import Access
from serving.repository import PredictionCancelled
from serving.rest.descriptions import classify_or_regress_error
from serving.server import Server
from serving.version_folders import ModelSource
from serving.wire.limits import Limits
from serving.wire.signature import Signature

PREDICT = "/v1/models/m:predict"


def make_server(
    tmp_path: Path,
    function: Callable[[np.ndarray], np.ndarray] = lambda x: 2 * x,
    limits: Limits = Limits(),  # noqa: B008  frozen
    access: Access = Access(),  # noqa: B008  frozen
    servable: type[FakeServable] = FakeServable,
) -> Server:
    return server_of(tmp_path, limits, servable(function), access)


def client_of(server: Server) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(server.app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


def make_client(tmp_path: Path, *arguments: Any, **options: Any) -> httpx.AsyncClient:
    return client_of(make_server(tmp_path, *arguments, **options))


def send(client: httpx.AsyncClient, method: str, path: str, **options: Any) -> httpx.Response:
    return asyncio.run(client.request(method, path, **options))


def logged(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """What the log says about requests."""
    return [record.fields for record in caplog.records if record.getMessage() == "request"]


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
    send(client, "GET", "/v1/models/" + "m" * 1000, headers={"X-Request-Id": "mine-1"})
    first, second, third = logged(caplog)
    assert first.keys() == {"request_id", "method", "path", "status", "milliseconds"}
    assert (first["method"], first["path"], first["status"]) == ("POST", PREDICT, 200)
    assert (second["path"], second["status"]) == ("/v1/models/%0Ainjected:predict", 404)
    assert len(third["path"]) < 210
    assert third["request_id"] == "mine-1"
    told = f"{first} {second} {third} {caplog.text}"
    assert "1234567" not in told
    assert "secret" not in told


def test_a_defect_is_logged_as_500(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def fail(x: np.ndarray) -> np.ndarray:
        raise KeyError("a secret of ours")

    caplog.set_level(logging.INFO, logger="serving")
    send(make_client(tmp_path, fail), "POST", PREDICT, json={"instances": [1]})
    assert [line["status"] for line in logged(caplog)] == [500]
    assert "a secret of ours" in caplog.text  # the traceback, for who runs the server


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
    server = Server(Limits(), fail)
    server.lifecycle.set_sources([ModelSource("m", tmp_path)])
    client = client_of(server)
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


def waits_for(gate: threading.Event) -> Callable[[np.ndarray], np.ndarray]:
    def wait(x: np.ndarray) -> np.ndarray:
        gate.wait(10)
        return x

    return wait


class TestBounds:
    """What a request may cost, and what is said when it would cost more."""

    @pytest.fixture
    def gate(self):
        """Predictions begin and wait until it is opened."""
        opened = threading.Event()
        yield opened
        opened.set()

    def test_who_is_too_many_is_told_so_in_json_and_logged(self, tmp_path, gate, caplog) -> None:
        caplog.set_level(logging.INFO, logger="serving")
        server = make_server(tmp_path, waits_for(gate), Limits(waiting=3, seconds=10))

        async def many() -> list[httpx.Response]:
            async with client_of(server) as client:
                requests = [
                    asyncio.create_task(client.post(PREDICT, json={"instances": [1]}))
                    for _ in range(9)
                ]
                await asyncio.wait(requests, return_when=asyncio.FIRST_COMPLETED)
                gate.set()
                return await asyncio.gather(*requests)

        answers = asyncio.run(many())
        refused = [answer for answer in answers if answer.status_code != 200]
        assert 1 <= len(refused) <= 9 - 3
        for answer in refused:
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "1"
            assert "full" in answer.json()["error"] or "try again" in answer.json()["error"]
        assert [line["status"] for line in logged(caplog)].count(503) == len(refused)

    def test_no_slot_is_held_over_the_limit(self, tmp_path) -> None:
        begun = []

        class EndlessUnlessCancelled(FakeServable):
            def predict(self, signature_name, tensors, cancel):
                begun.append(tensors)
                if tensors["x"][0] < 0:
                    assert cancel.wait(30)
                    raise PredictionCancelled
                return super().predict(signature_name, tensors, cancel)

        server = make_server(tmp_path, limits=Limits(seconds=1.5), servable=EndlessUnlessCancelled)

        async def slow_ones_and_then_a_quick_one() -> list[httpx.Response]:
            async with client_of(server) as client:
                slow = [client.post(PREDICT, json={"instances": [-1]}) for _ in range(4)]
                answers = await asyncio.gather(*slow)
                return [*answers, await client.post(PREDICT, json={"instances": [1]})]

        *slow, quick = asyncio.run(slow_ones_and_then_a_quick_one())
        assert [answer.status_code for answer in slow] == [504] * 4
        assert "took longer than it may" in slow[0].json()["error"]
        assert quick.status_code == 200
        assert begun[-1]["x"] == 1

    def test_a_stopped_server_answers_what_it_has_begun(self, tmp_path, gate) -> None:
        server = make_server(tmp_path, waits_for(gate))

        async def stop_meanwhile() -> list[httpx.Response]:
            async with client_of(server) as client:
                requests = [
                    asyncio.create_task(client.post(PREDICT, json={"instances": [1]}))
                    for _ in range(4)
                ]
                await asyncio.sleep(0.2)
                server.scheduler.stop()
                gate.set()
                late = await client.post(PREDICT, json={"instances": [1]})
                return [*await asyncio.gather(*requests), late]

        answers = asyncio.run(stop_meanwhile())
        assert {answer.status_code for answer in answers} <= {503, 504}
        assert answers[-1].json() == {"error": "The server is being stopped"}


class TestAccess:
    @pytest.mark.parametrize(
        "host", ["localhost", "LOCALHOST:8501", "127.0.0.1:1", "[::1]:8501", "10.2.3.4", "edits:80"]
    )
    def test_names_on_the_list_and_addresses_are_answered(self, tmp_path, host) -> None:
        client = make_client(tmp_path, access=Access(hosts=("edits",)))
        answer = send(client, "GET", "/v1/models/m", headers={"Host": host})
        assert answer.status_code == 200

    @pytest.mark.parametrize("host", ["evil.example", "evil.example:8501", "", "localhost.evil"])
    def test_another_name_is_not(self, tmp_path, host) -> None:
        """A page elsewhere that makes its own name point here is sent away."""
        client = make_client(tmp_path)
        answer = send(client, "POST", PREDICT, json={"instances": [1]}, headers={"Host": host})
        assert answer.status_code == 403
        assert "--rest_api_allowed_hosts" in answer.json()["error"]
        client = make_client(tmp_path, access=Access(hosts=("*",)))
        assert send(client, "GET", "/v1/models/m", headers={"Host": host}).status_code == 200

    def test_a_token(self, tmp_path) -> None:
        client = make_client(tmp_path, access=Access(token="right"))
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic right"}):
            answer = send(client, "GET", "/v1/models/m", headers=headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
        headers = {"Authorization": "Bearer right"}
        assert send(client, "GET", "/v1/models/m", headers=headers).status_code == 200
        assert send(client, "GET", "/healthz").status_code == 200

    def test_two_lengths_are_one_too_many(self, tmp_path) -> None:
        headers = {"Content-Length": "3", "Transfer-Encoding": "chunked"}
        answer = send(make_client(tmp_path), "POST", PREDICT, content=b"{}", headers=headers)
        assert answer.status_code == 400
        assert answer.headers["connection"] == "close"

    def test_pages_from_elsewhere_read_nothing_unless_asked_for(self, tmp_path) -> None:
        client = make_client(tmp_path)
        assert "access-control-allow-origin" not in send(client, "GET", "/v1/models/m").headers
        assert send(client, "OPTIONS", PREDICT).status_code == 400
        client = make_client(tmp_path, access=Access(cors=True))
        assert send(client, "GET", "/v1/models/m").headers["access-control-allow-origin"] == "*"
        assert send(client, "OPTIONS", PREDICT).status_code == 200


def test_health_readiness_and_metrics(tmp_path: Path) -> None:
    server = make_server(tmp_path)
    client = client_of(server)
    assert send(client, "GET", "/healthz").status_code == 200
    assert send(client, "GET", "/readyz").json() == {"status": "ready"}
    send(client, "POST", PREDICT, json={"instances": [1, 2]})
    send(client, "POST", "/v1/models/chosen-by-clients:predict", json={"instances": [1]})
    metrics = send(client, "GET", "/monitoring/prometheus/metrics").text
    assert ':tensorflow:serving:request_count{model_name="m",status="OK"} 1\n' in metrics
    latency = ':tensorflow:serving:request_latency_count{model_name="m",API="predict",entrypoint'
    assert f'{latency}="REST"}} 1\n' in metrics
    assert "chosen-by-clients" not in metrics
    server.predictor.is_draining = True
    assert send(client, "GET", "/readyz").status_code == 503
    assert send(client, "GET", "/healthz").status_code == 200


def test_nothing_is_ready_while_a_model_has_no_version(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    server = make_server(tmp_path)
    server.lifecycle.set_sources([ModelSource("m", tmp_path), ModelSource("n", tmp_path / "empty")])
    assert send(client_of(server), "GET", "/readyz").status_code == 503
