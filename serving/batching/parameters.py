"""How requests are put together, by TensorFlow Serving's names."""

from __future__ import annotations

import os
from dataclasses import dataclass, field


def _cores() -> int:
    """That this process may run on; a container or `taskset` may leave it fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class BatchingParameters:
    """How requests are put together.

    Attributes:
        max_batch_size: int, rows of one batch. TensorFlow Serving's default is 1000; that many
            images do not fit the memory that this server keeps to.
        batch_timeout_micros: int, how long the first request of a batch waits for others.
        max_enqueued_batches: int, full batches that may wait for one signature.
        num_batch_threads: int, batches that run at once, of all models together.
        allowed_batch_sizes: the sizes that a batch is padded up to, in rising order; none for
            any size.
    """

    max_batch_size: int = 32
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 10
    num_batch_threads: int = field(default_factory=_cores)
    allowed_batch_sizes: tuple[int, ...] = ()
