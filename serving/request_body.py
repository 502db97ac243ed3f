"""A request's body, read and unpacked within a bound."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable

from .request_error import RequestError

# Plain or unpacked. A 24-megapixel JPEG is about 12 MiB, 16 MiB as base64; a batch of sixteen
# 128x128 float images is about 10 MB of JSON. Parsed JSON takes up to forty times the memory of
# its text (a long list of empty lists), so the worst body of this size takes about 1.2 GiB.
MAX_BODY_BYTES = 32 * 2**20

_GZIP_WINDOW = 16 + zlib.MAX_WBITS  # 16 tells zlib to expect a gzip header


async def read_body(chunks: AsyncIterable[bytes], limit: int = MAX_BODY_BYTES) -> bytes:
    """Collects a body as it arrives.

    Raises:
        RequestError: 413 as soon as more than `limit` bytes have arrived.
    """
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def check_length(content_length: str | None, limit: int = MAX_BODY_BYTES) -> None:
    """Refuses a body by its declared length, before any of it is read.

    Raises:
        RequestError: 413 where the `Content-Length` header is over the limit.
    """
    # The HTTP parser has already refused a header that is not a number.
    if content_length is not None and int(content_length) > limit:
        raise _too_large(limit)


def unpack(body: bytes, content_encoding: str, limit: int = MAX_BODY_BYTES) -> bytes:
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
