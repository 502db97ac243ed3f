"""Editor: a photo in, the edited photo out."""

from __future__ import annotations

import functools
import math
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from PIL import Image

from faceattr import pixels
from faceattr.bundles.finding import BUNDLES, find_bundle
from faceattr.bundles.loading import load
from faceattr.bundles.manifest import Manifest
from faceattr.bundles.runtime import LiteRTRuntime
from faceattr.editing.changes import Change, Changes, FaceChange, chosen
from faceattr.editing.face_crop import FaceCrop
from faceattr.editing.file_facts import orientation_of
from faceattr.editing.photo import Photo
from faceattr.edits import Edit, checked_strength
from faceattr.errors import UserError
from faceattr.faces import template
from faceattr.faces.crop import WHOLE_IMAGE, CropGeometry
from faceattr.pictures.upscaling import LUMINANCE

if TYPE_CHECKING:
    from faceattr.faces.face import Face
    from faceattr.faces.finder import FaceFinder

Picture = TypeVar("Picture", Photo, Image.Image)

# Faces are looked for in a photo of at most so many pixels across: one that is a tenth as wide has
# then as many as the networks that look for it.
_FIND_AT = 2048


class Editor:
    """One edit or several, ready to be applied to photos of any size.

    Not safe to share between threads: its networks keep their buffers.

    Example:

    ```python
    editor = faceattr.Editor.load("make_young")
    younger = editor.edit(PIL.Image.open("portrait.jpg"), strength=0.8)
    ```

    Attributes:
        manifests: of the bundles, in the order of the edits.
    """

    def __init__(self, manifests: Sequence[Manifest], runtimes: Sequence[LiteRTRuntime]) -> None:
        self.manifests = tuple(manifests)
        self._runtimes = tuple(runtimes)

    @classmethod
    def load(cls, *edits: str | pathlib.Path, bundles: str | pathlib.Path = BUNDLES) -> Editor:
        """Loads bundles, without TensorFlow.

        Args:
            *edits: names, such as `"remove_glasses"`, or folders that `export.py` wrote.
            bundles: the folder in which names are looked for before they are among the shipped
                ones.

        Raises:
            UserError: if one is missing or damaged; an unknown name lists those that are there.
        """
        if not edits:
            raise UserError("--edit: name at least one edit")
        folders = [find_bundle(edit, pathlib.Path(bundles)) for edit in edits]
        loaded = [load(folder) for folder in folders]
        return cls([manifest for manifest, _ in loaded], [runtime for _, runtime in loaded])

    @property
    def edits(self) -> tuple[Edit, ...]:
        """What is done, in order."""
        return tuple(manifest.edit for manifest in self.manifests)

    def find(self, photo: Photo | Image.Image) -> list[Face]:
        """The faces of a photo, upright, the largest first."""
        photo = _as_photo(photo)
        shrink = math.ceil(max(photo.size) / _FIND_AT)
        faces = self._finder.find(photo.rgb(shrink=shrink))
        return [
            type(face).of(face.mesh * shrink, face.points * shrink, face.score) for face in faces
        ]

    def changes(
        self,
        photo: Photo | Image.Image,
        face: str | int | Sequence[float] = "all",
        crop: CropGeometry | None = None,
        always: bool = False,
    ) -> Changes:
        """Looks at a photo once; what comes can be added at any strength, without a network.

        Args:
            photo: of any size.
            face: which of the faces; see `changes.chosen`.
            crop: where the face crop lies, in a picture that is aligned. No face is looked for.
            always: whether a face is edited that has it already; see `edit`.

        Raises:
            UserError: if there is no such face, or if the whole of a picture is to be the face crop
                and is not square.
        """
        photo = _as_photo(photo)
        if crop is not None:
            if crop == WHOLE_IMAGE and len(set(photo.size)) > 1:
                width, height = photo.size
                raise UserError(
                    f"the image is {width}x{height}, but a face crop is square: leave --crop out, "
                    "so that the face is found, or say where it is with --crop celeba or --crop lfw"
                )
            frame = FaceCrop.of_frame(crop, *photo.size)
            crops = [frame] * len(self.manifests)
            return Changes(photo, (self._seen(photo, None, crops, always),))
        for manifest in self.manifests:
            if manifest.crop.points is None:
                raise UserError(
                    f"{manifest.edit.name} was trained on face crops that are aligned nobody knows "
                    "how: cut the face out as they were, and say --crop none"
                )
        faces = self.find(photo)
        if not faces:
            raise UserError("no face was found; if it is a face crop already, say --crop none")
        edited = tuple(self._of_face(photo, each, always) for each in chosen(faces, face))
        return Changes(photo, edited, tuple(faces))

    def edit(
        self,
        photo: Picture,
        strength: float | Sequence[float] = 1.0,
        face: str | int | Sequence[float] = "all",
        crop: CropGeometry | None = None,
        always: bool = False,
    ) -> Picture:
        """`clip(x + strength * G(x))` on the photo's own pixels; the very ones far from the faces.

        Several edits are all made of the unedited face and add up: `clip(x + sum of s_i G_i(x))`.

        Args:
            photo: a Pillow image, whose EXIF says how it is turned, or a `Photo`.
            strength: float in [-1, 2], or one for each edit; 0 leaves the photo as it is, 1 is the
                trained edit.
            face: `"all"`, `"largest"`, the number of one, counted from 1 in the order of `find`, or
                a box (left, top, right, bottom) in pixels that holds its middle.
            crop: where the face crop lies, in a picture that is aligned, such as
                `faceattr.faces.crop.WHOLE_IMAGE`. Defaults to finding the faces.
            always: whether all of an edit is made of a face that has it already. Networks that
                look whether it is needed leave most of it there; all others make it always.

        Returns:
            what was given, edited; a Pillow image of one bit or with a palette as grey or RGB(A).

        Raises:
            UserError: for a strength out of its range, and as `changes`.
        """
        strengths = self.strengths(strength)
        edited = self.changes(photo, face, crop, always).at(strengths)
        if isinstance(photo, Photo):
            return edited
        return edited.as_stored().to_pillow()

    def strengths(self, strength: float | Sequence[float]) -> list[float]:
        """A strength for each edit, checked.

        Raises:
            UserError: if one is out of range, or if there are not as many as edits.
        """
        if isinstance(strength, Sequence) and not isinstance(strength, str):
            if len(strength) != len(self.manifests):
                raise UserError(
                    f"strength: {len(strength)} numbers for {len(self.manifests)} edits; give one, "
                    "or one for each"
                )
            return [checked_strength(each) for each in strength]
        return [checked_strength(strength)] * len(self.manifests)

    @functools.cached_property
    def _finder(self) -> FaceFinder:
        from faceattr.faces.finder import FaceFinder

        return FaceFinder()

    def _of_face(self, photo: Photo, face: Face, always: bool) -> FaceChange:
        crops = []
        for manifest in self.manifests:
            assert manifest.crop.points is not None, "faces are found for aligned ones alone"
            crops.append(FaceCrop(template.to_crop(face.points, manifest.crop.points)))
        return self._seen(photo, face, crops, always)

    def _seen(
        self, photo: Photo, face: Face | None, crops: Sequence[FaceCrop], always: bool
    ) -> FaceChange:
        """What the networks say of a face, each of its own crop."""
        changes = []
        for manifest, runtime, crop in zip(self.manifests, self._runtimes, crops, strict=True):
            seen = pixels.to_float(crop.seen(photo, manifest.image_size))
            residual, needed = runtime.run(seen)
            if always and needed:
                residual = residual / np.float32(needed)
            changes.append(Change(crop, seen @ LUMINANCE, residual, needed))
        return FaceChange(face, tuple(changes))


def _as_photo(photo: Photo | Image.Image) -> Photo:
    if isinstance(photo, Photo):
        return photo
    return Photo.of(photo, orientation_of(photo.getexif()))
