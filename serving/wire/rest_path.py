"""What a REST path asks for: `/v1/models/N[/versions/V|/labels/L][:verb|/metadata]`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from .request_error import RequestError

# TensorFlow Serving keeps a version as a 64-bit signed integer.
LARGEST_VERSION = 2**63 - 1

_VERSION = r"(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
_POST = re.compile(
    rf"/v1/models/(?P<name>[^/:]+){_VERSION}:(?P<verb>classify|regress|predict)", re.IGNORECASE
)
_GET = re.compile(
    rf"/v1/models(?:/(?P<name>[^/:]+))?{_VERSION}(?:/(?P<verb>metadata))?", re.IGNORECASE
)


@dataclass(frozen=True)
class RestCall:
    """A call to a model.

    Attributes:
        name: str, the model.
        version: int, the version asked for; None for the highest.
        label: str, the version label asked for; None for none.
        verb: str, "predict", "classify", "regress", "metadata" or "status".
    """

    name: str
    version: int | None
    label: str | None
    verb: str


def parse_rest_path(method: str, raw_path: str) -> RestCall:
    """Reads a request line.

    Args:
        method: str, the HTTP method.
        raw_path: str, the path as it was sent: still URL-encoded, without the query.

    Raises:
        RequestError: 404 outside `/v1/`, else 400 for a path that is not one of the API's or
            does not go with the method.
    """
    if not raw_path.lower().startswith("/v1/"):
        raise RequestError(f"Not found: {raw_path}; the paths begin with /v1/models/", 404)
    pattern = {"POST": _POST, "GET": _GET}.get(method)
    match = pattern.fullmatch(raw_path) if pattern else None
    if match is None:
        raise RequestError(f"Malformed request: {method} {raw_path}")
    if match["name"] is None:
        raise RequestError("Missing model name in request.")
    # Decoded after the match, so that a name may hold an encoded slash or colon.
    return RestCall(
        name=unquote(match["name"]),
        version=_parse_version(match["version"]),
        label=None if match["label"] is None else unquote(match["label"]),
        verb=(match["verb"] or "status").lower(),
    )


def _parse_version(text: str | None) -> int | None:
    if text is None:
        return None
    # The length first: Python refuses to read thousands of digits.
    if len(text) > 100 or int(text) > LARGEST_VERSION:
        raise RequestError(f"Failed to convert version: {text[:100]} to numeric.")
    return int(text)
