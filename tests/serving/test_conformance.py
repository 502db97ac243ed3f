"""The check of the contract notices what breaks it."""

from __future__ import annotations

import http.server
import sys

import pytest

from faceattr.errors import UserError
from serving.conformance.__main__ import failures, main
from serving.conformance.contract import Contract
from serving.conformance.rules import RULES


class Careless(http.server.BaseHTTPRequestHandler):
    """Says 200 and an empty object to everything."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_GET  # noqa: N815  http.server's name

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def careless(answered_by) -> str:
    return answered_by(Careless)


def test_a_careless_server_keeps_no_rule(careless: str) -> None:
    found = list(failures(Contract(careless, "m")))
    assert len(found) == len(RULES)
    assert [rule for rule, wrong in found if wrong is None] == []


def test_the_command_says_which_and_fails(
    careless: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["serving.conformance", careless, "--model", "m"])
    assert main() == 1
    output = capsys.readouterr().out
    assert "FAIL GET NAME/metadata tells signatures, sizes as strings: " in output
    assert output.endswith(f"0 of {len(RULES)} rules hold\n")


def test_nobody_there_is_told() -> None:
    (_, wrong), *_ = failures(Contract("http://127.0.0.1:9", "m"))
    assert wrong is not None
    assert wrong.startswith("no answer (")


def test_an_address_that_is_none() -> None:
    with pytest.raises(UserError, match="URL: '127"):
        Contract("127.0.0.1:8501", "m")
