"""What is answered while there is no room: how long to wait, and the whole answer made beforehand.

Each refusal costs the time that an answer could have had, so it must cost next to nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ..prediction import FULL
from ..wire.answers import encode_error

# So many refusals a second take less than a percent of one core.
_REFUSALS_PER_SECOND = 25
_LONGEST_WAIT = 20


class Refusals:
    """How long clients that are refused should wait: the longer, the more of them there are.

    A thousand clients that all came back after a second would take a part of the machine for
    themselves.
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


_BODY = encode_error(FULL)
_ANSWER = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\nretry-after: %%d\r\nx-request-id: %%b\r\n%%b\r\n%b"
    % (len(_BODY), _BODY.replace(b"%", b"%%"))
)


def full(wait: int, identity: str, close: bool, cors: bool) -> bytes:
    """The answer to a prediction that there is no room for, with its status line.

    Args:
        wait: int, seconds after which to try again.
        identity: str, the request's id.
        close: bool, whether the connection is closed after it.
        cors: bool, whether pages from anywhere may read it.
    """
    more = b"connection: close\r\n" if close else b""
    if cors:
        more += b"access-control-allow-origin: *\r\n"
    return _ANSWER % (wait, identity.encode("ascii"), more)
