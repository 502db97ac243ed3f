"""Bounds of connections, over real sockets: an HTTP server in this process, with short times."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from serving_fakes import FakeServable, opened, server_of

from serving.wire.limits import Limits

LIMITS = Limits(header_seconds=0.4, body_seconds=0.5, idle_seconds=1, connections=600)
HEAD = b"POST /v1/models/m:predict HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    with opened(server_of(tmp_path_factory.mktemp("models"), LIMITS)) as server:
        yield server.address


@pytest.fixture
def connection(address: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.create_connection(address, timeout=10) as connected:
        yield connected


def answer(connection: socket.socket) -> tuple[int, Any]:
    """Status and JSON of what is answered until the connection is closed, or the body complete."""
    received = b""
    while True:
        head, _, body = received.partition(b"\r\n\r\n")
        if body and body.endswith(b"}"):
            return int(head.split()[1]), json.loads(body)
        more = connection.recv(65536)
        if not more:
            return 0, received
        received += more


def predict(connection: socket.socket, body: bytes = b'{"instances": [1.0]}') -> tuple[int, Any]:
    connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    return answer(connection)


def test_500_silent_sockets_hold_up_nobody(address: tuple[str, int]) -> None:
    silent = [socket.create_connection(address, timeout=10) for _ in range(500)]
    with socket.create_connection(address, timeout=10) as connection:
        assert predict(connection) == (200, {"predictions": [1.0]})
    status, told = answer(silent[0])
    assert (status, told) == (408, {"error": "The request's head did not come in time"})
    for one in silent:
        one.close()


def test_a_head_byte_by_byte_is_cut_off(connection: socket.socket) -> None:
    start = time.monotonic()
    connection.sendall(HEAD)
    while time.monotonic() - start < 5:
        try:
            connection.sendall(b"a")
        except OSError:
            break
        time.sleep(0.05)
    assert time.monotonic() - start < 5
    assert answer(connection)[0] == 408


def test_a_body_that_does_not_come_is_cut_off(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 10\r\n\r\n{")
    assert answer(connection) == (408, {"error": "The request's body did not come in time"})
    assert connection.recv(10) == b""


def test_an_idle_connection_is_closed_and_line_ends_keep_it_open_no_longer(
    connection: socket.socket,
) -> None:
    assert predict(connection)[0] == 200
    start = time.monotonic()
    status = None
    while status is None and time.monotonic() - start < 8:
        connection.settimeout(0.1)
        try:
            connection.sendall(b"\r\n")
            status, _ = answer(connection)
        except TimeoutError:
            continue
        except OSError:
            status = 0
    assert status in (0, 408)


def test_a_head_without_end_is_refused(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"X-Long: " + b"a" * 100_000)
    assert answer(connection)[0] == 431


def test_several_requests_share_a_connection(connection: socket.socket) -> None:
    for number in (1.0, 2.5):
        body = json.dumps({"instances": [number]}).encode()
        assert predict(connection, body) == (200, {"predictions": [number]})


def test_what_is_no_http_is_answered_in_json(connection: socket.socket) -> None:
    connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
    assert answer(connection) == (400, {"error": "Invalid HTTP request received."})


def test_both_lengths_are_refused_and_nothing_follows(connection: socket.socket) -> None:
    connection.sendall(
        HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HEAD + b"\r\n"
    )
    assert answer(connection)[0] == 400
    assert connection.recv(10) == b""


def test_one_connection_too_many_is_told_so_in_json(tmp_path: Path) -> None:
    server = server_of(tmp_path, Limits(connections=5))
    with opened(server) as at, contextlib.ExitStack() as stack:
        many = [
            stack.enter_context(socket.create_connection(at.address, timeout=10)) for _ in range(6)
        ]
        status, told = answer(many[-1])
        assert status == 503
        assert "as many connections as it can" in told["error"]
        assert predict(many[0])[0] == 200


def test_who_reads_nothing_is_given_up(tmp_path: Path) -> None:
    server = server_of(tmp_path, Limits(body_seconds=2))
    with opened(server) as at, socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(20)
        connection.connect(at.address)
        numbers = b",".join([b"0.1234567"] * 800_000)
        body = b'{"signature_name": "free", "inputs": [' + numbers + b"]}"
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        connection.recv(100)
        time.sleep(2.5)
        received = 0
        with contextlib.suppress(ConnectionResetError):
            while more := connection.recv(2**20):
                received += len(more)
        assert received < len(numbers) - 100


def takes_connections(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=20).close()
    except ConnectionError:
        return False
    return True


def test_a_server_that_is_stopped_answers_what_has_begun_and_takes_no_more(tmp_path: Path) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow(x: np.ndarray) -> np.ndarray:
        begun.set()
        assert may_end.wait(20)
        return x

    server = server_of(tmp_path, servable=FakeServable(slow))
    with opened(server) as at, socket.create_connection(at.address, timeout=20) as connection:
        body = b'{"instances": [1.5]}'
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert begun.wait(20)
        at.stop()
        deadline = time.monotonic() + 20
        while takes_connections(at.address):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        may_end.set()
        assert answer(connection) == (200, {"predictions": [1.5]})
