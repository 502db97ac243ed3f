"""Photos from files and into files: what a file says besides its pixels is kept."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import struct
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from faceattr.editing import deep
from faceattr.editing.file_facts import (
    FileFacts,
    encoding_of,
    exif_tags,
    orientation_of,
    set_orientation,
)
from faceattr.editing.photo import Photo
from faceattr.errors import UserError
from faceattr.faces.crop import MAX_PIXELS
from faceattr.files import replacing

MAX_MEGAPIXELS = MAX_PIXELS / 1e6
"""Larger photos are refused before they are decoded, unless it is asked for more."""

WRITTEN = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".avif": "AVIF",
    ".heic": "HEIF",
    ".heif": "HEIF",
}
"""The formats that are read and written, by the suffix of the file."""

READ = (*WRITTEN, ".gif")
"""The suffixes of what a folder is searched for. A GIF holds 256 colours: it becomes a PNG."""

_HEIF = (".heic", ".heif")
# Which modes a format can hold, the one that others become last.
_MODES = {
    "JPEG": ("L", "CMYK", "RGB"),
    "PNG": ("L", "LA", "RGBA", "RGB"),
    "WEBP": ("RGBA", "RGB"),
    "TIFF": ("L", "LA", "RGBA", "CMYK", "RGB"),
    "BMP": ("L", "RGB"),
    "AVIF": ("RGBA", "RGB"),
    "HEIF": ("L", "LA", "RGBA", "RGB"),
}
_LOSSY = ("JPEG", "WEBP", "AVIF", "HEIF")
_MAX_BYTES_OF_A_JPEG_MARKER = 65_000
# What Pillow and its decoders raise on damaged files, and on damaged facts that are to be written.
_DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    EOFError,
    struct.error,
    Image.DecompressionBombError,
)


@dataclasses.dataclass(frozen=True, eq=False)
class PhotoFile:
    """A photo and what else its file says.

    Attributes:
        photo: the photo.
        facts: what is written back with it.
        warnings: what was not read, each a sentence without a subject.
    """

    photo: Photo
    facts: FileFacts
    warnings: tuple[str, ...] = ()


def open_photo(path: pathlib.Path, max_megapixels: float = MAX_MEGAPIXELS) -> PhotoFile:
    """Opens and decodes a photo.

    Args:
        path: the file.
        max_megapixels: float, > 0; larger photos are refused before they are decoded.

    Raises:
        UserError: if the file is missing, is no image, is damaged, too large, or needs a decoder
            that is not installed.
    """
    if path.suffix.lower() in _HEIF:
        _register_heif(path)
    try:
        return _opened(path, max_megapixels)
    except FileNotFoundError:
        raise UserError(f"{path}: no such image") from None
    except UnidentifiedImageError:
        raise UserError(f"{path}: cannot be read as an image (of no kind that is known)") from None
    except _DAMAGED as error:
        raise UserError(f"{path}: cannot be read as an image ({error})") from None


def _opened(path: pathlib.Path, max_megapixels: float) -> PhotoFile:
    # Opened here, for by a path Pillow maps some TIFF files into memory, and these it leaves lying
    # on their side. The limit is ours, and says what to do.
    with path.open("rb") as file, _without_pillows_limit(), Image.open(file) as image:
        if image.width * image.height > max_megapixels * 1e6:
            raise UserError(
                f"{path}: {image.width}x{image.height} are more than --max_megapixels "
                f"{max_megapixels:g}; raise it, which takes memory, or scale the photo down"
            )
        warnings = []
        if deep.loses_bits(image):
            warnings.append("has 16 bits a sample in a layout of which 8 are read")
        frames = getattr(image, "n_frames", 1)
        if frames > 1 and image.format != "MPO":
            warnings.append(f"holds {frames} pictures, of which the first is edited")
        exif = image.getexif()
        orientation = orientation_of(exif)
        encoding = encoding_of(image, file)
        deep_colors = deep.is_deep(image)
        image.load()
        # Pillow itself turns a TIFF upright, as it does with the low bytes.
        turned = orientation_of(image.getexif())
        if turned != orientation:
            set_orientation(exif, orientation)
        try:
            photo = Photo.of(image, turned)
        except UserError as error:
            raise UserError(f"{path}: {error.for_command_line}") from None
        if deep_colors:
            low = Photo.of(deep.low_bytes(file).convert(photo.image.mode), turned)
            photo = dataclasses.replace(photo, low=low.image)
        photo = dataclasses.replace(photo, orientation=orientation)
        return PhotoFile(photo, FileFacts.of(image, exif, encoding), tuple(warnings))


@contextlib.contextmanager
def _without_pillows_limit() -> Iterator[None]:
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def format_of(path: pathlib.Path) -> str:
    """Pillow's name of the format that a file of this suffix is written in.

    Raises:
        UserError: if there is none.
    """
    if path.suffix.lower() not in WRITTEN:
        raise UserError(
            f"-o {path}: cannot write {path.suffix or 'a file without suffix'}; choose one of "
            f"{', '.join(WRITTEN)}"
        )
    return WRITTEN[path.suffix.lower()]


def save_photo(
    photo: Photo, facts: FileFacts, path: pathlib.Path, quality: int | None = None
) -> None:
    """Writes a photo, whole or not at all, in the format of the suffix.

    In the format that it came in, it is encoded as it was. What the format cannot hold goes: alpha
    is laid on white, 16 bits become 8, ink becomes colour.

    Args:
        photo: the photo.
        facts: of the file it came from.
        path: an older file is replaced.
        quality: int in [1, 100], of a JPEG, WebP, AVIF or HEIC; None for the photo's own.

    Raises:
        UserError: if it cannot be written.
    """
    form = format_of(path)
    if form == "HEIF":
        _register_heif(path)
    # A BMP cannot say how it is to be turned.
    stored = photo if form == "BMP" else photo.as_stored()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as beside, beside.open("wb") as file:
            if stored.low is not None and stored.image.mode != "L" and form in ("PNG", "TIFF"):
                _write_deep(file, form, stored, facts)
            else:
                image, profile = _fitting(stored, form)
                image.save(file, form, **_arguments(form, facts, profile, quality))
    except _DAMAGED as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{path}: cannot be written ({reason})") from None


def _fitting(photo: Photo, form: str) -> tuple[Image.Image, bytes | None]:
    """The image as a format can hold it, and the profile of its colours."""
    image = photo.to_pillow() if form in ("PNG", "TIFF") else photo.image
    if image.mode in _MODES[form] or image.mode.startswith("I;16"):
        return image, photo.icc_profile
    if image.mode == "LA" and "RGBA" in _MODES[form]:
        return image.convert("RGBA"), None
    return Image.fromarray(photo.rgb()), None


def _arguments(
    form: str, facts: FileFacts, profile: bytes | None, quality: int | None = None
) -> dict[str, Any]:
    """Of Pillow's `save`."""
    arguments: dict[str, Any] = {}
    if form == facts.format and quality is None:
        arguments = dict(facts.encoding)
    elif form in _LOSSY:
        arguments = {"quality": quality or 95}
    if form == "BMP":
        return {"dpi": facts.dpi} if facts.dpi else {}
    if facts.dpi and form != "TIFF":
        arguments["dpi"] = facts.dpi
    arguments["icc_profile"] = profile
    if form == "TIFF":
        tags = exif_tags(facts.exif, facts.xmp)
        return {**arguments, "tiffinfo": tags} | ({"dpi": facts.dpi} if facts.dpi else {})
    limit = _MAX_BYTES_OF_A_JPEG_MARKER if form == "JPEG" else 2**31
    for name, value in (("exif", facts.exif), ("xmp", facts.xmp)):
        if value and len(value) < limit:
            arguments[name] = value
    if form == "PNG":
        chunks = PngImagePlugin.PngInfo()
        for kind, content in facts.chunks:
            chunks.add(kind, content)
        for key, text in facts.text.items():
            chunks.add_text(key, text)
        if xmp := arguments.pop("xmp", None):
            chunks.add_itxt("XML:com.adobe.xmp", xmp.decode(errors="replace"))
        arguments["pnginfo"] = chunks
        arguments["compress_level"] = deep.DEFLATE_LEVEL
    return arguments


