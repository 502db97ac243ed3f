"""The paper's pairs: as many faces without an attribute as with it in each step."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from faceattr.data.rows import Rows, places, random_changes


@dataclasses.dataclass(frozen=True, eq=False)
class PairDraws:
    """How the batches (x0, x1) of one attribute are drawn; see `faceattr.data.rows.Draws`.

    Each class is gone through in an order of its own, drawn anew each time it has been seen whole,
    so x0 and x1 of a pair are independent.

    Attributes:
        members: the training images without and with the attribute, int64 [m] each.
        batch_size: int >= 1, pairs in a batch.
        seed: int >= 0.
    """

    members: tuple[np.ndarray, np.ndarray]
    batch_size: int
    seed: int

    def indices(self) -> np.ndarray:
        """int64 [k]: every image that may be drawn."""
        return np.concatenate(self.members)

    def rows(self, step: int) -> Rows:
        """The faces of x0, to be given the attribute (edit 0), then those of x1 (edit 1)."""
        start, stop = step * self.batch_size, (step + 1) * self.batch_size
        drawn = [
            members[places(self.seed, label, start, stop, len(members))]
            for label, members in enumerate(self.members)
        ]
        edits = np.repeat(np.arange(2, dtype=np.int32), self.batch_size)
        labels = (2 * edits - 1).astype(np.int8)[:, None]
        changes = random_changes(self.seed, step, 2 * self.batch_size)
        return Rows(np.concatenate(drawn), labels, edits, *changes, groups=2)

    def batch(
        self, images: Sequence[Any], labels: Sequence[Any], edits: Sequence[Any]
    ) -> tuple[Any, Any]:
        """The pair (x0, x1): float32 [batch_size, s, s, 3] in [-1, 1] each."""
        without, with_it = images
        return without, with_it
