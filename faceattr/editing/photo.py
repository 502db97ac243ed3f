"""Photo: the samples of a photo as its file has them, upright, and what else the file says."""

from __future__ import annotations

import dataclasses
import functools
import io
from collections.abc import Iterable
from typing import Any, NamedTuple, final

import numpy as np
from PIL import Image

from faceattr import pixels
from faceattr.edits import edited
from faceattr.errors import UserError
from faceattr.pictures.upscaling import LUMINANCE

MODES = ("L", "LA", "RGB", "RGBA", "CMYK")
"""Of Pillow: how the samples of a photo are kept. What has a palette or one bit is unfolded."""

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_BACK = {**_UPRIGHT, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}


class Box(NamedTuple):
    """Whole pixels of a photo, [left, right) x [top, bottom)."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def is_empty(self) -> bool:
        return self.right <= self.left or self.bottom <= self.top

    def meet(self, other: Box) -> Box:
        """What both hold."""
        return Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Photo:
    """A photo. Only the parts that are asked for become arrays.

    Attributes:
        image: of one of `MODES`, upright; of a photo of 16 bits the high bytes.
        low: the low bytes of a photo of 16 bits, of the same mode; else None.
        orientation: int in [1, 8], EXIF's: how the file has the pixels that are upright here.
        icc_profile: the colour profile; None means sRGB.
    """

    image: Image.Image
    low: Image.Image | None = None
    orientation: int = 1
    icc_profile: bytes | None = None

    @classmethod
    def of(cls, image: Image.Image, orientation: int = 1) -> Photo:
        """The photo in a Pillow image of any mode.

        Raises:
            UserError: if its samples are neither of 8 nor of 16 bits.
        """
        image, low = _unfolded(image)
        photo = cls(image, low, orientation, image.info.get("icc_profile"))
        return photo.turned(_UPRIGHT.get(orientation))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, upright."""
        return self.image.size

    @property
    def whole(self) -> Box:
        return Box(0, 0, *self.size)

    def turned(self, how: Image.Transpose | None) -> Photo:
        """With the pixels turned or mirrored; the orientation is left as it is."""
        if how is None:
            return self
        low = self.low and self.low.transpose(how)
        return dataclasses.replace(self, image=self.image.transpose(how), low=low)

    def as_stored(self) -> Photo:
        """With the pixels as the file has them."""
        return self.turned(_BACK.get(self.orientation))

    def to_pillow(self) -> Image.Image:
        """A Pillow image, upright: grey of 16 bits as `I;16`, any other samples as 8 bits."""
        if self.low is not None and self.image.mode == "L":
            return Image.fromarray(self.samples(self.whole)[:, :, 0])
        return self.image

    def samples(self, box: Box) -> np.ndarray:
        """The samples of a part: uint8 or uint16 [height, width, channels]."""
        high = _array(self.image, box)
        if self.low is None:
            return high
        return (high.astype(np.uint16) << 8) | _array(self.low, box)

    def replaced(self, parts: Iterable[tuple[Box, np.ndarray]]) -> Photo:
        """A photo in which parts have other samples, of the kind that `samples` gives."""
        image, low = self.image.copy(), self.low and self.low.copy()
        for box, samples in parts:
            if low is not None:
                low.paste(_picture(samples & 0xFF, low.mode), box)
                samples = samples >> 8
            image.paste(_picture(samples, image.mode), box)
        return dataclasses.replace(self, image=image, low=low)

    def rgb(self, box: Box | None = None, shrink: int = 1) -> np.ndarray:
        """What is seen: sRGB, what is transparent laid on white.

        Args:
            box: the part that is wanted; None for the whole photo.
            shrink: int >= 1; means of so many pixels in each direction are given.

        Returns:
            uint8 [height, width, 3].
        """
        image = self.image if box is None else self.image.crop(box)
        if shrink > 1:
            image = image.reduce(shrink)
        if image.mode in ("LA", "RGBA"):
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image.convert("RGBA")).convert(
                "L" if image.mode == "LA" else "RGB"
            )
        if self._to_srgb is not None:
            image = self._to_srgb.apply(image)
        return np.asarray(image.convert("RGB"))

    @functools.cached_property
    def _to_srgb(self) -> Any:
        """Pillow's transform from the photo's own colours; None where they are sRGB."""
        profile, mode = self.icc_profile, {"LA": "L", "RGBA": "RGB"}.get(self.image.mode)
        if not profile or any("sRGB".encode(code) in profile for code in ("ascii", "utf-16-be")):
            return None
        from PIL import ImageCms

        try:
            return ImageCms.buildTransform(
                io.BytesIO(profile), ImageCms.createProfile("sRGB"), mode or self.image.mode, "RGB"
            )
        except (ImageCms.PyCMSError, OSError):  # a damaged one, or one of other channels
            return None


def add_residual(samples: np.ndarray, mode: str, residual: np.ndarray) -> np.ndarray:
    """`clip(x + r)` on the samples of a photo, in its own encoding.

    Grey gets the luminance of the residual, alpha stays. Ink that is laid over black, which CMYK
    has besides, is changed the more so.

    Args:
        samples: uint8 or uint16 [h, w, channels].
        mode: one of `MODES`.
        residual: float32 [h, w, 3] in units of pixels in [-1, 1], strength included.

    Returns:
        samples of the same kind; the very ones where the residual is 0.
    """
    colors = samples.shape[2] - mode.endswith("A")
    if mode == "CMYK":
        black = samples[:, :, 3:].astype(np.float32)
        colors, residual = 3, -residual * (255 / np.maximum(255 - black, 1))
    elif colors == 1:
        residual = (residual @ LUMINANCE)[:, :, None]
    x = pixels.to_float(samples[:, :, :colors])
    changed = pixels.to_levels(edited(x, residual), samples.dtype)
    if colors == samples.shape[2]:
        return changed
    return np.concatenate((changed, samples[:, :, colors:]), axis=2)


def _unfolded(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """A Pillow image as one of `MODES`, and the low bytes of one of 16 bits."""
    if image.mode.startswith("I;16"):
        levels = np.asarray(image)
        high, low = (levels >> 8).astype(np.uint8), (levels & 0xFF).astype(np.uint8)
        unfolded = Image.fromarray(high)
        unfolded.info = dict(image.info)
        return unfolded, Image.fromarray(low)
    if image.mode in ("I", "F"):
        raise UserError(
            f"its samples have 32 bits (Pillow's mode {image.mode}); save it with 8 or 16"
        )
    if image.mode in ("La", "RGBa", "PA") or image.has_transparency_data:
        grey = image.mode in ("1", "L", "LA", "La")
        return image if image.mode in MODES[1::2] else image.convert("LA" if grey else "RGBA"), None
    if image.mode == "1":
        return image.convert("L"), None
    return image if image.mode in MODES else image.convert("RGB"), None


def _array(image: Image.Image, box: Box) -> np.ndarray:
    part = np.asarray(image.crop(box))
    return part[:, :, None] if part.ndim == 2 else part


def _picture(samples: np.ndarray, mode: str) -> Image.Image:
    """Samples in [0, 255] as a Pillow image of the mode."""
    channels = samples[:, :, 0] if mode == "L" else samples
    height, width = samples.shape[:2]
    data = np.ascontiguousarray(channels, np.uint8)
    return Image.frombuffer(mode, (width, height), data, "raw", mode, 0, 1)