def _write_deep(file: IO[bytes], form: str, photo: Photo, facts: FileFacts) -> None:
    samples = photo.samples(photo.whole)
    if form == "TIFF":
        from PIL import TiffImagePlugin

        tags = exif_tags(facts.exif, facts.xmp)
        if photo.icc_profile:
            tags[TiffImagePlugin.ICCPROFILE] = photo.icc_profile
        if facts.dpi:
            tags[TiffImagePlugin.X_RESOLUTION], tags[TiffImagePlugin.Y_RESOLUTION] = facts.dpi
            tags[TiffImagePlugin.RESOLUTION_UNIT] = 2  # inches
        deep.write_tiff(file, samples, tags)
        return
    # Pillow writes what goes before the pixels, of a picture of one.
    small = Image.fromarray(np.zeros((1, 1, 3), np.uint8))
    arguments = _arguments("PNG", facts, photo.icc_profile)
    chunks = PngImagePlugin.getchunks(small, **arguments)
    kept = [(kind, data) for kind, data, _ in chunks if kind not in (b"IHDR", b"IDAT", b"IEND")]
    deep.write_png(file, samples, kept)


def _register_heif(path: pathlib.Path) -> None:
    try:
        import pillow_heif
    except ImportError:
        raise UserError(
            f"{path}: HEIC needs a decoder: pip install pillow-heif, or save it as a JPEG"
        ) from None
    pillow_heif.register_heif_opener()
