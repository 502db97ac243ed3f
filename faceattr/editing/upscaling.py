"""From the network's size to the size of the face in the photo: how a residual is enlarged."""

import numpy as np
from PIL import Image


def bicubic(residual: np.ndarray, side: int) -> np.ndarray:
    """Keys' cubic convolution (a = -1/2); antialiased where it makes smaller.

    Args:
        residual: float32 [s, s, channels].
        side: int, of the square that is wanted.

    Returns:
        float32 [side, side, channels].
    """
    # Pillow resizes float images one channel at a time.
    return np.stack(
        [
            np.asarray(
                Image.fromarray(np.ascontiguousarray(residual[:, :, channel])).resize(
                    (side, side), Image.Resampling.BICUBIC
                )
            )
            for channel in range(residual.shape[2])
        ],
        axis=-1,
    )


def guided(
    residual: np.ndarray, low: np.ndarray, high: np.ndarray, radius: int, epsilon: float
) -> np.ndarray:
    """The fast guided filter (He and Sun, 2015): edges of the photo become edges of the residual.

    In each neighbourhood the residual is taken for a linear function of the photo's luminance,
    r = a l + b; a and b are fitted at the network's size and enlarged, not the residual itself.

    Args:
        residual: float32 [s, s, channels].
        low: float32 [s, s], luminance of the face crop in [-1, 1].
        high: float32 [side, side], the same of the photo at its own resolution.
        radius: int, of the neighbourhood, in pixels of the network's size.
        epsilon: float, variance of the luminance below which it guides little.

    Returns:
        float32 [side, side, channels].
    """
    guide = low[:, :, None]
    mean_guide, mean = _means(guide, radius), _means(residual, radius)
    variance = _means(guide * guide, radius) - mean_guide**2
    slope = (_means(guide * residual, radius) - mean_guide * mean) / (variance + epsilon)
    offset = mean - slope * mean_guide
    side = len(high)
    slope, offset = bicubic(_means(slope, radius), side), bicubic(_means(offset, radius), side)
    return slope * high[:, :, None] + offset


def _means(image: np.ndarray, radius: int) -> np.ndarray:
    """Means over squares of 2 radius + 1 pixels; edge pixels are repeated."""
    for axis in (0, 1):
        padding = [(0, 0)] * image.ndim
        padding[axis] = (radius + 1, radius)
        sums = np.cumsum(np.pad(image, padding, mode="edge"), axis=axis, dtype=np.float64)
        size = 2 * radius + 1
        upper = np.take(sums, range(size, sums.shape[axis]), axis=axis)
        lower = np.take(sums, range(sums.shape[axis] - size), axis=axis)
        image = ((upper - lower) / size).astype(np.float32)
    return image
