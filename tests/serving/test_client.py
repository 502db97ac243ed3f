"""The client, against a server that answers as it is told."""

from __future__ import annotations

import base64
import http.server
import json
import time
from typing import Any, ClassVar

import pytest

from faceattr.errors import UserError
from serving.client import EditClient, EditError

PNG = b"\x89PNG edited"
ANSWER = {"predictions": [{"b64": base64.b64encode(PNG).decode()}]}


class Scripted(http.server.BaseHTTPRequestHandler):
    """Gives the next of `script`: status, JSON or bytes, headers; None closes without a word."""

    protocol_version = "HTTP/1.1"
    script: ClassVar[list[Any]] = []
    asked: ClassVar[list[Any]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.path, json.loads(body), dict(self.headers)))
        step = self.script.pop(0)
        if step is None:
            self.close_connection = True
            return
        status, contents, headers = step
        if callable(contents):
            contents = contents()
        contents = contents if isinstance(contents, bytes) else json.dumps(contents).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(contents)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(contents)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def url(answered_by) -> str:
    return answered_by(Scripted)


def script(*steps: Any) -> None:
    Scripted.script[:] = [
        step if step is None else (*step, {}) if len(step) == 2 else step for step in steps
    ]
    Scripted.asked.clear()


def test_it_asks_for_the_edit_of_that_name(url: str) -> None:
    script((200, ANSWER), (200, ANSWER))
    with EditClient(url, token="secret") as client:
        assert client.edit(b"photo", "a b/c", 0.8) == PNG
        assert client.edit(b"photo", "edit", version=3) == PNG
    (path, body, headers), (other, plain, _) = Scripted.asked
    assert path == "/v1/models/a%20b%2Fc:predict"
    assert body == {
        "signature_name": "image_bytes_with_strength",
        "instances": [
            {"image_bytes": {"b64": base64.b64encode(b"photo").decode()}, "strength": 0.8}
        ],
    }
    assert headers["Authorization"] == "Bearer secret"
    assert other == "/v1/models/edit/versions/3:predict"
    assert plain["instances"][0]["strength"] == 1


def test_one_of_several_outputs(url: str) -> None:
    row = {"edited_image_bytes": ANSWER["predictions"][0], "needed": 0.9}
    script((200, {"predictions": [row]}))
    assert EditClient(url).edit(b"photo", "edit") == PNG


def test_what_may_pass_is_tried_again(url: str) -> None:
    script((503, {"error": "busy"}, {"Retry-After": "0"}), None, (200, ANSWER))
    with EditClient(url) as client:
        assert client.edit(b"photo", "edit") == PNG
    assert len(Scripted.asked) == 3


def test_it_gives_up_after_so_many_tries(url: str) -> None:
    script(*[(503, {"error": "busy"}, {"Retry-After": "0"})] * 5)
    with pytest.raises(EditError, match=r"^busy$") as caught:
        EditClient(url, retries=2).edit(b"photo", "edit")
    assert caught.value.status == 503
    assert len(Scripted.asked) == 3


def test_what_will_not_pass_is_not_tried_again(url: str) -> None:
    script((400, {"error": "item 0 is not a JPEG or PNG image"}))
    with pytest.raises(EditError, match="item 0 is not a JPEG") as caught:
        EditClient(url).edit(b"photo", "edit")
    assert caught.value.status == 400
    assert len(Scripted.asked) == 1


@pytest.mark.parametrize(
    ("contents", "told"),
    [
        (b"<html>proxy</html>", "<html>proxy</html>"),
        (b"", "no reason was given"),
        ({"other": 1}, '{"other": 1}'),
    ],
)
def test_answers_of_others_are_shown(url: str, contents: Any, told: str) -> None:
    script((502, contents))
    with pytest.raises(EditError) as caught:
        EditClient(url).edit(b"photo", "edit")
    assert (caught.value.status, str(caught.value)) == (502, told)


@pytest.mark.parametrize(
    "contents", [b"no JSON", {}, {"predictions": []}, {"predictions": [{"b64": "?"}]}, [1]]
)
def test_an_answer_without_an_image(url: str, contents: Any) -> None:
    script((200, contents))
    with pytest.raises(EditError, match="holds no edited image"):
        EditClient(url).edit(b"photo", "edit")


def test_time_is_up(url: str) -> None:
    def late() -> Any:
        time.sleep(0.5)
        return ANSWER

    script((200, late), (200, late))
    start = time.monotonic()
    with pytest.raises(EditError, match="no answer from 127"):
        EditClient(url, timeout=0.2).edit(b"photo", "edit")
    assert time.monotonic() - start < 5


def test_nobody_there() -> None:
    with pytest.raises(EditError, match=r"no answer from 127\.0\.0\.1:9: ") as caught:
        EditClient("http://127.0.0.1:9", retries=0).edit(b"photo", "edit")
    assert caught.value.status is None


@pytest.mark.parametrize("wrong", ["127.0.0.1:8501", "ftp://host", "http://", ""])
def test_addresses_that_are_none(wrong: str) -> None:
    with pytest.raises(ValueError, match="is not http://"):
        EditClient(wrong)


def test_a_strength_out_of_its_range_is_not_sent(url: str) -> None:
    script()
    with pytest.raises(UserError, match="strength 3: must be a number from -1 to 2"):
        EditClient(url).edit(b"photo", "edit", 3)
    assert not Scripted.asked
