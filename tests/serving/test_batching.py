"""Requests are put together by TensorFlow Serving's parameters, and parted again."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import wait
from typing import Any

import numpy as np
import pytest
from serving_fakes import FakeServable

from serving.batching.parameters import BatchingParameters
from serving.batching.scheduler import Pace, Scheduler
from serving.batching.task import Prediction, count_rows
from serving.repository import PredictionCancelled
from serving.wire.limits import Limits
from serving.wire.request_error import RequestError


class Model(FakeServable):
    """Doubles, notes the sizes of its batches, and runs only while the gate is open."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.gate = threading.Event()
        self.begun = threading.Semaphore(0)
        super().__init__(self.double)

    def double(self, x: np.ndarray) -> np.ndarray:
        self.sizes.append(len(x) if x.ndim else 0)
        self.begun.release()
        assert self.gate.wait(10)
        if x.ndim and (x < 0).any():
            raise RequestError("negative")
        return 2 * x


@pytest.fixture
def model() -> Iterator[Model]:
    model = Model()
    yield model
    model.gate.set()


def task(model: Model, *values: Any, name: str = "serving_default", **options: Any) -> Prediction:
    tensors = {"x": np.array(values, np.float32) if values else np.float32(1)}
    options = {"pixels": 0, "deadline": time.monotonic() + 10, **options}
    rows = count_rows(model, name, tensors)
    return Prediction("m", model, name, tensors, rows=rows, **options)


def scheduler(limits: Limits = Limits(), **parameters: Any) -> Scheduler:  # noqa: B008  frozen
    return Scheduler(limits, BatchingParameters(num_batch_threads=1, **parameters))


def submit(to: Scheduler, *tasks: Prediction) -> None:
    for one in tasks:
        to.submit(one)


def blocked(to: Scheduler, model: Model) -> None:
    """Gives the only thread something to do, so that what comes next waits."""
    to.submit(task(model, 0, name="pairs"))
    assert model.begun.acquire(timeout=10)
    model.sizes.clear()


def outputs(*tasks: Prediction) -> list[list[float]]:
    return [one.future.result(10)["y"].tolist() for one in tasks]


def test_waiting_requests_become_one_batch_and_are_parted(model: Model) -> None:
    to = scheduler(max_batch_size=8)
    blocked(to, model)
    tasks = [task(model, 1), task(model, 2, 3), task(model, 4)]
    submit(to, *tasks)
    model.gate.set()
    assert outputs(*tasks) == [[2], [4, 6], [8]]
    assert model.sizes == [4]


def test_a_batch_is_no_larger_than_it_may_be(model: Model) -> None:
    to = scheduler(max_batch_size=3)
    blocked(to, model)
    tasks = [task(model, *range(count)) for count in (2, 2, 1, 3, 5)]
    submit(to, *tasks)
    model.gate.set()
    outputs(*tasks)
    assert model.sizes == [2, 3, 3, 5]  # one that is larger by itself runs by itself


def test_a_batch_waits_for_others_as_long_as_it_is_told(model: Model) -> None:
    model.gate.set()
    to = scheduler(max_batch_size=3, batch_timeout_micros=600_000)
    first, second = task(model, 1), task(model, 2)
    start = time.monotonic()
    submit(to, first, second)
    outputs(first, second)
    assert time.monotonic() - start > 0.5
    assert model.sizes == [2]


def test_a_full_batch_waits_for_nobody(model: Model) -> None:
    model.gate.set()
    to = scheduler(max_batch_size=3, batch_timeout_micros=60_000_000)
    tasks = [task(model, 1) for _ in range(3)]
    submit(to, *tasks)
    outputs(*tasks)  # gives up after ten seconds
    assert model.sizes == [3]


def test_batches_are_padded_to_allowed_sizes(model: Model) -> None:
    to = scheduler(max_batch_size=8, allowed_batch_sizes=(2, 8))
    model.gate.set()
    one, three = task(model, 5), task(model, 1, 2, 3)
    submit(to, one)
    assert outputs(one) == [[10]]
    submit(to, three)
    assert outputs(three) == [[2, 4, 6]]
    assert model.sizes == [2, 8]


def test_another_signature_or_shape_is_another_batch(model: Model) -> None:
    to = scheduler(max_batch_size=8)
    blocked(to, model)
    tasks = [task(model, [1], name="pairs"), task(model, [1, 2], name="pairs"), task(model, 3)]
    tasks += [task(model, name="free"), task(model, [4], name="pairs")]
    submit(to, *tasks)
    model.gate.set()
    assert outputs(*tasks) == [[[2]], [[2, 4]], [6], 2.0, [[8]]]
    assert sorted(model.sizes) == [0, 1, 1, 2]


def test_a_bad_request_spoils_no_other(model: Model) -> None:
    to = scheduler(max_batch_size=8)
    blocked(to, model)
    good, bad, other = task(model, 1), task(model, -1), task(model, 2)
    submit(to, good, bad, other)
    model.gate.set()
    assert outputs(good, other) == [[2], [4]]
    with pytest.raises(RequestError, match="negative"):
        bad.future.result(10)


