"""From the event loop to the threads that predict, and back."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from serving_fakes import FakeServable

from serving.batching.parameters import BatchingParameters
from serving.batching.scheduler import Scheduler
from serving.prediction import Predictor
from serving.repository import ModelVersion, Repository
from serving.wire.limits import Limits
from serving.wire.request_error import RequestError


def ask(predictor: Predictor, servable: FakeServable, value: float) -> Awaitable[Any]:
    version = ModelVersion("m", 1, Path())
    tensors = {"x": np.float32([value])}
    deadline = time.monotonic() + 20
    return predictor.predict(version, servable, "serving_default", tensors, deadline)


def test_a_whole_batch_is_told_at_one_wake_up() -> None:
    parameters = BatchingParameters(20, batch_timeout_micros=60_000_000, num_batch_threads=1)
    predictor = Predictor(Repository(), Limits(), Scheduler(Limits(), parameters))
    servable, woken = FakeServable(), []

    async def ask_all() -> list[Any]:
        loop = asyncio.get_running_loop()
        wake = loop.call_soon_threadsafe

        def count(*arguments: Any, **options: Any) -> Any:
            woken.append(1)
            return wake(*arguments, **options)

        loop.call_soon_threadsafe = count  # type: ignore[method-assign]
        return await asyncio.gather(*(ask(predictor, servable, n) for n in range(20)))

    answers = asyncio.run(ask_all())
    assert [answer["y"].tolist() for answer in answers] == [[2 * n] for n in range(20)]
    assert 1 <= len(woken) < 5


def test_several_loops_are_told_one_after_the_other() -> None:
    predictor = Predictor(Repository(), Limits(), Scheduler(Limits()))
    for value in (1.0, 2.0):

        async def once(value: float = value) -> Any:
            return await ask(predictor, FakeServable(), value)

        assert asyncio.run(once())["y"].tolist() == [2 * value]


def test_what_was_refused_is_raised() -> None:
    def refuse(x: np.ndarray) -> np.ndarray:
        raise RequestError("no such edit", 404)

    predictor = Predictor(Repository(), Limits(), Scheduler(Limits()))

    async def once() -> None:
        await ask(predictor, FakeServable(refuse), 1)

    with pytest.raises(RequestError, match="no such edit"):
        asyncio.run(once())


def test_who_gives_up_is_not_waited_for() -> None:
    gate, ran = threading.Event(), []

    def wait(x: np.ndarray) -> np.ndarray:
        assert gate.wait(20)
        ran.append(x[0])
        return x

    parameters = BatchingParameters(1, num_batch_threads=1)
    predictor = Predictor(Repository(), Limits(), Scheduler(Limits(), parameters))
    servable = FakeServable(wait)

    async def give_up() -> None:
        first = asyncio.ensure_future(ask(predictor, servable, 1))
        await asyncio.sleep(0.01)
        second = asyncio.ensure_future(ask(predictor, servable, 2))
        await asyncio.sleep(0.01)
        second.cancel()
        await asyncio.wait([second])
        third = asyncio.ensure_future(ask(predictor, servable, 3))
        await asyncio.sleep(0.01)
        gate.set()
        await asyncio.gather(first, third)

    asyncio.run(give_up())
    assert ran == [1, 3]
