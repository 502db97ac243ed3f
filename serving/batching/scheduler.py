"""Predictions wait in queues, one for each signature, and run in batches on a few threads.

The parameters are TensorFlow Serving's, and mean the same. Without them each request is a batch
of its own. Whatever is asked, only so many requests wait, only so many pixels are decoded at once,
and nothing runs longer than the time of who asked for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from ..repository import Cancel, PredictionCancelled
from ..wire.limits import Limits
from ..wire.request_error import RequestError
from .parameters import BatchingParameters
from .task import Prediction, Queue, Tensors, joined, padded, parted

# One request is prepared while another is predicted. TensorFlow already spreads a prediction over
# all cores, so more at once gain little, and each holds its images in memory.
_THREADS_WITHOUT_BATCHING = 2

# Of the last batch in the average that tells the pace.
_WEIGHT_OF_THE_LAST = 0.1

# How often the time of what runs is looked at.
_SECONDS_BETWEEN_LOOKS = 0.1


class Pace:
    """How fast requests have been answered of late, by all threads together.

    Attributes:
        seconds: float, between two answers while there is work to do.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._ended = 0.0

    def note(self, count: int, begun: float, ended: float) -> None:
        """Takes note of so many requests that ran as one batch."""
        # Since the last one ended, on whichever thread; not from a time without work.
        each = max(ended - max(begun, self._ended), 0.0) / count
        self._ended = max(ended, self._ended)
        self.seconds += _WEIGHT_OF_THE_LAST * (each - self.seconds)


