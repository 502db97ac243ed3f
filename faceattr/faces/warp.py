"""The one warp: cuts a turned square out of a photo.

The photo is halved by means of 2x2 pixels until a pixel of the crop spans less than two of it, and
then sampled bilinearly. Written by hand, with nothing but sums and products, so that the page in
the browser, which has no Pillow, gives the same pixels; `tests/vectors/warp.json` holds both to it.

Coordinates are continuous: the photo reaches from (0, 0) to (width, height), and the centre of its
first pixel is (0.5, 0.5). Beyond the border the edge pixels are repeated: before each halving the
last row or column if their number is odd, and of the halved photo as many as the crop asks for.
"""

import math

import numpy as np

from faceattr.faces.similarity import Similarity


def crop(image: np.ndarray, to_crop: Similarity, size: int) -> np.ndarray:
    """Cuts out a face crop; only the part of the photo that it shows is read.

    Args:
        image: uint8 [height, width, 3].
        to_crop: from pixels of the photo to fractions of the crop's side: the crop is what it takes
            into the unit square.
        size: int, side of the crop in pixels.

    Returns:
        uint8 [size, size, 3], rounded half up.
    """
    halvings = _halvings(1 / (to_crop.scale * size))
    span = 2**halvings
    x, y = _places(to_crop, size, span)
    columns, x, next_x = _along(x, -(-image.shape[1] // span))
    rows, y, next_y = _along(y, -(-image.shape[0] // span))
    part = image[rows[0] * span : rows[1] * span, columns[0] * span : columns[1] * span]
    width = columns[1] - columns[0]
    low_x, low_y = np.floor(x), np.floor(y)
    first = (low_y * width + low_x).astype(np.intp)
    shares = ((x - low_x).astype(np.float32), (y - low_y).astype(np.float32))
    out = np.empty((size, size, 3), np.uint8)
    for channel in range(3):
        plane = part[:, :, channel]
        for _ in range(halvings):
            plane = _halved(plane)
        out[:, :, channel] = _bilinear(plane, first, next_x, next_y * width, *shares) + np.float32(
            0.5
        )
    return out


def _halvings(span: float) -> int:
    """How often the photo is halved if a pixel of the crop spans `span` of its pixels."""
    count = 0
    while span >= 2:
        span /= 2
        count += 1
    return count


def _places(to_crop: Similarity, size: int, span: int) -> tuple[np.ndarray, np.ndarray]:
    """Where the centres of the crop's pixels lie, float64 [size, size] each: x and y in pixels of
    the photo scaled down by `span`, counted from the centre of its first."""
    back = to_crop.inverse()
    across = (np.arange(size) + 0.5) / size
    down = across[:, None]
    x = (back.a * across - back.b * down + back.shift_x) / span - 0.5
    y = (back.b * across + back.a * down + back.shift_y) / span - 0.5
    return x, y


def _along(places: np.ndarray, length: int) -> tuple[tuple[int, int], np.ndarray, np.ndarray]:
    """One coordinate, held inside the photo.

    Returns:
        (which pixels are needed, from and to; the places counted from the first of them; int, 1
        where there is a next pixel and 0 in the last).
    """
    places = np.clip(places, 0, length - 1)
    needed = math.floor(places.min()), min(math.floor(places.max()) + 2, length)
    return needed, places - needed[0], (np.floor(places) < length - 1).astype(np.intp)


def _halved(plane: np.ndarray) -> np.ndarray:
    """Means of 2x2 pixels: [h, w] to float32, exact for eight halvings of uint8."""
    height, width = plane.shape
    if height % 2 or width % 2:
        plane = np.pad(plane, ((0, height % 2), (0, width % 2)), mode="edge")
    exact = np.uint16 if plane.dtype == np.uint8 else np.float32
    rows = np.add(plane[0::2], plane[1::2], dtype=exact)
    mean = np.add(rows[:, 0::2], rows[:, 1::2], dtype=np.float32)
    mean *= np.float32(0.25)
    return mean


def _bilinear(
    plane: np.ndarray,
    first: np.ndarray,
    next_x: np.ndarray,
    next_y: np.ndarray,
    right: np.ndarray,
    down: np.ndarray,
) -> np.ndarray:
    """Samples a plane, [h, w], between four pixels each: float32 [...].

    Args:
        plane: uint8 or float32 [h, w].
        first: int [...], places of the left upper pixels in the flattened plane.
        next_x, next_y: int [...], how much farther the right and the lower ones lie in it.
        right, down: float32 [...] in [0, 1), how far to go to them.
    """
    flat = np.ascontiguousarray(plane).ravel()
    left, below = 1 - right, first + next_y
    upper = flat[first] * left + flat[first + next_x] * right
    lower = flat[below] * left + flat[below + next_x] * right
    return upper * (1 - down) + lower * down
