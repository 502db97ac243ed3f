"""Bodies are read and unpacked within a bound."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest

from serving.request_body import check_length, read_body, unpack
from serving.request_error import RequestError

LIMIT = 2**20


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b"x" * 1000


async def two_chunks() -> AsyncIterator[bytes]:
    yield b"ab"
    yield b"c"


def test_a_body_is_joined() -> None:
    assert asyncio.run(read_body(two_chunks())) == b"abc"


def test_a_body_without_end_is_refused() -> None:
    with pytest.raises(RequestError, match="larger than 1 MiB") as caught:
        asyncio.run(asyncio.wait_for(read_body(endless(), LIMIT), timeout=5))
    assert caught.value.http_status == 413


def test_a_declared_length_is_refused_before_reading() -> None:
    check_length(None, LIMIT)
    check_length(str(LIMIT), LIMIT)
    with pytest.raises(RequestError) as caught:
        check_length(str(LIMIT + 1), LIMIT)
    assert caught.value.http_status == 413


@pytest.mark.parametrize("encoding", ["gzip", " GZIP ", "x-gzip"])
def test_gzip_is_unpacked(encoding: str) -> None:
    assert unpack(gzip.compress(b"{}"), encoding, LIMIT) == b"{}"


@pytest.mark.parametrize("encoding", ["", "identity"])
def test_a_plain_body_stays(encoding: str) -> None:
    assert unpack(b"{}", encoding, LIMIT) == b"{}"


def test_gzip_of_just_the_limit_is_unpacked_and_one_byte_more_is_not() -> None:
    assert unpack(gzip.compress(bytes(LIMIT)), "gzip", LIMIT) == bytes(LIMIT)
    with pytest.raises(RequestError) as caught:
        unpack(gzip.compress(bytes(LIMIT + 1)), "gzip", LIMIT)
    assert caught.value.http_status == 413


@pytest.mark.parametrize(
    ("body", "encoding", "message"),
    [
        (b"{}", "gzip", "is not gzip"),
        (b"", "gzip", "cut short"),
        (gzip.compress(b"{}", mtime=0)[:-4], "gzip", "cut short"),
        (gzip.compress(b"{}", mtime=0) + b"more", "gzip", "more bytes after its end"),
        (b"{}", "br", "Content-Encoding 'br' is not supported"),
    ],
)
def test_other_encodings_are_refused(body: bytes, encoding: str, message: str) -> None:
    with pytest.raises(RequestError, match=message) as caught:
        unpack(body, encoding, LIMIT)
    assert caught.value.http_status == 400
