"""How many pixels encoded images will have, from their first bytes: nothing is decoded."""

from __future__ import annotations

import io
import warnings

import numpy as np
from PIL import Image

from .limits import Limits
from .request_error import RequestError

IMAGE_INPUT = "image_bytes"
"""The input of an exported edit that holds encoded images."""

# What TensorFlow decodes; nothing else is looked for.
_FORMATS = ("JPEG", "PNG", "GIF", "BMP")


def check_images(tensors: dict[str, np.ndarray], limits: Limits) -> int:
    """Counts the pixels of the images of a request.

    Args:
        tensors: a request's tensors by input name.
        limits: how many pixels they may have together.

    Returns:
        their number; 0 where the request has no encoded images.

    Raises:
        RequestError: where one is no image, or where they have too many pixels.
    """
    pixels = 0
    for index, contents in enumerate(tensors.get(IMAGE_INPUT, np.empty(0)).ravel()):
        if not isinstance(contents, bytes):
            return 0  # another model's input that has the name by chance
        width, height = _size(index, contents)
        pixels += width * height
        if pixels > limits.pixels:
            raise RequestError(
                f"{IMAGE_INPUT}: the images up to number {index} (of {width}x{height}) have "
                f"{pixels} pixels together, and at most {limits.pixels} fit in one request; send "
                "smaller images, or fewer at a time"
            )
    return pixels


def _size(index: int, contents: bytes) -> tuple[int, int]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(contents), formats=_FORMATS) as image:
                return image.size
    except Image.DecompressionBombError:
        raise RequestError(f"{IMAGE_INPUT}: image {index} has too many pixels") from None
    except Exception as error:  # Pillow raises whatever a broken header leads to
        raise RequestError(
            f"{IMAGE_INPUT}: item {index} is not a JPEG or PNG image; send the file's bytes"
        ) from error
