"""What each REST path asks for."""

from __future__ import annotations

import pytest

from serving.wire.request_error import RequestError
from serving.wire.rest_path import RestCall, parse_rest_path


@pytest.mark.parametrize(
    ("method", "path", "call"),
    [
        ("POST", "/v1/models/m:predict", RestCall("m", None, None, "predict")),
        ("POST", "/V1/Models/M:Predict", RestCall("M", None, None, "predict")),
        ("POST", "/v1/models/m/versions/12:predict", RestCall("m", 12, None, "predict")),
        ("POST", "/v1/models/m/labels/l:classify", RestCall("m", None, "l", "classify")),
        ("POST", "/v1/models/a%2Fb%3A%C3%A9:regress", RestCall("a/b:é", None, None, "regress")),
        ("GET", "/v1/models/m", RestCall("m", None, None, "status")),
        ("GET", "/v1/models/m/versions/0", RestCall("m", 0, None, "status")),
        ("GET", "/v1/models/m/labels/a%20b", RestCall("m", None, "a b", "status")),
        ("GET", "/v1/models/m/metadata", RestCall("m", None, None, "metadata")),
        ("GET", "/v1/models/m/versions/3/metadata", RestCall("m", 3, None, "metadata")),
    ],
)
def test_paths(method: str, path: str, call: RestCall) -> None:
    assert parse_rest_path(method, path) == call


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/models/m"),
        ("POST", "/v1/models/m:explain"),
        ("POST", "/v1/models/m/metadata"),
        ("POST", "/v1/models/m/versions/x:predict"),
        ("POST", "/v1/models/m/versions/1/labels/l:predict"),
        ("POST", "/v1/models/:predict"),
        ("GET", "/v1/models/m:predict"),
        ("GET", "/v1/models/m/"),
        ("GET", "/v1/models/m/versions/\u0661"),
        ("GET", "/v1/"),
        ("PUT", "/v1/models/m:predict"),
        ("DELETE", "/v1/models/m"),
    ],
)
def test_malformed_requests(method: str, path: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_rest_path(method, path)
    assert str(caught.value) == f"Malformed request: {method} {path}"
    assert caught.value.http_status == 400


def test_a_missing_name_is_named() -> None:
    with pytest.raises(RequestError, match=r"^Missing model name in request\.$"):
        parse_rest_path("GET", "/v1/models")


@pytest.mark.parametrize("version", ["9223372036854775808", "9" * 5000])
def test_a_version_beyond_64_bits_is_refused(version: str) -> None:
    with pytest.raises(RequestError, match=r"^Failed to convert version: 9\d+ to numeric"):
        parse_rest_path("GET", f"/v1/models/m/versions/{version}")
    assert parse_rest_path("GET", "/v1/models/m/versions/9223372036854775807").version


def test_other_paths_are_not_found() -> None:
    with pytest.raises(RequestError, match="the paths begin with /v1/models/") as caught:
        parse_rest_path("GET", "/")
    assert caught.value.http_status == 404
