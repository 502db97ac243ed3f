"""Pictures that show an edit: before and after side by side, and moving."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from faceattr.editing.changes import Changes
from faceattr.editing.photo import Photo
from faceattr.errors import UserError
from faceattr.faces.similarity import Similarity
from faceattr.files import replacing

_MOST_ACROSS = 640
_STEPS = 10
_MILLISECONDS, _MILLISECONDS_AT_THE_ENDS = 60, 600


def side_by_side(before: Photo, after: Photo) -> Image.Image:
    """Both in one picture, RGB, as they look."""
    return Image.fromarray(np.concatenate((before.rgb(), after.rgb()), axis=1))


def write_animation(changes: Changes, strengths: Sequence[float], path: pathlib.Path) -> None:
    """Writes a picture that moves from the unedited photo to the edited one and back.

    Args:
        changes: of the photo, which is shown at most 640 pixels across.
        strengths: floats, of the edited one, one for each edit.
        path: `.gif` or `.webp`; an older file is replaced.

    Raises:
        UserError: if it cannot be written.
    """
    small = _shrunk(changes)
    there = [
        Image.fromarray(small.at([share * strength for strength in strengths]).rgb())
        for share in np.linspace(0, 1, _STEPS + 1)
    ]
    if path.suffix == ".gif":
        # One palette for all: each of its own flickers, and takes seconds.
        both = Image.fromarray(np.concatenate([np.asarray(there[0]), np.asarray(there[-1])]))
        palette = both.quantize(256, Image.Quantize.MEDIANCUT)
        there = [frame.quantize(palette=palette) for frame in there]
    frames = [*there, *there[-2:0:-1]]
    milliseconds = [_MILLISECONDS] * len(frames)
    milliseconds[0] = milliseconds[_STEPS] = _MILLISECONDS_AT_THE_ENDS
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as beside:
            frames[0].save(
                beside,
                path.suffix[1:].upper(),
                save_all=True,
                append_images=frames[1:],
                duration=milliseconds,
                loop=0,
            )
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror or error})") from None


def _shrunk(changes: Changes) -> Changes:
    """The same of a photo of at most `_MOST_ACROSS` pixels, RGB of 8 bits."""
    width, height = changes.photo.size
    factor = max(1.0, max(width, height) / _MOST_ACROSS)
    size = max(1, round(width / factor)), max(1, round(height / factor))
    picture = Image.fromarray(changes.photo.rgb()).resize(size, Image.Resampling.BOX)
    faces = []
    for face in changes.faces:
        smaller = tuple(
            dataclasses.replace(
                change,
                crop=dataclasses.replace(
                    change.crop, to_unit=_of_smaller(change.crop.to_unit, factor)
                ),
            )
            for change in face.changes
        )
        faces.append(dataclasses.replace(face, changes=smaller))
    return Changes(Photo.of(picture), tuple(faces))


def _of_smaller(to_unit: Similarity, factor: float) -> Similarity:
    return dataclasses.replace(to_unit, a=to_unit.a * factor, b=to_unit.b * factor)
