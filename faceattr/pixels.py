"""The only conversions between uint8 in [0, 255] and float32 in [-1, 1].

A photo of 16 bits has levels in [0, 65535] that stand for the same [-1, 1].

Images are RGB and NHWC everywhere. Each conversion asserts what it is given, because pixels
scaled twice, or never, train without complaint and ruin the result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

_HALF = 127.5


def to_float(image: np.ndarray) -> np.ndarray:
    """Converts uint8 in [0, 255], or uint16 in [0, 65535], to float32 in [-1, 1]; any shape."""
    assert image.dtype in (np.uint8, np.uint16), f"expected uint8 pixels, got {image.dtype}"
    return image.astype(np.float32) / np.float32(_half(image.dtype)) - np.float32(1)


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Converts float in [-1, 1] to uint8 in [0, 255], rounding to nearest; any shape.

    Values beyond [-1, 1] are clipped: an edited image is `clip(x + strength * G(x))`.
    """
    return to_levels(image, np.dtype(np.uint8))


def to_levels(image: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """As `to_uint8`, to uint8 or uint16; gives back each level that `to_float` was given."""
    assert np.issubdtype(image.dtype, np.floating), f"expected float pixels, got {image.dtype}"
    assert np.isfinite(image).all(), "pixels must be finite"
    half = _half(dtype)
    return np.clip(np.rint((image + 1) * half), 0, 2 * half).astype(dtype)


def _half(dtype: np.dtype) -> float:
    return np.iinfo(dtype).max / 2


def tensor_to_float(image: tf.Tensor) -> tf.Tensor:
    """`to_float` inside a TensorFlow graph."""
    import tensorflow as tf

    assert image.dtype == tf.uint8, f"expected uint8 pixels, got {image.dtype}"
    return tf.cast(image, tf.float32) / _HALF - 1.0


def tensor_to_uint8(image: tf.Tensor) -> tf.Tensor:
    """`to_uint8` inside a TensorFlow graph (which cannot assert finiteness cheaply)."""
    import tensorflow as tf

    assert image.dtype == tf.float32, f"expected float32 pixels, got {image.dtype}"
    return tf.cast(tf.clip_by_value(tf.round((image + 1.0) * _HALF), 0.0, 255.0), tf.uint8)


def residual_to_uint8(residual: np.ndarray) -> np.ndarray:
    """Draws a residual (float, in [-2, 2]) as the paper does: mid grey means no change.

    The range [-1, 1] fills the scale; larger changes saturate.
    """
    return to_uint8(np.clip(residual, -1.0, 1.0))
