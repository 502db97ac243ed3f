"""Bodies are read and unpacked within a bound."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest

from serving.wire.limits import Limits
from serving.wire.request_body import BodyBudget, check_length, unpack
from serving.wire.request_error import RequestError

LIMIT = 2**20
BUDGET = Limits(body_bytes=LIMIT, small_body_bytes=10, all_bodies_bytes=100)


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b"x" * 1000


async def two_chunks() -> AsyncIterator[bytes]:
    yield b"ab"
    yield b"c"


def test_a_body_is_joined() -> None:
    assert asyncio.run(BodyBudget(BUDGET).read(two_chunks())).body == b"abc"


def test_a_body_without_end_is_refused() -> None:
    budget = BodyBudget(Limits(body_bytes=LIMIT))
    with pytest.raises(RequestError, match="larger than 1 MiB") as caught:
        asyncio.run(asyncio.wait_for(budget.read(endless()), timeout=5))
    assert caught.value.http_status == 413


async def chunk_of(size: int) -> AsyncIterator[bytes]:
    yield bytes(size)


def test_large_bodies_share_a_budget_and_small_ones_are_free() -> None:
    budget = BodyBudget(BUDGET)
    first = asyncio.run(budget.read(chunk_of(90)))  # 80 of the 100
    with pytest.raises(RequestError, match="as it has memory for") as caught:
        asyncio.run(budget.read(chunk_of(90)))
    assert caught.value.http_status == 503
    asyncio.run(budget.read(chunk_of(30)))
    asyncio.run(budget.read(chunk_of(10)))
    with pytest.raises(RequestError):
        first.hold(200)  # when it is unpacked
    first.release()
    asyncio.run(budget.read(chunk_of(90)))


def test_what_was_given_back_is_not_taken_again() -> None:
    held = asyncio.run(BodyBudget(BUDGET).read(chunk_of(30)))
    held.release()
    held.release()
    with pytest.raises(RequestError, match="given up"):
        held.hold(50)


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
