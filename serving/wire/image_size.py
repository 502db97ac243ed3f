"""How many pixels encoded images will have, from their first bytes: nothing is decoded."""

from __future__ import annotations

import io
import struct
import warnings

import numpy as np
from PIL import Image

from .limits import Limits
from .request_error import RequestError

IMAGE_INPUT = "image_bytes"
"""The input of an exported edit that holds encoded images."""

_PNG = b"\x89PNG\r\n\x1a\n"

# Markers of a JPEG: of the image itself, before which its head must be whole; those whose segment
# begins with the image's size; those that may stand in a head besides.
_SCAN = 0xDA
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SEGMENTS = frozenset({0xC4, 0xCC, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)})

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
    return quick_size(contents) or _size_by_pillow(index, contents)


def quick_size(contents: bytes) -> tuple[int, int] | None:
    """Width and height of a plain JPEG or PNG; None where it takes Pillow to tell.

    Pillow reads all that stands in a head, which would be a fifth of the server's own work.
    """
    if contents.startswith(_PNG):
        if len(contents) < 24 or contents[12:16] != b"IHDR":
            return None
        width, height = struct.unpack_from(">II", contents, 16)
        return (width, height) if width and height else None
    found = None
    position = 2 if contents.startswith(b"\xff\xd8") else len(contents)
    while position + 9 <= len(contents) and contents[position] == 0xFF:
        marker = contents[position + 1]
        if marker == _SCAN:
            return found
        if marker in _FRAMES and found is None:
            height, width = struct.unpack_from(">HH", contents, position + 5)
            found = (width, height) if width and height else None
        elif marker not in _SEGMENTS:
            break
        position += 2 + max(int.from_bytes(contents[position + 2 : position + 4], "big"), 2)
    return None


def _size_by_pillow(index: int, contents: bytes) -> tuple[int, int]:
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
