"""Which image files there are, and which labelled images are missing."""

import collections
import dataclasses
import pathlib
from collections.abc import Iterable

import numpy as np

from faceattr.data.table import AttributeTable, LeftOut
from faceattr.errors import UserError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")

NO_FILE = "no image file"
NO_LABEL = "no label"


def files_below(folder: pathlib.Path) -> set[str]:
    """The image files in a folder and below it, as paths relative to it with forward slashes.

    Hidden files and folders are passed over.
    """
    names = (path.relative_to(folder) for path in folder.rglob("*"))
    return {
        name.as_posix()
        for name in names
        if is_image(name.name)
        and not any(part.startswith(".") for part in name.parts)
        and (folder / name).is_file()
    }


def files_beside(folder: pathlib.Path, names: Iterable[str]) -> set[str]:
    """The files of `names`, and the other image files in the folders that these lie in."""
    names = set(names)
    found = set()
    for parent in {pathlib.PurePosixPath(name).parent for name in names}:
        if (folder / parent).is_dir():
            found |= {
                (parent / path.name).as_posix()
                for path in (folder / parent).iterdir()
                if path.is_file()
            }
    return {name for name in found if name in names or is_image(pathlib.PurePosixPath(name).name)}


def is_image(name: str) -> bool:
    """Whether a file name, by its ending, is that of an image; hidden files are not."""
    return not name.startswith(".") and name.lower().endswith(SUFFIXES)


def refuse_repeated(path: pathlib.Path, names: Iterable[str]) -> None:
    """Raises a `UserError` if the rows of a label file name an image twice."""
    repeated = [name for name, count in collections.Counter(names).items() if count > 1]
    if repeated:
        raise UserError(
            f"{path}: {len(repeated)} images have two rows, such as {repeated[0]}; remove one"
        )


def leave_out_missing(
    table: AttributeTable, there: set[str], label_file: pathlib.Path
) -> AttributeTable:
    """Keeps the rows that have an image, and notes the others and the images without a row.

    Args:
        table: all rows of the labels, with `folder`.
        there: the image files, named as in the table.
        label_file: for messages.

    Raises:
        UserError: if no row has an image.
    """
    has_image = np.array([name in there for name in table.names], bool)
    if not has_image.any():
        raise UserError(
            f"{label_file}: none of its {len(table)} images is there, such as "
            f"{table.path(0)}; check --data_dir, and how the file writes the paths"
        )
    missing = [LeftOut(name, NO_FILE) for name in table.names if name not in there]
    unlabelled = [LeftOut(name, NO_LABEL) for name in sorted(there.difference(table.names))]
    left_out = (*table.left_out, *missing, *unlabelled)
    return dataclasses.replace(table.take(np.flatnonzero(has_image)), left_out=left_out)
