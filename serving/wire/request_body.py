"""A request's body, read and unpacked within bounds."""

from __future__ import annotations

import threading
import zlib
from collections.abc import AsyncIterable

from .limits import Limits
from .request_error import RequestError

_GZIP_WINDOW = 16 + zlib.MAX_WBITS  # 16 tells zlib to expect a gzip header


class BodyBudget:
    """The bytes of all bodies that are held at once.

    The first bytes of each are free, so that a few large bodies do not shut out the small ones;
    those are bounded by the number of connections.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held = 0
        self._lock = threading.Lock()

    async def read(self, chunks: AsyncIterable[bytes]) -> HeldBody:
        """Collects a body as it arrives.

        Returns:
            the body; what it holds of the budget until `release`.

        Raises:
            RequestError: 413 as soon as more than `limits.body_bytes` have arrived, 503 where
                there is no room for more.
        """
        held = HeldBody(self)
        body = bytearray()
        try:
            async for chunk in chunks:
                body += chunk
                if len(body) > self._limits.body_bytes:
                    raise _too_large(self._limits.body_bytes)
                held.hold(len(body) - self._limits.small_body_bytes)
        except BaseException:
            held.release()
            raise
        held.body = bytes(body)
        return held

    def take(self, count: int) -> None:
        """Takes bytes of the budget; with a negative number it gives them back."""
        with self._lock:
            if count > 0 and self._held + count > self._limits.all_bodies_bytes:
                raise RequestError(
                    "The server holds as many large requests as it has memory for; try again later",
                    503,
                )
            self._held += count


class HeldBody:
    """A body that was read, and its part of a budget."""

    def __init__(self, budget: BodyBudget) -> None:
        self.body = b""
        self._budget = budget
        self._held = 0
        self._released = False
        self._lock = threading.Lock()

    def hold(self, count: int) -> None:
        """Raises its part to `count` bytes.

        Raises:
            RequestError: 503 where there is no room, or nobody waits for the answer any more.
        """
        with self._lock:
            if self._released:
                raise RequestError("The request was given up", 503)
            if count > self._held:
                self._budget.take(count - self._held)
                self._held = count

    def release(self) -> None:
        """Gives its part back."""
        with self._lock:
            self._released = True
            self._budget.take(-self._held)
            self._held = 0


def check_length(content_length: str | None, limit: int) -> None:
    """Refuses a body by its declared length, before any of it is read.

    Raises:
        RequestError: 413 where the `Content-Length` header is over the limit.
    """
    # The HTTP parser has already refused a header that is not a number.
    if content_length is not None and int(content_length) > limit:
        raise _too_large(limit)


def unpack(body: bytes, content_encoding: str, limit: int) -> bytes:
    """Undoes the `Content-Encoding` of a body.

    Args:
        body: the body as it arrived.
        content_encoding: str, the header's value; "" where there is none.
        limit: int, the most bytes that may come out. A few kilobytes of gzip can stand for
            gigabytes, so it is unpacked no further than this.

    Raises:
        RequestError: 413 where more than `limit` bytes would come out, else 400 where the body
            is not whole gzip or the encoding is another one.
    """
    encoding = content_encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise RequestError(
            f"Content-Encoding '{encoding}' is not supported; send the body plain or with gzip"
        )
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    try:
        plain = unpacker.decompress(body, limit + 1)
    except zlib.error as error:
        raise RequestError("The body is not gzip, as its Content-Encoding says") from error
    if len(plain) > limit:
        raise _too_large(limit)
    if not unpacker.eof or unpacker.unused_data:
        raise RequestError("The gzip body is cut short or has more bytes after its end")
    return plain


def _too_large(limit: int) -> RequestError:
    return RequestError(
        f"The request body is larger than {limit // 2**20} MiB; send fewer images at a time, and "
        "encoded bytes instead of lists of pixels",
        413,
    )
