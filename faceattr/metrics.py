"""Measures between images, in NumPy."""

import numpy as np


def psnr(images: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratio of each image, in dB; infinite where the images are equal.

    Args:
        images: uint8 [n, h, w, 3].
        truth: uint8 of the same shape.

    Returns:
        float64 [n], 10 log10(255^2 / mean squared error).
    """
    assert images.dtype == truth.dtype == np.uint8, "PSNR is taken on uint8 images"
    difference = images.astype(np.float64) - truth.astype(np.float64)
    error = np.mean(difference**2, axis=(1, 2, 3))
    with np.errstate(divide="ignore"):
        return 10.0 * np.log10(255.0**2 / error)
