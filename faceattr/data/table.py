"""AttributeTable: which images there are and how they are labelled."""

import collections
import dataclasses
import pathlib

import numpy as np

from faceattr.data.crop import CropGeometry, read_crop
from faceattr.errors import UserError


@dataclasses.dataclass(frozen=True, eq=False)
class AttributeTable:
    """Images and binary labels, the common shape of every source.

    Attributes:
        names: the images' names, unique.
        columns: the label columns.
        labels: int8 [len(names), len(columns)], -1 or 1.
        crop: where the face is in each image.
        folder: where the image files lie, `folder / name`; None if they are in memory.
        images: uint8 [n, s, s, 3], face crops in memory; None if they are files.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...]
    labels: np.ndarray
    crop: CropGeometry
    folder: pathlib.Path | None = None
    images: np.ndarray | None = None

    def __post_init__(self) -> None:
        assert self.labels.shape == (len(self.names), len(self.columns))
        assert (self.folder is None) != (self.images is None), "files or memory, one of them"

    def __len__(self) -> int:
        return len(self.names)

    def values(self, column: str) -> np.ndarray:
        """bool [n]: whether each image has the attribute of this column."""
        return self.labels[:, self.columns.index(column)] > 0

    def path(self, index: int) -> pathlib.Path:
        """The file of an image; only where `folder` is set."""
        assert self.folder is not None
        return self.folder / self.names[index]

    def crops(self, indices: np.ndarray, image_size: int) -> np.ndarray:
        """Face crops, for the few images of a sample grid or a test split.

        Returns:
            uint8 [len(indices), image_size, image_size, 3].

        Raises:
            UserError: if an image cannot be read.
        """
        if self.images is not None:
            assert self.images.shape[1] == image_size, "crops in memory have one size"
            return self.images[indices]
        return np.stack([read_crop(self.path(i), self.crop, image_size) for i in indices])


def read_celeba_labels(path: pathlib.Path) -> tuple[list[str], list[str], np.ndarray]:
    """Reads labels in CelebA's format: a count, a line of columns, a row of -1 and 1 per image.

    Spaces are irregular in CelebA's own file; Windows line ends and a byte-order mark are read
    as well.

    Returns:
        (names, columns, labels), labels int8 [n, columns].

    Raises:
        UserError: if the file is missing or does not keep the format; names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError:
        raise UserError(
            f"{path}: no such label file; CelebA's attributes come as list_attr_celeba.txt"
        ) from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: not a text file; expected labels in CelebA's format") from None
    lines = [line.strip() for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    if len(lines) < 3 or not lines[0].isdigit():
        raise UserError(f"{path}: line 1 must hold the number of images, line 2 the column names")
    columns = lines[1].split()
    rows = [line.split() for line in lines[2:]]
    if len(rows) != int(lines[0]):
        raise UserError(f"{path}: line 1 promises {lines[0]} images, but {len(rows)} rows follow")
    for number, row in enumerate(rows, start=3):
        if len(row) != len(columns) + 1:
            raise UserError(
                f"{path}: line {number} has {len(row) - 1} labels for {len(columns)} columns"
            )
        if not set(row[1:]) <= {"-1", "1"}:
            raise UserError(f"{path}: line {number} has a label other than -1 and 1")
    names = [row[0] for row in rows]
    repeated = [name for name, count in collections.Counter(names).items() if count > 1]
    if repeated:
        raise UserError(f"{path}: {len(repeated)} images have two rows, such as {repeated[0]}")
    return names, columns, np.array([row[1:] for row in rows], dtype=np.int8)
