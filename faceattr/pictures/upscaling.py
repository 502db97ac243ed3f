"""From the network's size to the size of the face in the photo: how a residual is enlarged.

Enlarged alone, a residual is smooth: where a frame is taken away, the frame's sharp edges stay. So
the photo says where they are. In each neighbourhood of the network's size the residual is taken for
a linear function of the photo's luminance l, as a guided filter does (He, Sun and Tang, 2013); with
the slope a that is fitted there, the detail that only the photo has is added to the enlarged
residual:

    bicubic(r) + bicubic(a) (l - bicubic(l at the network's size))

A residual that takes away what the photo shows has a slope near -1, and takes its edges too; one
that adds what is not there has a slope near 0. `benchmarks/editing.py` has figures.
"""

import numpy as np
from PIL import Image

LUMINANCE = np.array((0.299, 0.587, 0.114), np.float32)
"""Of red, green and blue."""

MOST_ENLARGED = 8
"""A residual is enlarged at most so much before it is turned: beyond, it is smooth from one pixel
to the next, and takes memory only."""

EPSILON = 0.02
"""Variance of the luminance, in [-1, 1], below which it says little: grain is no edge."""


def bicubic(maps: np.ndarray, side: int) -> list[np.ndarray]:
    """Keys' cubic convolution (a = -1/2); antialiased where it makes smaller.

    Args:
        maps: float32 [s, s, channels].
        side: int, of the square that is wanted.

    Returns:
        float32 [side, side] of each channel, which is how Pillow wants floats.
    """
    images = [Image.fromarray(np.ascontiguousarray(each)) for each in np.moveaxis(maps, 2, 0)]
    return [np.asarray(each.resize((side, side), Image.Resampling.BICUBIC)) for each in images]


def slopes(residual: np.ndarray, luminance: np.ndarray) -> np.ndarray:
    """How the residual goes with the luminance, around each pixel.

    Args:
        residual: float32 [s, s, 3].
        luminance: float32 [s, s] of the face crop in [-1, 1].

    Returns:
        float32 [s, s, 3].
    """
    guide = luminance[:, :, None]
    mean = _means(guide)
    variance = _means(guide * guide) - mean * mean
    covariance = _means(guide * residual) - mean * _means(residual)
    return _means(covariance / (variance + np.float32(EPSILON)))


def _means(maps: np.ndarray) -> np.ndarray:
    """Means over 3x3 pixels; those of the border are repeated."""
    for axis in (0, 1):
        padding = [(0, 0)] * 3
        padding[axis] = (1, 1)
        padded = np.pad(maps, padding, mode="edge")
        length = maps.shape[axis]
        before, here, after = (
            np.take(padded, range(start, start + length), axis=axis) for start in range(3)
        )
        maps = (before + here + after) / np.float32(3)
    return maps
