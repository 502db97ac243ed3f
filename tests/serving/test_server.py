"""`python -m serving` over a real socket."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import signal
import socket
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from serving.conformance.__main__ import failures
from serving.conformance.contract import Contract
from serving.conformance.rules import RULES

SIZE = 4  # of the images that the model takes
MODEL = "/v1/models/a%20b%2Fc"


def encoded(pixels: np.ndarray, form: str = "PNG") -> dict[str, str]:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form, quality=95)
    return {"b64": base64.b64encode(file.getvalue()).decode()}


def decoded(value: dict[str, str]) -> np.ndarray:
    data = base64.b64decode(value["b64"], validate=True)
    assert data.startswith(b"\x89PNG")
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, 5, 3), dtype=np.uint8)


def predict(client: httpx.Client, body: Any) -> Any:
    answer = client.post(f"{MODEL}:predict", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def error(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert list(body) == ["error"]
    return body["error"]


@pytest.mark.parametrize("path", [MODEL, f"{MODEL}/versions/1"])
def test_status(client: httpx.Client, path: str) -> None:
    assert client.get(path).json() == {
        "model_version_status": [
            {
                "version": "1",
                "state": "AVAILABLE",
                "status": {"error_code": "OK", "error_message": ""},
            }
        ]
    }


@pytest.mark.parametrize("path", [f"{MODEL}/metadata", f"{MODEL}/versions/1/metadata"])
def test_metadata(client: httpx.Client, path: str) -> None:
    body = client.get(path).json()
    assert body["model_spec"] == {"name": "a b/c", "signature_name": "", "version": "1"}
    signatures = body["metadata"]["signature_def"]["signature_def"]
    assert {"serving_default", "image_bytes", "image_bytes_with_strength"} <= set(signatures)
    assert signatures["serving_default"]["method_name"] == "tensorflow/serving/predict"
    image = signatures["serving_default"]["inputs"]["image"]
    assert image["dtype"] == "DT_FLOAT"
    assert image["name"] == "serving_default_image:0"
    assert image["tensor_shape"] == {
        "dim": [{"size": str(size), "name": ""} for size in (-1, SIZE, SIZE, 3)],
        "unknown_rank": False,
    }
    assert signatures["image_bytes"]["outputs"]["edited_image_bytes"]["dtype"] == "DT_STRING"


def test_floats_by_row_and_by_column(client: httpx.Client) -> None:
    image = np.random.default_rng(1).uniform(-1, 1, (2, SIZE, SIZE, 3)).astype(np.float32)
    rows = predict(client, {"instances": image.tolist()})["predictions"]
    columns = predict(client, {"inputs": {"image": image.tolist()}})["outputs"]
    np.testing.assert_array_equal(
        np.array([row["edited_image"] for row in rows], np.float32), -image
    )
    np.testing.assert_array_equal(np.array(columns["residual"], np.float32), -2 * image)


def test_a_jpeg_comes_back_as_png(client: httpx.Client, pixels: np.ndarray) -> None:
    flat = np.full_like(pixels, 200)
    body = {
        "signature_name": "image_bytes",
        "instances": [{"image_bytes": encoded(flat, "JPEG")}, {"image_bytes": encoded(pixels)}],
    }
    jpeg, png = predict(client, body)["predictions"]
    np.testing.assert_allclose(decoded(jpeg).astype(int), 55, atol=2)
    np.testing.assert_array_equal(decoded(png), 255 - pixels)


def test_bare_base64_by_column(client: httpx.Client, pixels: np.ndarray) -> None:
    body = {"signature_name": "image_bytes", "inputs": [encoded(pixels)]}
    (png,) = predict(client, body)["outputs"]
    np.testing.assert_array_equal(decoded(png), 255 - pixels)


def test_strength(client: httpx.Client, pixels: np.ndarray) -> None:
    body = {
        "signature_name": "image_bytes_with_strength",
        "instances": [
            {"image_bytes": encoded(pixels), "strength": 0},
            {"image_bytes": encoded(pixels), "strength": 1.0},
        ],
    }
    none, full = predict(client, body)["predictions"]
    np.testing.assert_array_equal(decoded(none), pixels)
    np.testing.assert_array_equal(decoded(full), 255 - pixels)


@pytest.mark.parametrize("strength", [-3, 1e9])
def test_a_strength_out_of_its_range_is_a_bad_request(client, pixels, strength) -> None:
    rows = [{"image_bytes": encoded(pixels), "strength": value} for value in (1, strength)]
    body = {"signature_name": "image_bytes_with_strength", "instances": rows}
    answer = client.post(f"{MODEL}:predict", json=body)
    assert answer.status_code == 400
    assert "must be a number from -1 to 2" in answer.json()["error"]


def test_a_gzip_body(client: httpx.Client, pixels: np.ndarray) -> None:
    body = {"signature_name": "image_bytes", "inputs": [encoded(pixels)]}
    answer = client.post(
        f"{MODEL}/versions/1:predict",
        content=gzip.compress(json.dumps(body).encode()),
        headers={"Content-Encoding": "gzip"},
    )
    np.testing.assert_array_equal(decoded(answer.json()["outputs"][0]), 255 - pixels)


def test_a_gzip_bomb_is_refused(client: httpx.Client) -> None:
    answer = client.post(
        f"{MODEL}:predict",
        content=gzip.compress(bytes(40 * 2**20)),
        headers={"Content-Encoding": "gzip"},
    )
    assert "larger than 32 MiB" in error(answer, 413)


def test_a_huge_body_is_refused_before_it_is_sent(server: Any) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        head = (
            f"POST {MODEL}:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {10**12}\r\n\r\n"
        )
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("POST", MODEL, 400, f"Malformed request: POST {MODEL}"),
        ("GET", f"{MODEL}:predict", 400, f"Malformed request: GET {MODEL}:predict"),
        ("PUT", f"{MODEL}:predict", 400, f"Malformed request: PUT {MODEL}:predict"),
        ("GET", "/v1/models", 400, "Missing model name in request."),
        ("POST", "/v1/models/x:predict", 404, "Servable not found for request: Latest(x)"),
        ("GET", "/v1/models/x/metadata", 404, "Servable not found for request: Latest(x)"),
        ("GET", "/v1/models/x", 404, "Could not find any versions of model x"),
        (
            "POST",
            f"{MODEL}/versions/7:predict",
            404,
            "Servable not found for request: Specific(a b/c, 7)",
        ),
        ("GET", f"{MODEL}/versions/7", 404, "Could not find version 7 of model a b/c"),
        ("GET", f"{MODEL}/labels/l", 400, "Unrecognized servable version label: l"),
        ("GET", "/", 404, "Not found: /; the paths begin with /v1/models/"),
    ],
)
def test_wrong_paths(
    client: httpx.Client, method: str, path: str, status: int, message: str
) -> None:
    assert error(client.request(method, path), status) == message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b"{'a'", "JSON Parse error: Expecting property name"),
        (b"[]", "JSON Value: [] Is not object"),
        (b"{}", "Missing 'inputs' or 'instances' key"),
        (
            b'{"signature_name": "no", "inputs": 1}',
            'Serving signature name: "no" not found in signature def; the model has: image_bytes',
        ),
        (b'{"signature_name": "\\ud800", "inputs": 1}', 'name: "\ud800" not found'),
        (b'{"inputs": 1, "signature_name": 1}', "'signature_name' key must be a string value"),
        (
            b'{"inputs": [[[[1, 2, 3]]]]}',
            "Input 'image' has shape [1,1,1,3], but the signature 'serving_default' wants "
            "[-1,4,4,3]",
        ),
        (
            b'{"signature_name": "image_bytes", "instances": [{"b64": "bm8gaW1hZ2U="}]}',
            "item 0 is not a JPEG or PNG image",
        ),
        (
            b'{"signature_name": "image_bytes", "instances": [{"b64": "_-8="}]}',
            "Unable to base64 decode: '-' and '_' belong to URL-safe base64",
        ),
    ],
)
def test_malformed_bodies(client: httpx.Client, body: bytes, message: str) -> None:
    told = error(client.post(f"{MODEL}:predict", content=body), 400)
    assert message in told
    assert "\n" not in told


def test_a_cut_photo_is_refused(client: httpx.Client, pixels: np.ndarray) -> None:
    whole = base64.b64decode(encoded(pixels, "JPEG")["b64"])
    half = {"b64": base64.b64encode(whole[: len(whole) // 2]).decode()}
    answer = client.post(
        f"{MODEL}:predict", json={"signature_name": "image_bytes", "inputs": [half]}
    )
    assert error(answer, 400)


def test_the_log_never_holds_a_body(server: Any, client: httpx.Client) -> None:
    client.post(f"{MODEL}:predict", content=b'{"inputs": ["tell-nobody"]}')
    lines = [line for line in server.logged() if line["message"] == "request"]
    assert (lines[-1]["path"], lines[-1]["status"]) == (f"{MODEL}:predict", 400)
    assert "tell-nobody" not in server.log()
    assert "Traceback" not in server.log()


def test_every_rule_of_the_contract_holds(server: Any) -> None:
    found = dict(failures(Contract(server.url, "a b/c")))
    assert len(found) == len(RULES)
    assert {rule: wrong for rule, wrong in found.items() if wrong is not None} == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_broken_version_is_told_and_a_signal_ends_the_server(
    tmp_path: Path, start_server: Any, number: signal.Signals
) -> None:
    (tmp_path / "models" / "3").mkdir(parents=True)
    (tmp_path / "models" / "3" / "saved_model.pb").write_bytes(b"broken")
    running = start_server(tmp_path / "models", tmp_path / "log.txt")
    status = httpx.get(f"{running.url}/v1/models/default").json()
    assert running.stop(number) == 0
    (version,) = status["model_version_status"]
    assert (version["version"], version["state"]) == ("3", "END")
    assert version["status"]["error_message"]
    told = running.logged()[0]
    assert told["level"] == "WARNING"
    assert told["message"].startswith("version 3 of model 'default' at ")
    assert running.logged()[-1]["message"] == "stopped"
    assert "Traceback" not in running.log()


def test_infinity_and_floats_in_as_few_digits_as_tell_them_apart(client: httpx.Client) -> None:
    image = np.full((1, SIZE, SIZE, 3), 0.2).tolist()
    image[0][0][0] = [float("nan"), float("inf"), float("-inf")]
    answer = client.post(f"{MODEL}:predict", content=json.dumps({"inputs": image}))
    text = answer.text.replace(" ", "").replace("\n", "")
    assert "[NaN,-Infinity,Infinity]" in text
    assert "[-0.2,-0.2,-0.2]" in text


def memory(server: Any, what: str) -> int:
    """What the server holds (VmRSS), or has held (VmHWM), in bytes."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return 1024 * int(re.search(rf"{what}:\s+(\d+)", status)[1])  # type: ignore[index]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells memory there")
