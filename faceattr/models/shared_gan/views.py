"""Views of a face: mirrored, or a pixel aside. What an edit should be hardly depends on them."""

from typing import Any

from keras import ops

VIEWS = 8
"""Mirrored or not, a row aside or not, a column aside or not."""


def view_of_step(images: Any, step: Any) -> Any:
    """One view of each image, another at each step: all have their turn in `VIEWS` steps.

    Args:
        images: [n, s, s, c].
        step: int32.
    """
    turn = ops.mod(ops.cast(step, "int32"), VIEWS)
    aside = _shifted(images, turn // 2 % 2, turn // 4)
    return ops.where(ops.equal(turn % 2, 1), ops.flip(aside, axis=2), aside)


def _shifted(images: Any, down: Any, right: Any) -> Any:
    """`[i, j]` is what was `[i + down, j + right]`, 0 or 1; at the edge the image is mirrored."""
    wider = ops.pad(images, ((0, 0), (0, 1), (0, 1), (0, 0)), mode="symmetric")
    return ops.slice(wider, (0, down, right, 0), ops.shape(images))
