"""Cuts aligned face crops out of photos, for training."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Protocol

import numpy as np

from faceattr.data.sources.images import SUFFIXES, files_below
from faceattr.data.table import AttributeTable, LeftOut
from faceattr.errors import UserError
from faceattr.faces import template, warp
from faceattr.faces.crop import ALIGNED_CROP, WHOLE_IMAGE, CropGeometry, open_image
from faceattr.faces.face import Face
from faceattr.faces.finder import FaceFinder
from faceattr.progress import progress_bar

NO_FACE = "no face"
UNREADABLE = "cannot be read"
# So many photos are read ahead.
_AT_ONCE = 256
# A face so far from where the frame has it, in sides of the crop, is another one.
_FARTHEST = 0.5


class AlignedFace(NamedTuple):
    """A face that was cut out.

    Attributes:
        photo: int, the photo's row in the table.
        name: str, the photo's name, and from its second face on which of its faces this is.
        crop: uint8 [s, s, 3].
        points: float32 [5, 2], the five points in the crop, as fractions of its side.
    """

    photo: int
    name: str
    crop: np.ndarray
    points: np.ndarray


class Sink(Protocol):
    """Where aligned faces go: `packing.Packer`, or `crop_files.CropFiles`."""

    def add(self, crop: np.ndarray) -> None: ...

    def finish(self, table: AttributeTable) -> None: ...


def align(
    table: AttributeTable, image_size: int, sink: Sink, every_face: bool = False
) -> AttributeTable:
    """Finds the faces of photos and gives their crops to a sink, aligned as CelebA's are.

    Args:
        table: of image files. If its crop says where the face is, each photo gives the face that is
            nearest to that place, as labels are about that one; else the largest.
        image_size: int, side of the crops.
        sink: what takes the crops, in the order of the table, and then their table.
        every_face: bool. Whether a photo gives all its faces, the largest first.

    Returns:
        the table of the crops, as the sink was given it: each with its photo's labels, person and
        part of the data, the landmarks found, and in `left_out` the photos without a face and those
        that cannot be read as well.

    Raises:
        UserError: if the table is not of files, or no face was found.
    """
    if table.folder is None:
        raise UserError("align reads image files; these crops are cut out already")
    photos: list[int] = []
    names: list[str] = []
    points: list[np.ndarray] = []
    left_out = list(table.left_out)
    for found in _aligned(table, image_size, every_face):
        if isinstance(found, LeftOut):
            left_out.append(found)
            continue
        sink.add(found.crop)
        photos.append(found.photo)
        names.append(found.name)
        points.append(found.points)
    if not photos:
        raise UserError(f"{table.folder}: no face found in {len(table):,} photos")
    aligned = dataclasses.replace(
        table.take(np.array(photos)),
        names=tuple(names),
        crop=ALIGNED_CROP,
        landmarks=np.stack(points),
        left_out=tuple(left_out),
    )
    sink.finish(aligned)
    return aligned


def _aligned(
    table: AttributeTable, image_size: int, every_face: bool
) -> Iterator[AlignedFace | LeftOut]:
    finders = threading.local()

    def look(index: int) -> list[AlignedFace | LeftOut]:
        if not hasattr(finders, "finder"):
            finders.finder = FaceFinder()
        name = table.names[index]
        try:
            photo = np.asarray(open_image(table.path(index)))
        except UserError as error:
            return [LeftOut(name, UNREADABLE, error.for_command_line)]
        faces = finders.finder.find(photo)
        if not every_face:
            faces = _the_one(faces, table.crop, *photo.shape[:2])
        if not faces:
            return [LeftOut(name, NO_FACE)]
        return [
            AlignedFace(index, f"{name}#{number}" if number > 1 else name, *_cut(photo, face))
            for number, face in enumerate(faces, start=1)
        ]

    def _cut(photo: np.ndarray, face: Face) -> tuple[np.ndarray, np.ndarray]:
        to_crop = template.to_crop(face.points, template.CELEBA)
        return warp.crop(photo, to_crop, image_size), to_crop(face.points).astype(np.float32)

    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,
        progress_bar(total=len(table), desc="aligning", unit="photo") as bar,
    ):
        for start in range(0, len(table), _AT_ONCE):
            for found in pool.map(look, range(start, min(start + _AT_ONCE, len(table)))):
                yield from found
                bar.update()


def _the_one(faces: list[Face], crop: CropGeometry, height: int, width: int) -> list[Face]:
    """The face that the photo is of, if it is there."""
    if crop.points is None:
        return faces[:1]
    left, top, right, _ = crop.box(width, height)
    wanted = np.mean(crop.points, axis=0) * (right - left) + (left, top)
    distances = [np.linalg.norm(face.points.mean(axis=0) - wanted) for face in faces]
    nearest = int(np.argmin(distances)) if faces else 0
    return [face for face in faces[nearest:][:1] if distances[nearest] < _FARTHEST * (right - left)]


def photos_of(folder: pathlib.Path) -> AttributeTable:
    """The table of a folder of photos without labels, those in folders below it as well.

    Raises:
        UserError: if there is no such folder, or no photo in it.
    """
    if not folder.is_dir():
        raise UserError(f"--data_dir {folder}: no such folder")
    names = tuple(sorted(files_below(folder)))
    if not names:
        raise UserError(f"--data_dir {folder}: no photos ({', '.join(SUFFIXES)})")
    return AttributeTable(names, (), np.zeros((len(names), 0), np.int8), WHOLE_IMAGE, folder=folder)