def test_memory_is_bounded_whatever_is_sent(server: Any, client: httpx.Client) -> None:
    """Refused before the work is done: a list of no shape, and few bytes that unpack to many."""
    idle = memory(server, "VmRSS")
    lists, fewer = (
        b'{"instances": [' + b",".join([b"[[1,2]]"] * (size // 8)) + b"]}"
        for size in (31 * 2**20, 27 * 10**5)
    )
    packed = gzip.compress(fewer)
    assert len(packed) < 4096
    start = time.monotonic()
    assert "rows, and at most" in error(client.post(f"{MODEL}:predict", content=lists), 400)
    answer = client.post(f"{MODEL}:predict", content=packed, headers={"Content-Encoding": "gzip"})
    assert "rows, and at most" in error(answer, 400)
    file = io.BytesIO()
    Image.new("L", (4096, 4096)).save(file, "PNG")
    blank = {"b64": base64.b64encode(file.getvalue()).decode()}
    body = {"signature_name": "image_bytes", "instances": [blank] * 10}
    assert "pixels together" in error(client.post(f"{MODEL}:predict", json=body), 400)
    assert time.monotonic() - start < 60  # a second or two on an idle machine
    assert memory(server, "VmHWM") < 2 * idle + 512 * 2**20


_BODIES = [
    json.dumps(body).encode()
    for body in (
        {"instances": np.zeros((1, SIZE, SIZE, 3)).tolist()},
        {"inputs": {"image": np.zeros((1, SIZE, SIZE, 3)).tolist()}},
        {"signature_name": "image_bytes", "instances": [encoded(np.zeros((4, 4, 3), np.uint8))]},
        {
            "signature_name": "image_bytes_with_strength",
            "instances": [{"image_bytes": encoded(np.zeros((4, 4, 3), np.uint8)), "strength": 1}],
        },
    )
]
_CHANGES = st.lists(
    st.tuples(
        st.integers(0, 2000),
        st.integers(0, 40),
        st.sampled_from([b"", b"[", b"]", b"{", b'"', b",", b"-", b"1e999", b"null", b"\\u0000"])
        | st.binary(max_size=3),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=3 * settings().max_examples, suppress_health_check=list(HealthCheck))
@given(
    body=st.sampled_from(_BODIES),
    changes=_CHANGES,
    verb=st.sampled_from(["predict", "predict", "predict", "classify", "x", ""]),
    headers=st.sampled_from([{}, {}, {"Content-Encoding": "gzip"}, {"Content-Encoding": "x"}]),
)
def test_whatever_is_sent_is_answered_or_refused(
    client: httpx.Client, body: bytes, changes: Any, verb: str, headers: dict[str, str]
) -> None:
    for start, length, put in changes:
        start %= len(body)
        body = body[:start] + put + body[start + length :]
    answer = client.post(f"{MODEL}:{verb}", content=body, headers=headers)
    assert answer.status_code in (200, 400, 404)
    assert answer.headers["content-type"] == "application/json"
    answer.json()
    assert "Traceback" not in answer.text
