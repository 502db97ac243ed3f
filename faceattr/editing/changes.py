"""What the edits of a photo are: looked at once, added at any strength."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from faceattr import pixels
from faceattr.editing.face_crop import FaceCrop
from faceattr.editing.photo import Box, Photo, add_residual
from faceattr.errors import UserError
from faceattr.pictures.upscaling import LUMINANCE

if TYPE_CHECKING:
    from faceattr.faces.face import Face

# Rows of the photo that are floats at a time.
_ROWS = 128
# Beyond, networks that were trained on faces as people are photographed see what they do not know.
_MOST_TURNED = 45
_LITTLE = 0.2


@dataclasses.dataclass(frozen=True, eq=False)
class Change:
    """What one edit makes of one face.

    Attributes:
        crop: where the network saw the face.
        luminance: float32 [s, s] of what the network saw, in [-1, 1].
        residual: float32 [s, s, 3] in the same units, at the network's size.
        needed: float in [0, 1], how sure the network is that the face still needs the edit, by
            which the residual is multiplied, unless it is to be made always; None if the network
            does not say.
    """

    crop: FaceCrop
    luminance: np.ndarray
    residual: np.ndarray
    needed: float | None = None

    @property
    def is_there_already(self) -> bool:
        """Whether the network sees so little need that it makes less than a fifth of the edit."""
        return self.needed is not None and self.needed < _LITTLE


@dataclasses.dataclass(frozen=True, eq=False)
class FaceChange:
    """What all edits make of one face.

    Attributes:
        face: the face; None where the photo was said to be an aligned one.
        changes: one for each edit, in their order.
    """

    face: Face | None
    changes: tuple[Change, ...]

    def warnings(self) -> list[str]:
        """What is to be told of the face, each a sentence without a subject."""
        if self.face is None:
            return []
        turned = max(abs(self.face.turn.yaw), abs(self.face.turn.pitch))
        if turned <= _MOST_TURNED:
            return []
        return [f"is turned by {turned:.0f} degrees; look whether the edit fits"]


@dataclasses.dataclass(frozen=True, eq=False)
class Changes:
    """The changes of the faces of a photo.

    Attributes:
        photo: the photo, unedited.
        faces: those that are edited.
        found: all that were found, the largest first.
    """

    photo: Photo
    faces: tuple[FaceChange, ...]
    found: tuple[Face, ...] = ()

    def number(self, face: FaceChange) -> int:
        """The number of an edited face among those that were found, counted from 1."""
        if face.face is None:
            return 1
        return next(at for at, each in enumerate(self.found, 1) if each is face.face)

    def at(self, strengths: Sequence[float]) -> Photo:
        """`clip(x + sum of s_i r_i)`: the edited photo; the very pixels far from each face.

        Args:
            strengths: floats, one for each edit.
        """
        faces = self._patches(strengths)
        parts = []
        # Where faces overlap, each part is what all of them make of it, however often it is made.
        for box in dict.fromkeys(patch.box for patches in faces for patch in patches):
            for rows in _strips(box):
                samples = self.photo.samples(rows)
                residual = _residual_in(self.photo, rows, faces)
                parts.append((rows, add_residual(samples, self.photo.image.mode, residual)))
        return self.photo.replaced(parts)

    def drawn(self, strengths: Sequence[float]) -> np.ndarray:
        """What is added, as a picture of the photo's size: uint8 [height, width, 3], grey where
        nothing changes."""
        faces = self._patches(strengths)
        strips = (_residual_in(self.photo, rows, faces) for rows in _strips(self.photo.whole))
        return np.concatenate([pixels.residual_to_uint8(strip) for strip in strips])

    def _patches(self, strengths: Sequence[float]) -> list[list[_Patch]]:
        """Of each face, the sums of those edits that saw the same crop."""
        faces = []
        for face in self.faces:
            sums: dict[tuple[FaceCrop, int], _Patch] = {}
            for change, strength in zip(face.changes, strengths, strict=True):
                crop, residual = change.crop, np.float32(strength) * change.residual
                patch = _Patch(crop, crop.box(self.photo), change.luminance, residual)
                key = (crop, len(residual))
                if key in sums:
                    patch = dataclasses.replace(patch, residual=sums[key].residual + residual)
                sums[key] = patch
            faces.append([patch for patch in sums.values() if not patch.box.is_empty])
        return faces


@dataclasses.dataclass(frozen=True, eq=False)
class _Patch:
    """A residual that is laid into the box of the photo which it touches; see `Change`."""

    crop: FaceCrop
    box: Box
    luminance: np.ndarray
    residual: np.ndarray

    @functools.cached_property
    def enlarged(self) -> list[Image.Image]:
        return self.crop.enlarged(self.residual, self.luminance)


def _strips(box: Box) -> Iterator[Box]:
    for top in range(box.top, box.bottom, _ROWS):
        yield box._replace(top=top, bottom=min(top + _ROWS, box.bottom))


def _residual_in(photo: Photo, box: Box, faces: list[list[_Patch]]) -> np.ndarray:
    """The weighted sum in a part of the photo; where faces overlap, their weighted mean."""
    luminance = pixels.to_float(photo.rgb(box)) @ LUMINANCE
    total = np.zeros((3, *luminance.shape), np.float32)
    weights = np.zeros_like(luminance)
    for patches in faces:
        of_face = np.zeros_like(weights)
        for patch in patches:
            if patch.box.meet(box).is_empty:
                continue
            weight = patch.crop.weights(box)
            residual = patch.crop.laid_back(patch.enlarged, box, luminance)
            total += weight * residual
            of_face = np.maximum(of_face, weight)
        weights += of_face
    if weights.max(initial=0) > 1:
        total /= np.maximum(weights, 1)
    return np.ascontiguousarray(np.moveaxis(total, 0, 2))


def chosen(faces: list[Face], which: str | int | Sequence[float]) -> list[Face]:
    """The faces that are meant.

    Args:
        faces: the largest first.
        which: `"all"`, `"largest"`, the number of one of them, counted from 1, or a box
            (left, top, right, bottom) in pixels, which means the face whose middle lies in it.

    Raises:
        UserError: if there is no such face.
    """
    there = f"{len(faces)} found" if faces else "none was found"
    if which == "all":
        return list(faces)
    if which == "largest":
        return faces[:1]
    if isinstance(which, int) and not isinstance(which, bool):
        if not 1 <= which <= len(faces):
            raise UserError(f"--face {which}: there is no such face ({there}, counted from 1)")
        return [faces[which - 1]]
    if isinstance(which, str | int) or len(which) != 4:
        raise UserError(
            f"--face {which}: must be all, largest, a number, or left,top,right,bottom in pixels"
        )
    left, top, right, bottom = which
    inside = []
    for face in faces:
        x, y = (face.box[0] + face.box[2]) / 2, (face.box[1] + face.box[3]) / 2
        if left <= x < right and top <= y < bottom:
            inside.append(face)
    if not inside:
        text = ",".join(f"{edge:g}" for edge in which)
        raise UserError(f"--face {text}: no face has its middle in this box ({there})")
    return inside[:1]
