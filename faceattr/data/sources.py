"""Where a table comes from: CelebA's files, LFW in the same format, or drawn faces."""

from __future__ import annotations

import dataclasses
import pathlib

import numpy as np

from faceattr.data import synthetic
from faceattr.data.crop import CELEBA_CROP, LFW_CROP, WHOLE_IMAGE, CropGeometry
from faceattr.data.table import AttributeTable, read_celeba_labels
from faceattr.errors import UserError


@dataclasses.dataclass(frozen=True)
class _Layout:
    """How a data set lies in its folder."""

    labels: str
    images: str
    crop: CropGeometry


_LAYOUTS = {
    "celeba": _Layout("list_attr_celeba.txt", "img_align_celeba", CELEBA_CROP),
    "lfw": _Layout("list_attr_lfw.txt", "lfw-deepfunneled", LFW_CROP),
}

SOURCES = ("synthetic", *_LAYOUTS)


def load_files(source: str, data_dir: pathlib.Path) -> AttributeTable:
    """Reads the table of a data set in its own file layout; no image is opened.

    Args:
        source: `"celeba"` or `"lfw"` (labels in CelebA's format).
        data_dir: the folder with the label file and the image folder.

    Raises:
        UserError: if the folder, its label file or labelled images are missing.
    """
    layout = _LAYOUTS[source]
    if not data_dir.is_dir():
        raise UserError(f"--data_dir {data_dir}: no such folder")
    names, columns, labels = read_celeba_labels(data_dir / layout.labels)
    folder = data_dir / layout.images
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; the images of --data {source} belong there")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    missing = [name for name in names if name not in there]
    if missing:
        raise UserError(
            f"{folder}: {len(missing)} of {len(names)} labelled images are missing, such as "
            f"{missing[0]}; add them or remove their rows from {layout.labels}"
        )
    return AttributeTable(tuple(names), tuple(columns), labels, layout.crop, folder=folder)


@dataclasses.dataclass(frozen=True)
class SyntheticFaces:
    """Drawn faces in memory, with what only drawn faces have: their true counterfactuals.

    Attributes:
        table: the faces and their labels.
        parameters: what each face was drawn from.
    """

    table: AttributeTable
    parameters: tuple[synthetic.FaceParameters, ...]

    def counterfactuals(self, indices: np.ndarray, column: str) -> np.ndarray:
        """The same faces with one attribute flipped: uint8 [len(indices), s, s, 3]."""
        assert self.table.images is not None
        size = self.table.images.shape[1]
        return np.stack(
            [synthetic.render(synthetic.flip(self.parameters[i], column), size) for i in indices]
        )


def draw_synthetic(count: int, image_size: int, seed: int) -> SyntheticFaces:
    """Draws `count` faces of `image_size`; the same for the same seed."""
    parameters = tuple(synthetic.sample_parameters(seed, index) for index in range(count))
    labels = [synthetic.labels(face) for face in parameters]
    table = AttributeTable(
        names=tuple(f"{index + 1:06d}" for index in range(count)),
        columns=synthetic.COLUMNS,
        labels=np.array([[row[c] for c in synthetic.COLUMNS] for row in labels], dtype=np.int8),
        crop=WHOLE_IMAGE,
        images=np.stack([synthetic.render(face, image_size) for face in parameters]),
    )
    return SyntheticFaces(table, parameters)
