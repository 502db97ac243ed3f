"""What is sent back over HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..wire.answers import encode_error

OUTCOMES = {
    200: "OK",
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""TensorFlow's names of HTTP's statuses, for metrics."""


@dataclass
class Answer:
    """What is sent back."""

    body: bytes
    status: int = 200
    content_type: bytes = b"application/json"
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)


def error_answer(message: str, status: int, close: bool = False, wait: int = 1) -> Answer:
    """The answer that tells what was wrong.

    Args:
        message: str, goes to the client.
        status: int, of HTTP.
        close: bool, whether nothing more is to be read from the client.
        wait: int, seconds after which to try again, where that may help.
    """
    headers = []
    if status in (429, 503):
        headers.append((b"retry-after", str(wait).encode()))
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if close or status in (403, 408, 413):
        # What else the client may be sending is not waited for.
        headers.append((b"connection", b"close"))
    return Answer(encode_error(message), status, headers=headers)


def preflight() -> Answer:
    """The answer to a browser that asks whether a page from elsewhere may ask."""
    headers = [
        (b"access-control-allow-methods", b"GET, POST"),
        (b"access-control-allow-headers", b"authorization, content-type, x-request-id"),
    ]
    return Answer(b"", 200, headers=headers)
