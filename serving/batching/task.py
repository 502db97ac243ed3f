"""One request that waits, and how several become one batch and are parted again."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field

import numpy as np

from ..repository import Servable
from ..wire.request_error import RequestError

Tensors = Mapping[str, np.ndarray]


@dataclass(eq=False)
class Prediction:
    """A request to a signature, and the future of its outputs.

    Attributes:
        rows: int, how many it has; None where its inputs cannot be joined with others.
        pixels: int, of its encoded images.
        deadline: float, the `time.monotonic()` at which nobody waits for it any more.
    """

    model_name: str
    servable: Servable
    signature_name: str
    tensors: Tensors
    pixels: int
    deadline: float
    rows: int | None = None
    arrived: float = field(default_factory=time.monotonic)
    future: Future[Tensors] = field(default_factory=Future)

    def fail(self, error: BaseException) -> None:
        """Tells who waits that nothing comes."""
        with contextlib.suppress(InvalidStateError):  # who asked for it has just gone
            self.future.set_exception(error)

    @property
    def key(self) -> object:
        """What those that may run in one batch have in common."""
        shapes = tuple((name, array.shape[1:]) for name, array in self.tensors.items())
        return (id(self.servable), self.signature_name, shapes)

    @property
    def weight(self) -> int:
        """Its rows, of which one that cannot be joined has one."""
        return 1 if self.rows is None else self.rows


class Queue:
    """Predictions of one key, in the order in which they came.

    Attributes:
        rows: int, of all of them.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._waiting: deque[Prediction] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self._waiting)

    @property
    def first(self) -> Prediction:
        """The one that waits for the longest."""
        return self._waiting[0]

    def put(self, prediction: Prediction) -> None:
        """Adds one at the end."""
        self._waiting.append(prediction)
        self.rows += prediction.weight

    def take(self) -> Prediction:
        """Removes the first."""
        prediction = self._waiting.popleft()
        self.rows -= prediction.weight
        return prediction


def count_rows(servable: Servable, signature_name: str, tensors: Tensors) -> int | None:
    """The rows of a request; None where its inputs are no rows, or are of several sizes."""
    inputs = servable.signatures[signature_name].inputs
    if any(not spec.shape or spec.shape[0] != -1 for spec in inputs.values()):
        return None
    sizes = {len(array) for array in tensors.values()}
    return sizes.pop() if len(sizes) == 1 and 0 not in sizes else None


def joined(batch: Sequence[Prediction]) -> dict[str, np.ndarray]:
    """The tensors of several predictions of one key, one below the other."""
    return {
        name: np.concatenate([prediction.tensors[name] for prediction in batch])
        for name in batch[0].tensors
    }


def parted(outputs: Tensors, rows: Sequence[int]) -> list[dict[str, np.ndarray]]:
    """The outputs of each of the predictions that were joined.

    Raises:
        RequestError: where the model has outputs that are no rows.
    """
    if any(array.ndim == 0 or len(array) != sum(rows) for array in outputs.values()):
        raise RequestError("The model's outputs are no rows, so its requests cannot be batched")
    ends = np.cumsum(rows)
    return [
        {name: array[end - count : end] for name, array in outputs.items()}
        for end, count in zip(ends, rows, strict=True)
    ]


def padded(tensors: Tensors, rows: int) -> Tensors:
    """The tensors with the first row again and again below them, so many times."""
    return {
        name: np.concatenate([array, np.repeat(array[:1], rows, axis=0)])
        for name, array in tensors.items()
    }
