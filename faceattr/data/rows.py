"""Rows: which images make up a training step, and how each is changed; NumPy alone.

A family of models draws them. Any reader of the crops, on any
backend, that follows them serves the same batches.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from PIL import Image

# At jitter 1: light by a tenth of the range, contrast by 15%, framing by 4%, scale by 6%.
_MOST = np.array([0.1, 0.15, 0.04, 0.04, 0.06], np.float32)

_CHANGES_STREAM = 2


@dataclasses.dataclass(frozen=True, eq=False)
class Rows:
    """The images of one step, in groups of equal length one after the other.

    The paper's pair is two groups: faces without the attribute, then faces with it.

    Attributes:
        indices: int64 [n], into the table.
        labels: int8 [n, a], of the a attributes of the training: -1 without, 1 with, 0 unknown.
        edits: int32 [n], which edit of the training a row is for; -1 for none.
        mirrored: bool [n], which images are flipped left to right.
        changes: float32 [n, 5] in [-1, 1]: brightness, contrast, shift to the right, shift down,
            scale; each is multiplied by the training's jitter.
        groups: int >= 1, divides n.
    """

    indices: np.ndarray
    labels: np.ndarray
    edits: np.ndarray
    mirrored: np.ndarray
    changes: np.ndarray
    groups: int = 1

    def __post_init__(self) -> None:
        assert len(self) % self.groups == 0, "groups are of equal length"

    def __len__(self) -> int:
        return len(self.indices)

    def shard(self, index: int, count: int) -> Rows:
        """The share of every group that worker `index` of `count` workers reads."""
        assert len(self) // self.groups % count == 0, "workers must get equal shares of a batch"
        mine = np.arange(len(self)).reshape(self.groups, -1)[:, index::count].reshape(-1)
        return Rows(
            self.indices[mine],
            self.labels[mine],
            self.edits[mine],
            self.mirrored[mine],
            self.changes[mine],
            self.groups,
        )


class Draws(Protocol):
    """How the batches of a training are drawn."""

    def indices(self) -> np.ndarray:
        """Every image of the table that rows may have: int64 [k]."""

    def rows(self, step: int) -> Rows:
        """The rows of a step's batch, as many each step: a pure function of seed and step."""

    def batch(self, images: Sequence[Any], labels: Sequence[Any], edits: Sequence[Any]) -> Any:
        """What the model takes of the rows: tensors or arrays, one for each group of rows.

        Args:
            images: float32 [n, s, s, 3] in [-1, 1] each.
            labels: int8 [n, attributes] each, see `Rows`.
            edits: int32 [n] each.
        """


def places(seed: int, stream: int, start: int, stop: int, count: int) -> np.ndarray:
    """Places from `start` to before `stop` in endless rounds through `count` images.

    Each round is in an order of its own, and every image comes once in it.

    Args:
        seed: int >= 0.
        stream: int >= 0, other rounds of the same seed; 2 is that of `random_changes`.
        start, stop: int >= 0; they may straddle the end of a round, or of several.
        count: int >= 1.

    Returns:
        int64 [stop - start], each in [0, count).
    """
    drawn = np.empty(stop - start, np.int64)
    for epoch in range(start // count, (stop - 1) // count + 1):
        first, last = max(start, epoch * count), min(stop, (epoch + 1) * count)
        order = _order(seed, stream, epoch, count)
        drawn[first - start : last - start] = order[first - epoch * count : last - epoch * count]
    return drawn


# Two rounds where a batch straddles them, of a few groups.
@functools.lru_cache(maxsize=8)
def _order(seed: int, stream: int, epoch: int, count: int) -> np.ndarray:
    return np.random.default_rng([seed, stream, epoch]).permutation(count)


def random_changes(seed: int, step: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """`Rows.mirrored`, half of them, and `Rows.changes` of a step of `count` rows."""
    rng = np.random.default_rng([seed, _CHANGES_STREAM, step])
    mirrored = rng.random(count) < 0.5
    return mirrored, rng.uniform(-1, 1, (count, len(_MOST))).astype(np.float32)


def augment(crops: np.ndarray, rows: Rows, jitter: float) -> np.ndarray:
    """Mirrors and jitters the images of a batch as planned, in place.

    Args:
        crops: uint8 [n, s, s, 3], of the rows; it is changed, because a second batch-sized array
            each step costs more than the mirroring.
        rows: of the step.
        jitter: float in [0, 1]; 0 leaves light and framing alone.

    Returns:
        `crops`.
    """
    for index in np.flatnonzero(rows.mirrored):
        # A channel at a time is three times as fast as whole pixels, copied byte by byte.
        for channel in range(3):
            crops[index, :, :, channel] = crops[index, :, ::-1, channel]
    if jitter:
        for image, change in zip(crops, rows.changes, strict=True):
            image[:] = _jittered(image, change * _MOST * np.float32(jitter))
    return crops


def _jittered(image: np.ndarray, change: np.ndarray) -> np.ndarray:
    brightness, contrast, right, down, scale = change.tolist()
    side = image.shape[0]
    zoom = 1 + scale
    # Scaled about the centre and shifted; the edge is mirrored so that no border is seen.
    margin = side // 4
    padded = Image.fromarray(np.pad(image, ((margin, margin), (margin, margin), (0, 0)), "reflect"))
    offset = (1 - zoom) * (side / 2) + margin
    affine = (zoom, 0, offset - right * side, 0, zoom, offset - down * side)
    moved = padded.transform(
        (side, side), Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR
    )
    level = np.asarray(moved, np.float32)
    level = (level - 127.5) * (1 + contrast) + 127.5 * (1 + 2 * brightness)
    return np.clip(np.rint(level), 0, 255).astype(np.uint8)