def test_a_full_queue_refuses(model: Model) -> None:
    to = scheduler(max_batch_size=2, max_enqueued_batches=2)
    blocked(to, model)
    submit(to, task(model, 1, 2), task(model, 3, 4))
    with pytest.raises(RequestError, match=r"scheduling queue .* is full") as caught:
        submit(to, task(model, 5))
    assert caught.value.http_status == 503
    submit(to, task(model, [1], name="pairs"))  # another queue


def test_only_so_many_wait_in_all_queues_together(model: Model) -> None:
    to = scheduler(Limits(waiting=2))
    blocked(to, model)
    submit(to, task(model, 1), task(model, [1], name="pairs"))
    assert to.is_full
    with pytest.raises(RequestError, match="full"):
        submit(to, task(model, 5))


def test_nobody_is_let_in_to_wait_too_long() -> None:
    """Where each answer takes a fifth of the time that there is, not many may wait."""

    class Slow(FakeServable):
        def predict(self, signature_name: str, tensors: Any, cancel: Any) -> Any:
            time.sleep(0.05)
            return super().predict(signature_name, tensors, cancel)

    slow: Any = Slow()
    to = scheduler(Limits(seconds=0.25), max_batch_size=1)
    for _ in range(12):  # until it knows the pace
        one = task(slow, 1)
        submit(to, one)
        one.future.result(10)
    assert not to.is_full
    with pytest.raises(RequestError, match="full"):
        submit(to, *(task(slow, 1) for _ in range(20)))
    assert to.waiting < 15


def test_the_pace_is_that_of_all_threads_while_there_is_work() -> None:
    pace = Pace()
    for second in range(100):  # two threads, each with four requests in two seconds
        pace.note(4, second - 1.0, second + 1.0)
    assert pace.seconds == pytest.approx(0.25, rel=0.01)
    pace.note(1, 1000.0, 1000.25)  # after a long rest
    assert pace.seconds == pytest.approx(0.25, rel=0.01)


def test_only_so_many_pixels_are_decoded_at_once(model: Model) -> None:
    to = Scheduler(Limits(pixels=100), BatchingParameters(num_batch_threads=3))
    tasks = [task(model, value, pixels=60) for value in (1, 2)] + [task(model, 3, pixels=30)]
    submit(to, tasks[0])
    assert model.begun.acquire(timeout=10)
    submit(to, *tasks[1:])
    assert not model.begun.acquire(timeout=0.2)  # nothing overtakes the one that has no room
    model.gate.set()
    assert outputs(*tasks) == [[2], [4], [6]]
    assert sorted(model.sizes) == [1, 2]  # 60, then 60 and 30 together


def test_who_has_gone_or_is_late_is_not_answered(model: Model) -> None:
    to = scheduler(max_batch_size=1)
    blocked(to, model)
    late, gone, good = task(model, 1, deadline=0), task(model, 2), task(model, 3)
    submit(to, late, gone, good)
    gone.future.cancel()
    model.gate.set()
    assert outputs(good) == [[6]]
    with pytest.raises(RequestError, match="took longer") as caught:
        late.future.result(10)
    assert caught.value.http_status == 504
    assert model.sizes == [1]


def test_what_runs_too_long_is_stopped() -> None:
    class Endless(FakeServable):
        def predict(self, signature_name: str, tensors: Any, cancel: Any) -> Any:
            assert cancel.wait(10)
            raise PredictionCancelled

    to = scheduler()
    endless: Any = Endless()
    slow = task(endless, 1, deadline=time.monotonic() + 0.1)
    submit(to, slow)
    with pytest.raises(RequestError, match="took longer"):
        slow.future.result(10)


def test_stopping_refuses_what_waits_and_what_comes(model: Model) -> None:
    to = scheduler()
    blocked(to, model)
    waiting = task(model, 1)
    submit(to, waiting)
    to.stop()
    with pytest.raises(RequestError, match="being stopped"):
        waiting.future.result(10)
    with pytest.raises(RequestError, match="being stopped"):
        submit(to, task(model, 1))


def test_without_parameters_every_request_runs_by_itself(model: Model) -> None:
    to = Scheduler(Limits())
    model.gate.set()
    tasks = [task(model, value) for value in range(20)]
    submit(to, *tasks)
    assert outputs(*tasks) == [[2 * value] for value in range(20)]
    assert model.sizes == [1] * 20


def test_a_defect_reaches_everybody_of_the_batch(model: Model) -> None:
    to = scheduler()
    model.gate.set()

    def fail(x: np.ndarray) -> np.ndarray:
        raise KeyError("a defect")

    model._function = fail
    tasks = [task(model, 1), task(model, 2)]
    submit(to, *tasks)
    wait([one.future for one in tasks], 10)
    for one in tasks:
        with pytest.raises(KeyError):
            one.future.result()
    model._function = lambda x: x
    after = task(model, 1)
    submit(to, after)
    assert outputs(after) == [[1]]  # the thread lives on
