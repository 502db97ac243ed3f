"""The one way from a request's tensors to a model's outputs, for REST and gRPC alike."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import numpy as np

from .batching.scheduler import Scheduler
from .batching.task import Prediction, count_rows
from .repository import ModelVersion, Repository, Servable
from .wire.codec import check_rows
from .wire.image_size import check_images
from .wire.limits import Limits
from .wire.request_error import RequestError
from .wire.signature import Signature


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

    def check_room(self) -> None:
        """Refuses a request that would be refused later, before any work is done for it.

        Raises:
            RequestError: 503.
        """
        if self.scheduler.is_full:
            raise RequestError(
                "The server has as many requests as it can answer in time; try again later", 503
            )

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
                return await asyncio.wrap_future(prediction.future)
        except TimeoutError:
            raise RequestError(
                "The request took longer than it may; send fewer or smaller images", 504
            ) from None