class Scheduler:
    """The queues, and the threads that take from them."""

    def __init__(
        self,
        limits: Limits,
        parameters: BatchingParameters | None = None,
        observe: Callable[[str, int, float], None] = lambda name, rows, seconds: None,
    ) -> None:
        """Starts the threads, which end with the process or at `stop`.

        Args:
            limits: how many requests wait, and how many pixels are decoded at once.
            parameters: how requests are put together; None for one at a time.
            observe: is told of each batch its model, its rows, and how many seconds it took.
        """
        self._observe = observe
        self._limits = limits
        self._parameters = parameters
        self._queues: dict[object, Queue] = {}
        self._running: dict[object, tuple[float, Cancel]] = {}
        self._running_pixels = 0
        self._waiting = 0
        self._pace = Pace()
        self._stopping = False
        self._changed = threading.Condition()
        self._ended = threading.Event()
        count = parameters.num_batch_threads if parameters else _THREADS_WITHOUT_BATCHING
        for work in [*[self._work] * count, self._watch]:
            threading.Thread(target=work, daemon=True, name="prediction").start()

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return self._waiting

    @property
    def is_full(self) -> bool:
        """Whether the next request would be refused, whatever it asks for."""
        # Nobody is let in to wait for so long that the answer would be too late: the rate of late
        # tells how long that would be.
        seconds = self._waiting * self._pace.seconds
        return self._waiting >= self._limits.waiting or seconds > self._limits.seconds / 2

    def submit(self, prediction: Prediction) -> None:
        """Puts a request in its queue; its future tells what became of it.

        Raises:
            RequestError: 503 where too many wait already.
        """
        with self._changed:
            if self._stopping:
                raise RequestError("The server is being stopped", 503)
            key = prediction.key
            queue = self._queues.get(key) or Queue()
            if self.is_full or self._is_queue_full(queue, prediction):
                raise RequestError(
                    "The batch scheduling queue to which this task was submitted is full; try "
                    "again later",
                    503,
                )
            queue.put(prediction)
            self._queues[key] = queue
            self._waiting += 1
            self._changed.notify()

    def stop(self) -> None:
        """Takes no more, refuses what waits, and stops what runs."""
        with self._changed:
            self._stopping = True
            for queue in self._queues.values():
                for prediction in queue:
                    prediction.fail(RequestError("The server is being stopped", 503))
            self._queues.clear()
            self._waiting = 0
            for _, cancel in self._running.values():
                cancel.start_cancel()
            self._changed.notify_all()
        self._ended.set()

    def _is_queue_full(self, queue: Queue, added: Prediction) -> bool:
        if self._parameters is None:
            return False
        most = self._parameters.max_enqueued_batches * self._parameters.max_batch_size
        return bool(queue) and queue.rows + added.weight > most

    def _work(self) -> None:
        while True:
            with self._changed:
                batch = self._next_batch()
                while batch is None:
                    if self._stopping:
                        return
                    self._changed.wait(self._seconds_to_next())
                    batch = self._next_batch()
                pixels = sum(prediction.pixels for prediction in batch)
                self._running_pixels += pixels
                cancel = batch[0].servable.new_cancel()
                deadline = max(prediction.deadline for prediction in batch)
                self._running[cancel] = (deadline, cancel)
            begun = time.monotonic()
            try:
                self._run(batch, cancel)
            finally:
                with self._changed:
                    self._running_pixels -= pixels
                    del self._running[cancel]
                    self._pace.note(len(batch), begun, time.monotonic())
                    self._changed.notify()

    def _watch(self) -> None:
        """Stops what runs for longer than anybody waits."""
        while not self._ended.wait(_SECONDS_BETWEEN_LOOKS):
            now = time.monotonic()
            with self._changed:
                late = [cancel for deadline, cancel in self._running.values() if deadline <= now]
            for cancel in late:
                cancel.start_cancel()

    def _next_batch(self) -> list[Prediction] | None:
        """Takes the batch that waits for the longest, if it may run now."""
        now = time.monotonic()
        for key in list(self._queues):
            self._forget_late(key, now)
        ready = [queue for queue in self._queues.values() if self._is_ready(queue, now)]
        if not ready:
            return None
        queue = min(ready, key=lambda queue: queue.first.arrived)
        # Nothing overtakes one that waits for room: it would wait for ever.
        if self._running_pixels and not self._fits(queue.first.pixels + self._running_pixels):
            return None
        batch = [queue.take()]
        while queue and self._may_join(batch, queue.first):
            batch.append(queue.take())
        self._waiting -= len(batch)
        if not queue:
            del self._queues[batch[0].key]
        return batch

    def _forget_late(self, key: object, now: float) -> None:
        queue = self._queues[key]
        while queue and (queue.first.deadline <= now or queue.first.future.cancelled()):
            queue.take().fail(_too_late())
            self._waiting -= 1
        if not queue:
            del self._queues[key]

    def _fits(self, pixels: int) -> bool:
        return pixels <= self._limits.pixels

    def _may_join(self, batch: list[Prediction], added: Prediction) -> bool:
        if self._parameters is None or batch[0].rows is None or added.rows is None:
            return False
        rows = sum(prediction.weight for prediction in batch) + added.rows
        pixels = sum(prediction.pixels for prediction in batch) + added.pixels
        return rows <= self._parameters.max_batch_size and self._fits(pixels + self._running_pixels)

    def _is_ready(self, queue: Queue, now: float) -> bool:
        if self._parameters is None or queue.first.rows is None:
            return True
        if now - queue.first.arrived >= self._parameters.batch_timeout_micros / 1e6:
            return True
        return queue.rows >= self._parameters.max_batch_size

    def _seconds_to_next(self) -> float | None:
        if self._parameters is None or not self._queues:
            return None
        oldest = min(queue.first.arrived for queue in self._queues.values())
        ready = oldest + self._parameters.batch_timeout_micros / 1e6
        return max(ready - time.monotonic(), 0.005)

    def _run(self, batch: list[Prediction], cancel: Cancel) -> None:
        batch = [task for task in batch if task.future.set_running_or_notify_cancel()]
        if len(batch) == 1:
            self._run_one(batch[0], cancel)
        elif batch:
            try:
                rows = [prediction.weight for prediction in batch]
                outputs = parted(self._predict(batch, joined(batch), sum(rows), cancel), rows)
            except RequestError:
                # One of them is bad, and the others must not suffer for it.
                for prediction in batch:
                    self._run_one(prediction, cancel)
            except BaseException as error:
                for prediction in batch:
                    prediction.fail(error)
            else:
                for prediction, part in zip(batch, outputs, strict=True):
                    prediction.future.set_result(part)

    def _run_one(self, prediction: Prediction, cancel: Cancel) -> None:
        try:
            outputs = self._predict([prediction], prediction.tensors, prediction.rows, cancel)
        except BaseException as error:
            prediction.fail(error)
        else:
            prediction.future.set_result(outputs)

    def _predict(
        self, batch: Sequence[Prediction], tensors: Tensors, rows: int | None, cancel: Cancel
    ) -> Tensors:
        padding = 0 if rows is None else self._padding(rows)
        if padding:
            tensors = padded(tensors, padding)
        start = time.perf_counter()
        try:
            outputs = batch[0].servable.predict(batch[0].signature_name, tensors, cancel)
        except PredictionCancelled:
            raise _too_late() from None
        seconds = time.perf_counter() - start
        self._observe(batch[0].model_name, sum(one.weight for one in batch), seconds)
        if padding:
            outputs = {name: array[:rows] for name, array in outputs.items()}
        return outputs

    def _padding(self, rows: int) -> int:
        sizes = self._parameters.allowed_batch_sizes if self._parameters else ()
        return next((size - rows for size in sizes if size >= rows), 0)


def _too_late() -> RequestError:
    return RequestError("The request took longer than it may; send fewer or smaller images", 504)
