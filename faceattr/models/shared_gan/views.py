"""Views of a face: mirrored, or a pixel aside. What an edit should be hardly depends on them."""

from typing import Any

from keras import ops

SHIFTS = ((0, 0), (1, 0), (0, 1), (1, 1))
"""Rows and columns that a view lies aside."""

VIEWS = 2 * len(SHIFTS)


def shifted(images: Any, down: Any, right: Any) -> Any:
    """`[i, j]` is what was `[i + down, j + right]`; at the edge the image is mirrored.

    Args:
        images: [n, s, s, c].
        down, right: int, -1 to 1, also as int32 tensors.
    """
    wider = ops.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric")
    return ops.slice(wider, (0, 1 + down, 1 + right, 0), ops.shape(images))


def views(images: Any) -> Any:
    """Every view of each image, one batch after the other.

    Args:
        images: [n, s, s, 3].

    Returns:
        [8 n, s, s, 3]: of each of `SHIFTS` the images and then their mirror images.
    """
    aside = [shifted(images, down, right) for down, right in SHIFTS]
    return ops.concatenate([view for each in aside for view in (each, ops.flip(each, axis=2))])


def mean_of_views(residuals: Any) -> Any:
    """The mean of the residuals of `views`, each laid back where the image is.

    Args:
        residuals: [8 n, s, s, 3].

    Returns:
        [n, s, s, 3].
    """
    parts = ops.split(residuals, VIEWS)
    back = [
        shifted(part, -down, -right)
        for (down, right), plain, mirrored in zip(SHIFTS, parts[::2], parts[1::2], strict=True)
        for part in (plain, ops.flip(mirrored, axis=2))
    ]
    return sum(back) / VIEWS


def view_of_step(images: Any, step: Any) -> Any:
    """One view of each image, another at each step: all have their turn in eight.

    Args:
        images: [n, s, s, c].
        step: int32.
    """
    turn = ops.mod(ops.cast(step, "int32"), VIEWS)
    aside = shifted(images, turn // 2 % 2, turn // 4)
    return ops.where(ops.equal(turn % 2, 1), ops.flip(aside, axis=2), aside)
