"""What a photo's file says besides its pixels, and how it is written back."""

from __future__ import annotations

import dataclasses
import struct
from typing import IO, TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from PIL import TiffImagePlugin

_EXIF_START = b"Exif\0\0"
_ORIENTATION = 0x0112
# Of a TIFF: how the pixels lie in it. Its other tags are EXIF's.
_LAYOUT_TAGS = (
    *(254, 255, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 292, 293, 317, 320),
    *(322, 323, 324, 325, 330, 338, 339, 347, 530, 532),
    *(700, 34675),  # XMP and the colour profile, which are kept apart
)
_LOSSLESS_TIFF = ("raw", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits")


@dataclasses.dataclass(frozen=True)
class FileFacts:
    """What of a file is neither pixels, nor orientation, nor profile.

    Attributes:
        format: Pillow's name, such as `"JPEG"`.
        encoding: how its pixels are encoded, as arguments of Pillow's `save` in that format.
        exif: EXIF without the small picture of the whole, which would show what was edited away.
        xmp: XMP.
        dpi: dots per inch, across and down.
        text: texts of a PNG by their keys.
        chunks: chunks of a PNG that tell what its colours are.
    """

    format: str
    encoding: dict[str, Any] = dataclasses.field(default_factory=dict)
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    text: dict[str, str] = dataclasses.field(default_factory=dict)
    chunks: tuple[tuple[bytes, bytes], ...] = ()

    @classmethod
    def of(cls, image: Image.Image, exif: Image.Exif, encoding: dict[str, Any]) -> FileFacts:
        """Of an image that Pillow has opened and decoded.

        Args:
            image: the decoded image.
            exif: its EXIF as it was before decoding, which turns a TIFF upright.
            encoding: see the attribute.
        """
        xmp = image.info.get("xmp")
        text = dict(getattr(image, "text", {}))
        text.pop("XML:com.adobe.xmp", None)
        return cls(
            # A phone's JPEG with further pictures in it, of which the first is the photo.
            "JPEG" if image.format == "MPO" else str(image.format),
            encoding,
            _exif_bytes(image, exif),
            xmp.encode() if isinstance(xmp, str) else xmp,
            _dpi(image),
            text,
            _color_chunks(image),
        )


def orientation_of(exif: Image.Exif) -> int:
    """EXIF's orientation, in [1, 8]; 1 where there is none, or none that has a meaning."""
    value = exif.get(_ORIENTATION, 1)
    return value if value in range(1, 9) else 1


def set_orientation(exif: Image.Exif, orientation: int) -> None:
    """Sets what `orientation_of` gives."""
    exif[_ORIENTATION] = orientation


def encoding_of(image: Image.Image, file: IO[bytes]) -> dict[str, Any]:
    """How the pixels of an opened image are encoded, as arguments of Pillow's `save`.

    Args:
        image: opened, not yet decoded.
        file: its file.
    """
    if image.format in ("JPEG", "MPO"):
        from PIL import JpegImagePlugin

        sampling = JpegImagePlugin.get_sampling(image)
        return {
            "qtables": dict(image.quantization),  # type: ignore[attr-defined]
            **({} if sampling == -1 else {"subsampling": sampling}),
            "progressive": bool(image.info.get("progressive")),
            "extra": b"".join(
                b"\xff\xed" + struct.pack(">H", len(content) + 2) + content
                for name, content in getattr(image, "applist", ())
                if name == "APP13"  # IPTC
            ),
        }
    if image.format == "WEBP":
        file.seek(0)
        # What quality a lossy one had, the file does not say.
        return {"lossless": True, "exact": True} if b"VP8L" in file.read(64) else {"quality": 95}
    if image.format == "TIFF":
        compression = image.info.get("compression")
        return {"compression": compression if compression in _LOSSLESS_TIFF else "tiff_lzw"}
    return {}


def exif_tags(exif: bytes | None, xmp: bytes | None) -> TiffImagePlugin.ImageFileDirectory_v2:
    """The tags of a TIFF that say what EXIF and XMP say."""
    # Not above, for it takes its time and few photos are TIFFs.
    from PIL import TiffImagePlugin

    tags = TiffImagePlugin.ImageFileDirectory_v2(prefix=b"II")
    found = Image.Exif()
    found.load(exif or b"")
    for tag in found:
        tags[tag] = found.get_ifd(tag) if tag in (0x8769, 0x8825) else found[tag]
    if xmp:
        tags[TiffImagePlugin.XMP] = xmp
        tags.tagtype[TiffImagePlugin.XMP] = 1
    return tags


def _exif_bytes(image: Image.Image, exif: Image.Exif) -> bytes | None:
    if image.format == "TIFF":
        for tag in _LAYOUT_TAGS:
            exif.pop(tag, None)
        return exif.tobytes() if len(exif) else None
    found = image.info.get("exif")
    return without_thumbnail(found.removeprefix(_EXIF_START)) if found else None


def without_thumbnail(exif: bytes) -> bytes:
    """EXIF whose second directory, the small picture of the whole, is neither named nor there.

    All else stays byte for byte, for what camera makers put in leans on its place.

    Args:
        exif: that begins with the header of a TIFF.
    """
    found = bytearray(exif)
    try:
        order = {b"II": "<", b"MM": ">"}[exif[:2]]
        (first,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, first)
        at_next = first + 2 + 12 * count
        (second,) = struct.unpack_from(f"{order}I", exif, at_next)
        if second:
            struct.pack_into("I", found, at_next, 0)
            (count,) = struct.unpack_from(f"{order}H", exif, second)
            entries = [
                struct.unpack_from(f"{order}HHII", exif, second + 2 + 12 * index)
                for index in range(count)
            ]
            place = {tag: value for tag, _, _, value in entries}
            start, length = place.get(0x0201, 0), place.get(0x0202, 0)
            found[start : start + length] = bytes(len(found[start : start + length]))
    except (KeyError, struct.error):  # damaged
        return exif
    return _EXIF_START + bytes(found)


def _dpi(image: Image.Image) -> tuple[float, float] | None:
    dpi = image.info.get("dpi")
    if not dpi or not all(0 < float(each) < 1e6 for each in dpi):
        return None
    return float(dpi[0]), float(dpi[1])


def _color_chunks(image: Image.Image) -> tuple[tuple[bytes, bytes], ...]:
    if image.format != "PNG":
        return ()
    chunks = []
    if "gamma" in image.info:
        chunks.append((b"gAMA", struct.pack(">I", round(image.info["gamma"] * 100_000))))
    if "chromaticity" in image.info:
        values = (round(value * 100_000) for value in image.info["chromaticity"])
        chunks.append((b"cHRM", struct.pack(">8I", *values)))
    if "srgb" in image.info:
        chunks.append((b"sRGB", bytes([image.info["srgb"]])))
    return tuple(chunks)
