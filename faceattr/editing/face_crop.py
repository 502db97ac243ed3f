"""FaceCrop: a face's turned square in a photo, out to the network and back."""

from __future__ import annotations

import dataclasses

import numpy as np
from PIL import Image

from faceattr.editing.photo import Box, Photo
from faceattr.faces import warp
from faceattr.faces.crop import CropGeometry, resize_crop
from faceattr.faces.similarity import Similarity
from faceattr.pictures.upscaling import MOST_ENLARGED, bicubic, slopes

# The residual fades out over this share of the square's side, so that no square is seen.
_FEATHER = 0.08
# The warp halves the photo on a grid that begins at its corner; a part must begin on it as well.
_GRID = 64


@dataclasses.dataclass(frozen=True)
class FaceCrop:
    """Where the face crop lies.

    Attributes:
        to_unit: from pixels of the photo to fractions of the crop's side.
        aligned: the same for a crop that is not turned, cut as trainings cut theirs; else None.
        feathered: bool, whether the residual fades out towards the border of the square.
    """

    to_unit: Similarity
    aligned: CropGeometry | None = None
    feathered: bool = True

    @classmethod
    def of_frame(cls, geometry: CropGeometry, width: int, height: int) -> FaceCrop:
        """Of an aligned picture; not feathered where the square is all of it."""
        left, top, right, _ = geometry.box(width, height)
        side = right - left
        to_unit = Similarity(1 / side, 0.0, -left / side, -top / side)
        return cls(to_unit, geometry, feathered=side < max(width, height))

    @property
    def side(self) -> float:
        """Of the square, in pixels of the photo."""
        return 1 / self.to_unit.scale

    def box(self, photo: Photo) -> Box:
        """The pixels of the photo that the square touches."""
        corners = self.to_unit.inverse()(np.array([(0, 0), (0, 1), (1, 0), (1, 1)]))
        left, top = (int(value) for value in np.floor(corners.min(axis=0) + 1e-6))
        right, bottom = (int(value) for value in np.ceil(corners.max(axis=0) - 1e-6))
        return Box(left, top, right, bottom).meet(photo.whole)

    def seen(self, photo: Photo, size: int) -> np.ndarray:
        """What the network sees: uint8 [size, size, 3]."""
        if self.aligned is not None:
            # As trainings do it, so that they have seen such pixels.
            left, top, right, bottom = self.aligned.box(*photo.size)
            square = photo.rgb(Box(left, top, right, bottom))
            return resize_crop(Image.fromarray(square), CropGeometry(1.0), size)
        box = self.box(photo)
        left, top = (max(0, edge // _GRID - 1) * _GRID for edge in box[:2])
        right, bottom = ((edge // _GRID + 2) * _GRID for edge in box[2:])
        part = photo.rgb(Box(left, top, right, bottom).meet(photo.whole))
        return warp.crop(part, self._from(left, top), size)

    def enlarged(self, residual: np.ndarray, luminance: np.ndarray) -> list[Image.Image]:
        """A residual near the size that the square has in the photo.

        Args:
            residual: float32 [s, s, 3].
            luminance: float32 [s, s] of what the network saw, in [-1, 1].

        Returns:
            images of floats, for red, green and blue: three `base` and three `slope`, so that the
            residual is base + slope * luminance of the photo; or three, the residual, where the
            photo is not finer than what the network saw.
        """
        size = len(residual)
        side = max(1, min(round(self.side), MOST_ENLARGED * size))
        if side <= size:
            return [Image.fromarray(each) for each in bicubic(residual, side)]
        guides = slopes(residual, luminance), luminance[:, :, None]
        large = bicubic(np.concatenate((residual, *guides), axis=2), side)
        bases = [large[color] - large[3 + color] * large[6] for color in range(3)]
        return [Image.fromarray(each) for each in (*bases, *large[3:6])]

    def laid_back(self, enlarged: list[Image.Image], box: Box, luminance: np.ndarray) -> np.ndarray:
        """What `enlarged` gave where the photo has it.

        Args:
            enlarged: what it gave.
            box: the part of the photo that is wanted.
            luminance: float32 [height, width] of that part, in [-1, 1].

        Returns:
            float32 [3, height, width], the residual there, 0 outside the square.
        """
        here = self._from(box.left, box.top)
        matrix = (here.a, -here.b, here.shift_x, here.b, here.a, here.shift_y)
        data = [value * enlarged[0].width for value in matrix]
        size = (box.right - box.left, box.bottom - box.top)
        maps = [
            np.asarray(
                each.transform(size, Image.Transform.AFFINE, data, Image.Resampling.BILINEAR)
            )
            for each in enlarged
        ]
        residual = np.stack(maps[:3])
        for color, slope in enumerate(maps[3:]):
            residual[color] += slope * luminance
        return residual

    def weights(self, box: Box) -> np.ndarray:
        """float32 [height, width] of the box: 1 inside, 0 outside, smooth between if feathered."""
        here = self._from(box.left, box.top)
        across = np.arange(box.right - box.left, dtype=np.float32) + np.float32(0.5)
        down = (np.arange(box.bottom - box.top, dtype=np.float32) + np.float32(0.5))[:, None]
        a, b = np.float32(here.a), np.float32(here.b)
        x = a * across - b * down + np.float32(here.shift_x)
        y = b * across + a * down + np.float32(here.shift_y)
        within = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y))
        if not self.feathered:
            return (within >= 0).astype(np.float32)
        ramp = np.clip(within / np.float32(_FEATHER), 0, 1)
        return ramp * ramp * (3 - 2 * ramp)

    def _from(self, left: int, top: int) -> Similarity:
        """`to_unit` for a part of the photo that begins there."""
        shift_x, shift_y = self.to_unit(np.array((left, top)))
        return dataclasses.replace(self.to_unit, shift_x=float(shift_x), shift_y=float(shift_y))
