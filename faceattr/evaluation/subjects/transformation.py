"""What is evaluated: anything that gives a residual for images, and the edited images it makes."""

from typing import Protocol

import numpy as np

from faceattr import pixels
from faceattr.edits import edited
from faceattr.progress import progress_bar

_BATCH = 32


class Transformation(Protocol):
    """One edit as something that can be asked: a network, or decode(z + a) - x of another kind.

    From float32 [n, s, s, 3] in [-1, 1] to the residual, float of the same shape, not clipped.
    """

    def __call__(self, images: np.ndarray, /) -> np.ndarray: ...


def residuals(transformation: Transformation, images: np.ndarray) -> np.ndarray:
    """The residuals of many images, a batch at a time.

    Args:
        transformation: the edit.
        images: uint8 [n, s, s, 3].

    Returns:
        float32 [n, s, s, 3], not clipped.
    """
    out = np.zeros(images.shape, np.float32)
    bar = progress_bar(range(0, len(images), _BATCH), desc="editing", unit="batch", leave=False)
    for start in bar:
        part = slice(start, start + _BATCH)
        residual = np.asarray(transformation(pixels.to_float(images[part])))
        assert residual.shape == images[part].shape, "a residual has the shape of its images"
        out[part] = residual
    return out


def edited_images(images: np.ndarray, residual: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """`clip(x + strength * r)` (Eq. 2), as a user sees it.

    Args:
        images: uint8 [n, s, s, 3].
        residual: float [n, s, s, 3].
        strength: float; 0 gives the images back.

    Returns:
        uint8 [n, s, s, 3].
    """
    return pixels.to_uint8(edited(pixels.to_float(images), residual, strength))
