"""The one way from a request's tensors to a model's outputs, for REST and gRPC alike."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future

import numpy as np

from .batching.scheduler import Scheduler
from .batching.task import Prediction, count_rows
from .repository import ModelVersion, Repository, Servable
from .wire.codec import check_rows
from .wire.image_size import check_images
from .wire.limits import Limits
from .wire.request_error import RequestError
from .wire.signature import Signature

FULL = "The server has as many requests as it can answer in time; try again later"

_Waited = asyncio.Future[Mapping[str, np.ndarray]]


class _Mailbox:
    """Tells one event loop what ended on other threads: a whole batch at one wake-up.

    To wake the loop is a system call, after which the thread that made it waits for Python's lock.
    `asyncio.wrap_future` would make one for each request, while the model waits for its next batch.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._ended: deque[tuple[Future, _Waited]] = deque()
        self._is_woken = False

    async def wait_for(self, future: Future[Mapping[str, np.ndarray]]) -> Mapping[str, np.ndarray]:
        """What the future becomes; who gives up waiting cancels it."""
        waited: _Waited = self.loop.create_future()
        future.add_done_callback(lambda ended: self._put(ended, waited))
        try:
            return await waited
        except asyncio.CancelledError:
            future.cancel()
            raise

    def _put(self, future: Future, waited: _Waited) -> None:
        self._ended.append((future, waited))
        if not self._is_woken:
            self._is_woken = True
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
                self.loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._is_woken = False  # first, so that what is put from here on wakes again
        while self._ended:
            future, waited = self._ended.popleft()
            if waited.done():
                continue
            if future.cancelled():
                waited.cancel()
            elif error := future.exception():
                waited.set_exception(error)
            else:
                waited.set_result(future.result())


class Predictor:
    """Answers predictions within the limits, and stops when it is told to.

    Attributes:
        repository: the models.
        limits: what a request may cost.
        scheduler: what runs them.
        is_draining: bool, whether the server is being stopped.
    """

    def __init__(self, repository: Repository, limits: Limits, scheduler: Scheduler) -> None:
        self.repository = repository
        self.limits = limits
        self.scheduler = scheduler
        self.is_draining = False
        self._mailbox: _Mailbox | None = None

    def check_room(self) -> None:
        """Refuses a request that would be refused later, before any work is done for it.

        Raises:
            RequestError: 503.
        """
        if self.scheduler.is_full:
            raise RequestError(FULL, 503)

    def signature(self, servable: Servable, name: str) -> Signature:
        """The signature of a model.

        Raises:
            RequestError: where it has none of that name.
        """
        signature = servable.signatures.get(name)
        if signature is None:
            raise RequestError(
                f'Serving signature name: "{name}" not found in signature def; '
                f"the model has: {', '.join(sorted(servable.signatures))}"
            )
        return signature

    async def predict(
        self,
        version: ModelVersion,
        servable: Servable,
        signature_name: str,
        tensors: Mapping[str, np.ndarray],
        deadline: float,
    ) -> Mapping[str, np.ndarray]:
        """Calls a signature, together with other requests where batching is on.

        Args:
            version: the version that `servable` is of, in use until this is done.
            servable: the loaded model.
            signature_name: str, one of its signatures.
            tensors: arrays by input name that fit the signature.
            deadline: float, the `time.monotonic()` at which nobody waits for it any more.

        Returns:
            arrays by output name.

        Raises:
            RequestError: 400 for what the model or the limits refuse, 503 where too many wait,
                504 where it takes too long.
        """
        rows = count_rows(servable, signature_name, tensors)
        if rows is not None:
            check_rows(rows, self.limits)
        pixels = check_images(dict(tensors), self.limits)
        prediction = Prediction(
            version.model_name, servable, signature_name, tensors, pixels, deadline, rows
        )
        self.scheduler.submit(prediction)
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                return await self._mailbox_of_this_loop().wait_for(prediction.future)
        except TimeoutError:
            raise RequestError(
                "The request took longer than it may; send fewer or smaller images", 504
            ) from None

    def _mailbox_of_this_loop(self) -> _Mailbox:
        loop = asyncio.get_running_loop()
        if self._mailbox is None or self._mailbox.loop is not loop:
            self._mailbox = _Mailbox(loop)
        return self._mailbox
