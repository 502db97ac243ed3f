"""What is sent back over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable
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

# So many refusals a second take a percent or two of one core.
_REFUSALS_PER_SECOND = 50
_LONGEST_WAIT = 20


@dataclass
class Answer:
    """What is sent back."""

    body: bytes
    status: int = 200
    content_type: bytes = b"application/json"
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)


class Refusals:
    """How long clients that are refused should wait: the longer, the more of them there are.

    Each refusal costs the time that an answer could have had, so a thousand clients that all came
    back after a second would take a part of the machine for themselves.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._second = 0
        self._now = self._before = 0

    def wait(self) -> int:
        """Counts a refusal; returns after how many seconds to try again."""
        second = int(self._clock())
        if second != self._second:
            self._before = self._now if second == self._second + 1 else 0
            self._second, self._now = second, 0
        self._now += 1
        return min(1 + max(self._before, self._now) // _REFUSALS_PER_SECOND, _LONGEST_WAIT)


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
