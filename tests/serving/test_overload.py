"""While there is no room: who asks is told so by the head of the request, cheaply and truly."""

from __future__ import annotations

import contextlib
import http.client
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from serving_fakes import FakeServable, Opened, opened, server_of

from serving.operations.access import Access
from serving.rest.overload import Refusals
from serving.wire.limits import Limits

PREDICT = "/v1/models/m:predict"
BODY = b'{"instances": [1.5]}'
HEAD = (
    f"POST {PREDICT} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer right\r\n"
    f"Content-Length: {len(BODY)}\r\n"
).encode()
RUNNING, WAITING = 2, 3  # without batching two run at once


class Gate(FakeServable):
    """Runs while it is open, and knows how many are in it."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.inside = 0
        self._lock = threading.Lock()
        super().__init__(self.wait)

    def wait(self, x: np.ndarray) -> np.ndarray:
        with self._lock:
            self.inside += 1
        assert self.open.wait(30)
        with self._lock:
            self.inside -= 1
        return x


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


@pytest.fixture(scope="module")
def server(gate: Gate, tmp_path_factory: pytest.TempPathFactory) -> Any:
    limits = Limits(waiting=WAITING, header_seconds=0.5)
    access = Access(token="right", cors=True)
    return server_of(tmp_path_factory.mktemp("models"), limits, gate, access)


@pytest.fixture(scope="module")
def at(server: Any) -> Iterator[Opened]:
    with opened(server) as opened_:
        yield opened_


def connect(at: Opened) -> socket.socket:
    return socket.create_connection(at.address, timeout=20)


def answer(connection: socket.socket) -> tuple[int, dict[str, str], Any]:
    """Status, headers and JSON of the next answer."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    contents = response.read()
    return response.status, {key.lower(): value for key, value in response.getheaders()}, contents


@pytest.fixture
def full(at: Opened, server: Any, gate: Gate) -> Iterator[list[socket.socket]]:
    """The connections of as many as run and wait, none of whom is answered yet."""
    gate.open.clear()
    connections = [connect(at) for _ in range(RUNNING + WAITING)]
    for connection in connections[:RUNNING]:
        connection.sendall(HEAD + b"\r\n" + BODY)
    wait_until(lambda: gate.inside == RUNNING)
    for connection in connections[RUNNING:]:
        connection.sendall(HEAD + b"\r\n" + BODY)
    wait_until(lambda: server.scheduler.waiting == WAITING)
    yield connections
    gate.open.set()
    wait_until(lambda: not gate.inside and not server.scheduler.waiting)
    for connection in connections:
        connection.close()


def test_of_200_at_once_those_without_room_are_told_to_come_again(
    at: Opened, gate: Gate, full: list[socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="serving")
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(connect(at)) for _ in range(200 - len(full))]
        for other in others:
            other.sendall(HEAD + b"\r\n" + BODY)
        for other in others:
            status, headers, contents = answer(other)
            assert status == 503
            assert headers["content-type"] == "application/json"
            assert int(headers["retry-after"]) >= 1
            assert headers["access-control-allow-origin"] == "*"
            assert "try again later" in json.loads(contents)["error"]
        gate.open.set()
        assert [answer(one)[0] for one in full] == [200] * len(full)
    logged = [record.fields for record in caplog.records if record.getMessage() == "request"]
    refused = [line for line in logged if line["status"] == 503]
    assert len(refused) == len(others)
    assert {(line["method"], line["path"]) for line in refused} == {("POST", PREDICT)}
    assert len({line["request_id"] for line in refused}) == len(others)


def test_the_connection_stays_and_the_body_is_passed_over(
    at: Opened, gate: Gate, full: list[socket.socket]
) -> None:
    with connect(at) as connection:
        connection.sendall(HEAD + b"X-Request-Id: mine-1\r\n\r\n" + BODY[:5])
        status, headers, _ = answer(connection)
        assert (status, headers["x-request-id"]) == (503, "mine-1")
        connection.sendall(BODY[5:])
        time.sleep(0.7)  # longer than a head may take
        gate.open.set()
        for one in full:
            answer(one)
        connection.sendall(HEAD + b"\r\n" + BODY)
        status, _, contents = answer(connection)
        assert (status, json.loads(contents)) == (200, {"predictions": [1.5]})


def test_a_body_that_does_not_come_closes_the_connection(
    at: Opened, full: list[socket.socket]
) -> None:
    with connect(at) as connection:
        connection.sendall(HEAD + b"\r\n" + BODY[:5])
        assert answer(connection)[0] == 503
        assert connection.recv(100) == b""


def test_who_waits_to_be_asked_for_a_body_sends_none(at: Opened, full: list[socket.socket]) -> None:
    with connect(at) as connection:
        connection.sendall(HEAD + b"Expect: 100-continue\r\n\r\n")
        status, headers, _ = answer(connection)
        assert (status, headers["connection"]) == (503, "close")
        assert connection.recv(100) == b""


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ((b"models/m:", b"models/no:"), 404),
        ((b"Bearer right", b"Bearer wrong"), 401),
        ((b"localhost", b"evil.example"), 403),
        ((b":predict", b":classify"), 503),
        ((b":predict", b""), 400),
        ((b"POST", b"GET"), 400),
    ],
)
def test_all_else_is_answered_as_ever(
    at: Opened, full: list[socket.socket], change: tuple[bytes, bytes], status: int
) -> None:
    with connect(at) as connection:
        connection.sendall(HEAD.replace(*change) + b"\r\n" + BODY)
        assert answer(connection)[0] == status
    with connect(at) as connection:
        connection.sendall(
            b"GET /v1/models/m HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer right\r\n\r\n"
        )
        assert answer(connection)[0] == 200


def test_the_more_are_refused_the_longer_they_wait() -> None:
    now = [10.0]
    refusals = Refusals(lambda: now[0])
    assert refusals.wait() == 1
    assert [refusals.wait() for _ in range(60)][-1] == 3
    now[0] = 11.5
    assert refusals.wait() == 3  # as many as in the second before
    assert [refusals.wait() for _ in range(10_000)][-1] == 20
    now[0] = 13.5  # and nobody in between
    assert refusals.wait() == 1
