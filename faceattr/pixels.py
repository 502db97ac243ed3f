"""The only conversions between uint8 in [0, 255] and float32 in [-1, 1], and image grids.

Images are RGB and NHWC everywhere. Each conversion asserts what it is given, because pixels
scaled twice, or never, train without complaint and ruin the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    import tensorflow as tf

_HALF = 127.5


def to_float(image: np.ndarray) -> np.ndarray:
    """Converts uint8 in [0, 255] to float32 in [-1, 1]; any shape."""
    assert image.dtype == np.uint8, f"expected uint8 pixels, got {image.dtype}"
    return image.astype(np.float32) / np.float32(_HALF) - np.float32(1)


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Converts float in [-1, 1] to uint8 in [0, 255], rounding to nearest; any shape.

    Values beyond [-1, 1] are clipped: an edited image is `clip(x + strength * G(x))`.
    """
    assert np.issubdtype(image.dtype, np.floating), f"expected float pixels, got {image.dtype}"
    assert np.isfinite(image).all(), "pixels must be finite"
    return np.clip(np.rint((image + 1) * _HALF), 0, 255).astype(np.uint8)


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


def image_grid(rows: Sequence[tuple[str, np.ndarray]], gap: int = 2) -> np.ndarray:
    """Lays labelled rows of images out as one picture.

    Args:
        rows: (label, images) pairs; images uint8 [n, height, width, 3], all of one shape.
        gap: int, pixels of white between images.

    Returns:
        uint8 [grid_height, grid_width, 3].
    """
    _, first = rows[0]
    count, height, width, _ = first.shape
    assert all(images.shape == first.shape for _, images in rows), "rows differ in shape"
    assert all(images.dtype == np.uint8 for _, images in rows), "rows must be uint8"
    font = ImageFont.load_default(size=max(9, height // 6))
    margin = gap * 2 + max(int(font.getlength(label)) for label, _ in rows)
    canvas = Image.new(
        "RGB",
        (margin + count * (width + gap) + gap, len(rows) * (height + gap) + gap),
        (255, 255, 255),
    )
    draw = ImageDraw.Draw(canvas)
    for row, (label, images) in enumerate(rows):
        top = gap + row * (height + gap)
        draw.text((gap, top + height // 2), label, fill=(0, 0, 0), font=font, anchor="lm")
        for column, image in enumerate(images):
            canvas.paste(Image.fromarray(image), (margin + gap + column * (width + gap), top))
    return np.asarray(canvas)


def joined(images: Sequence[np.ndarray], axis: int, gap: int = 0) -> np.ndarray:
    """Images of any sizes beside (axis 1) or below (axis 0) each other, on white.

    Args:
        images: uint8 [height, width, 3] each, at least one.
        axis: 0 or 1.
        gap: int, pixels of white after each image.

    Returns:
        uint8 [height, width, 3].
    """
    across = 1 - axis
    longest = max(image.shape[across] for image in images)
    padded = []
    for image in images:
        margins = [(0, 0), (0, 0), (0, 0)]
        margins[across] = (0, longest - image.shape[across])
        margins[axis] = (0, gap)
        padded.append(np.pad(image, margins, constant_values=255))
    return np.concatenate(padded, axis=axis)
