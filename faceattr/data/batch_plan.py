"""Which images make up each training step, and how each is changed: NumPy alone.

Any reader of the crops, on any backend, that follows these plans serves the same batches.
"""

import dataclasses
import functools

import numpy as np
from PIL import Image

# At jitter 1: light by a tenth of the range, contrast by 15%, framing by 4%, scale by 6%.
_MOST = np.array([0.1, 0.15, 0.04, 0.04, 0.06], np.float32)


@dataclasses.dataclass(frozen=True, eq=False)
class BatchPlan:
    """One step's images; row 0 is the images without the attribute, row 1 those with it.

    Attributes:
        positions: int64 [2, batch_size], places within each class of the training split.
        mirrored: bool [2, batch_size], which images are flipped left to right.
        changes: float32 [2, batch_size, 5] in [-1, 1]: brightness, contrast, shift to the right,
            shift down, scale; each is multiplied by the training's jitter.
    """

    positions: np.ndarray
    mirrored: np.ndarray
    changes: np.ndarray

    def indices(self, members: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """int64 [2 * batch_size], the step's images in a table, those of row 0 first.

        Args:
            members: the table's indices of the training images of each class.
        """
        return np.concatenate([members[label][self.positions[label]] for label in (0, 1)])

    def shard(self, index: int, count: int) -> "BatchPlan":
        """The pairs of the step that worker `index` of `count` workers reads."""
        return BatchPlan(
            self.positions[:, index::count],
            self.mirrored[:, index::count],
            self.changes[:, index::count],
        )


def batch_plan(seed: int, step: int, batch_size: int, counts: tuple[int, int]) -> BatchPlan:
    """The plan of one step, a pure function of its arguments.

    Each class is gone through in an order of its own, drawn anew each time it has been seen
    whole, so x0 and x1 of a pair are independent.

    Args:
        seed: int >= 0.
        step: int >= 0, the step that the batch is for.
        batch_size: int, pairs in a batch.
        counts: (negatives, positives) in the training split.
    """
    first, last = step * batch_size, (step + 1) * batch_size
    positions = np.empty((2, batch_size), np.int64)
    for label, count in enumerate(counts):
        # A batch may straddle the end of an epoch, or several.
        for epoch in range(first // count, (last - 1) // count + 1):
            start, stop = max(first, epoch * count), min(last, (epoch + 1) * count)
            order = _order(seed, label, epoch, count)
            here = slice(start - epoch * count, stop - epoch * count)
            positions[label, start - first : stop - first] = order[here]
    rng = np.random.default_rng([seed, 2, step])
    mirrored = rng.random((2, batch_size)) < 0.5
    changes = rng.uniform(-1, 1, (2, batch_size, len(_MOST))).astype(np.float32)
    return BatchPlan(positions, mirrored, changes)


@functools.lru_cache(maxsize=4)  # both classes, and both epochs where a batch straddles two
def _order(seed: int, label: int, epoch: int, count: int) -> np.ndarray:
    return np.random.default_rng([seed, label, epoch]).permutation(count)


def augment(crops: np.ndarray, plan: BatchPlan, jitter: float) -> np.ndarray:
    """Mirrors and jitters the images of a batch as planned, in place.

    Args:
        crops: uint8 [2 * batch_size, s, s, 3], row 0 of the plan first; it is changed, because a
            second batch-sized array each step costs more than the mirroring.
        plan: of the step.
        jitter: float in [0, 1]; 0 leaves light and framing alone.

    Returns:
        `crops`.
    """
    for index in np.flatnonzero(plan.mirrored):
        # A channel at a time is three times as fast as whole pixels, copied byte by byte.
        for channel in range(3):
            crops[index, :, :, channel] = crops[index, :, ::-1, channel]
    if jitter:
        for image, change in zip(crops, plan.changes.reshape(len(crops), -1), strict=True):
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
