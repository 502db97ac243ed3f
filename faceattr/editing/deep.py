"""Colour photos of 16 bits a sample, which Pillow reads by their high bytes and cannot write."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFile, PngImagePlugin

if TYPE_CHECKING:
    from PIL import TiffImagePlugin

# Pillow's names of how samples of 16 bits lie in a file, each with the one of the other byte order.
# What Pillow takes for the high byte in one is the low byte in the other.
_SWAPPED = {"16B": "16L", "16L": "16B", "16N": "16B"}
_ROWS_AT_ONCE = 256

DEFLATE_LEVEL = 2
"""Of 9: the grain of photos does not deflate; 6 takes thrice as long for some hundredths less."""

_DEFLATE = 8


def is_deep(image: Image.Image) -> bool:
    """Whether an opened, not yet decoded image has colours of 16 bits."""
    name = _rawmode(image)
    return image.mode in ("RGB", "RGBA") and name[-3:] in _SWAPPED and name[:-4] == image.mode


def loses_bits(image: Image.Image) -> bool:
    """Whether such an image has 16 bits in a way of which only the high bytes can be read."""
    deep = _rawmode(image)[-3:] in _SWAPPED and not image.mode.startswith("I")
    return deep and not is_deep(image)


def low_bytes(file: IO[bytes]) -> Image.Image:
    """The low bytes of a photo of which `is_deep` is true.

    Args:
        file: the photo's, open and anywhere.

    Raises:
        OSError, SyntaxError, ValueError: as Pillow's, if it is damaged.
    """
    file.seek(0)
    image = Image.open(file)
    assert isinstance(image, ImageFile.ImageFile)
    name = _rawmode(image)
    swapped = name[:-3] + _SWAPPED[name[-3:]]
    image.tile = [
        tile._replace(args=(swapped, *tile.args[1:]) if isinstance(tile.args, tuple) else swapped)
        for tile in image.tile
    ]
    image.load()
    return image


def _rawmode(image: Image.Image) -> str:
    if not isinstance(image, ImageFile.ImageFile) or not image.tile:
        return ""
    args = image.tile[0].args
    return args if isinstance(args, str) else str(args[0] if args else "")


def write_png(file: IO[bytes], samples: np.ndarray, chunks: list[tuple[bytes, bytes]]) -> None:
    """Writes a PNG of 16 bits.

    Args:
        file: where to.
        samples: uint16 [height, width, 3 or 4].
        chunks: kind and content of each chunk that goes before the pixels.
    """
    height, width, channels = samples.shape
    file.write(b"\x89PNG\r\n\x1a\n")
    kind = {3: 2, 4: 6}[channels]
    PngImagePlugin.putchunk(
        file, b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    )
    for name, content in chunks:
        PngImagePlugin.putchunk(file, name, content)
    for data in _deflated(_filtered(samples)):
        PngImagePlugin.putchunk(file, b"IDAT", data)
    PngImagePlugin.putchunk(file, b"IEND", b"")


def _filtered(samples: np.ndarray) -> Iterator[bytes]:
    """Rows of a PNG, each byte less the one above it (filter 2), which deflates better."""
    height = len(samples)
    above = np.zeros((1, samples[0].size * 2), np.uint8)
    for first in range(0, height, _ROWS_AT_ONCE):
        part = samples[first : first + _ROWS_AT_ONCE].astype(">u2")
        rows = part.reshape(len(part), -1).view(np.uint8)
        less = rows - np.concatenate((above, rows[:-1]))
        yield np.concatenate((np.full((len(part), 1), 2, np.uint8), less), axis=1).tobytes()
        above = rows[-1:].copy()


def _deflated(parts: Iterator[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(DEFLATE_LEVEL)
    for part in parts:
        if data := compressor.compress(part):
            yield data
    yield compressor.flush()


def write_tiff(
    file: IO[bytes], samples: np.ndarray, tags: TiffImagePlugin.ImageFileDirectory_v2
) -> None:
    """Writes a TIFF of 16 bits, deflated.

    Args:
        file: where to.
        samples: uint16 [height, width, 3 or 4].
        tags: of the photo, little-endian; those of its pixels are added.
    """
    from PIL import TiffImagePlugin

    height, width, channels = samples.shape
    tags[TiffImagePlugin.IMAGEWIDTH] = width
    tags[TiffImagePlugin.IMAGELENGTH] = height
    tags[TiffImagePlugin.BITSPERSAMPLE] = (16,) * channels
    tags[TiffImagePlugin.COMPRESSION] = _DEFLATE
    tags[TiffImagePlugin.PHOTOMETRIC_INTERPRETATION] = 2
    tags[TiffImagePlugin.SAMPLESPERPIXEL] = channels
    tags[TiffImagePlugin.ROWSPERSTRIP] = _ROWS_AT_ONCE
    if channels == 4:
        tags[TiffImagePlugin.EXTRASAMPLES] = 2
    strips = [
        zlib.compress(samples[first : first + _ROWS_AT_ONCE].astype("<u2").tobytes(), DEFLATE_LEVEL)
        for first in range(0, height, _ROWS_AT_ONCE)
    ]
    lengths = [len(strip) for strip in strips]
    tags[TiffImagePlugin.STRIPBYTECOUNTS] = tuple(lengths)
    # The directory adds to each the place where it ends itself.
    tags[TiffImagePlugin.STRIPOFFSETS] = tuple(sum(lengths[:index]) for index in range(len(strips)))
    tags.save(file)
    for strip in strips:
        file.write(strip)
