"""The face crop: which square of an image the networks see, and how it is read."""

import dataclasses
import pathlib
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from faceattr.errors import UserError
from faceattr.faces import template

MAX_PIXELS = 50_000_000
"""Larger images are refused before they are decoded: no face photo needs more, and a small file
can unpack to fill the memory."""


@dataclasses.dataclass(frozen=True)
class CropGeometry:
    """A square cut from an image, as fractions, so that it fits every scale of that image.

    Attributes:
        size: float in (0, 1], side of the square as a fraction of the image's width.
        center_x: float in [0, 1], centre of the square as a fraction of the width.
        center_y: float in [0, 1], centre of the square as a fraction of the height.
        points: where the five points of a face lie in the square, as fractions of its side; None if
            the faces are not aligned.
    """

    size: float
    center_x: float = 0.5
    center_y: float = 0.5
    points: template.Template | None = None

    def box(self, width: int, height: int) -> tuple[int, int, int, int]:
        """The square in whole pixels, (left, top, right, bottom), kept inside the image."""
        side = max(1, min(round(self.size * width), width, height))
        left = min(max(round(self.center_x * width - side / 2), 0), width - side)
        top = min(max(round(self.center_y * height - side / 2), 0), height - side)
        return left, top, left + side, top + side

    def to_json(self) -> dict[str, Any]:
        """As a JSON object, for run and bundle."""
        points = None if self.points is None else [list(point) for point in self.points]
        return {**dataclasses.asdict(self), "points": points}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "CropGeometry":
        """The inverse of `to_json`. What was written before it knew of points gets those of the
        frame that it names."""
        if "points" in value:
            points = value["points"]
            known = None if points is None else tuple((float(x), float(y)) for x, y in points)
            return cls(**{**value, "points": known})
        square = cls(**value)
        framed = (
            crop for crop in CROPS.values() if square == dataclasses.replace(crop, points=None)
        )
        return next(framed, square)


CELEBA_CROP = CropGeometry(size=148 / 178, points=template.CELEBA)
"""The centre of CelebA's aligned frame (section 4); 148 of 178 pixels is the field's custom."""

LFW_CROP = CropGeometry(156 / 250, 0.499, 0.44, template.CELEBA)
"""Puts the mean eyes of LFW-deepfunneled where `CELEBA_CROP` puts CelebA's."""

WHOLE_IMAGE = CropGeometry(size=1.0)
"""For images that are face crops already, aligned nobody knows how."""

ALIGNED_CROP = CropGeometry(size=1.0, points=template.CELEBA)
"""For face crops that are aligned as CelebA's are."""

DRAWN_CROP = CropGeometry(size=1.0, points=template.DRAWN)
"""For drawn faces."""

CROPS = {
    "none": WHOLE_IMAGE,
    "celeba": CELEBA_CROP,
    "lfw": LFW_CROP,
    "aligned": ALIGNED_CROP,
}
"""By name: the largest centred square; where the face is in CelebA's or LFW's images; the whole of
what `python -m faceattr.data align` cut out."""


def open_image(path: pathlib.Path) -> Image.Image:
    """Opens and decodes an image as upright RGB.

    Greyscale, palette, CMYK and 16-bit images are converted, transparent ones laid on white, EXIF
    rotation is applied, and of an animation the first frame is taken.

    Raises:
        UserError: if the file is missing, is no image, is damaged or is larger than `MAX_PIXELS`.
    """
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UserError(
                    f"{path}: {image.width}x{image.height} pixels are more than the "
                    f"{MAX_PIXELS:,} that are read; scale the image down first"
                )
            return _to_rgb(ImageOps.exif_transpose(image))
    except FileNotFoundError:
        raise UserError(f"{path}: no such image") from None
    # Pillow raises SyntaxError and others on damaged files, depending on the format.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UserError(f"{path}: cannot be read as an image ({error})") from None


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        # Pillow's own conversion clips everything above 255 to white.
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode == "RGB" and not image.has_transparency_data:
        return image
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return image.convert("RGB")


def read_crop(path: pathlib.Path, crop: CropGeometry, image_size: int) -> np.ndarray:
    """Reads one face crop: uint8 [image_size, image_size, 3], antialiased.

    Raises:
        UserError: as `open_image`.
    """
    return resize_crop(open_image(path), crop, image_size)


def resize_crop(image: Image.Image, crop: CropGeometry, image_size: int) -> np.ndarray:
    """Cuts and resizes an RGB image: uint8 [image_size, image_size, 3], antialiased bilinear."""
    square = image.crop(crop.box(image.width, image.height))
    return np.asarray(square.resize((image_size, image_size), Image.Resampling.BILINEAR))
