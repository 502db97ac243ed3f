"""CelebA's own files, at any size of the images.

list_attr_celeba.txt               labels: a count, a line of columns, a row of -1 and 1 per image
img_align_celeba/                  the images
list_landmarks_align_celeba.txt    optional: five points per image
identity_CelebA.txt                optional: the person in each image
list_eval_partition.txt            optional: 0 training, 1 validation, 2 test
"""

import collections
import pathlib
from collections.abc import Sequence

import numpy as np

from faceattr.data.csv_file import read_text
from faceattr.data.sources.images import files_below, leave_out_missing, refuse_repeated
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError
from faceattr.faces.crop import CELEBA_CROP

LABELS = "list_attr_celeba.txt"
IMAGES = "img_align_celeba"
LANDMARKS = "list_landmarks_align_celeba.txt"
IDENTITIES = "identity_CelebA.txt"
PARTITION = "list_eval_partition.txt"

POINTS = ("lefteye", "righteye", "nose", "leftmouth", "rightmouth")
"""The landmarks, in the order of `AttributeTable.landmarks`."""

FRAME = (178, 218)
"""Width and height in pixels of the aligned images that CelebA's landmarks are given in."""


def read_celeba(data_dir: pathlib.Path) -> AttributeTable:
    """Reads CelebA's table; no image is opened.

    Raises:
        UserError: if the labels or the images are missing, or a file breaks its format.
    """
    names, columns, labels = read_celeba_labels(data_dir / LABELS)
    folder = image_folder(data_dir, IMAGES, "celeba")
    table = AttributeTable(
        tuple(names),
        tuple(columns),
        labels,
        CELEBA_CROP,
        folder=folder,
        identities=_optional(data_dir / IDENTITIES, names, least=0),
        partition=_partition(data_dir / PARTITION, names),
        landmarks=_landmarks(data_dir / LANDMARKS, names),
    )
    return leave_out_missing(table, files_below(folder), data_dir / LABELS)


def image_folder(data_dir: pathlib.Path, name: str, source: str) -> pathlib.Path:
    """The folder of the images.

    Raises:
        UserError: if it is not there.
    """
    if not (data_dir / name).is_dir():
        raise UserError(
            f"{data_dir / name}: no such folder; the images of --data {source} belong there"
        )
    return data_dir / name


def read_celeba_labels(path: pathlib.Path) -> tuple[list[str], list[str], np.ndarray]:
    """Reads labels in CelebA's format: a count, a line of columns, a row of -1 and 1 per image.

    Spaces are irregular in CelebA's own file; Windows line ends and a byte-order mark are read
    as well.

    Returns:
        (names, columns, labels), labels int8 [n, columns].

    Raises:
        UserError: if the file is missing or does not keep the format; names the line.
    """
    missing = f"CelebA's attributes come as {LABELS}"
    names, columns, rows = _counted_rows(path, missing, "labels")
    for number, row in enumerate(rows, start=3):
        if not set(row) <= {"-1", "1"}:
            raise UserError(f"{path}: line {number} has a label other than -1 and 1")
    return names, columns, np.array(rows, dtype=np.int8)


def _counted_rows(
    path: pathlib.Path, missing: str, what: str
) -> tuple[list[str], list[str], list[list[str]]]:
    """Names, columns and cells of a file that starts with a count and a line of columns."""
    lines = text_lines(path, missing)
    if len(lines) < 3 or not lines[0].isdecimal():
        raise UserError(f"{path}: line 1 must hold the number of images, line 2 the column names")
    columns = lines[1].split()
    rows = [line.split() for line in lines[2:]]
    if len(rows) != int(lines[0]):
        raise UserError(f"{path}: line 1 promises {lines[0]} images, but {len(rows)} rows follow")
    repeated = [name for name, count in collections.Counter(columns).items() if count > 1]
    if repeated:
        raise UserError(f"{path}: line 2 names the column {repeated[0]} twice")
    for number, row in enumerate(rows, start=3):
        if len(row) != len(columns) + 1:
            raise UserError(
                f"{path}: line {number} has {max(0, len(row) - 1)} {what} for {len(columns)} "
                "columns"
            )
    names = [row[0] for row in rows]
    refuse_repeated(path, names)
    return names, columns, [row[1:] for row in rows]


def text_lines(path: pathlib.Path, missing: str) -> list[str]:
    """The lines of a text file, stripped, without empty ones at the end.

    Raises:
        UserError: as `read_text`.
    """
    lines = [line.strip() for line in read_text(path, missing).split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _optional(
    path: pathlib.Path, names: Sequence[str], least: int, most: int | None = None
) -> np.ndarray | None:
    """A whole number for each image, -1 where the file has none; None if there is no file.

    Raises:
        UserError: if a row is not a name and a whole number in the range; names the line.
    """
    if not path.is_file():
        return None
    values = {}
    rows = [line.split() for line in text_lines(path, "")]
    for number, row in enumerate(rows, start=1):
        good = len(row) == 2 and row[1].isdecimal()
        if not good or int(row[1]) < least or (most is not None and int(row[1]) > most):
            wanted = "a whole number" if most is None else f"a number from {least} to {most}"
            raise UserError(f"{path}: line {number} must be an image name and {wanted}")
        values[row[0]] = int(row[1])
    refuse_repeated(path, [row[0] for row in rows])
    return np.array([values.get(name, -1) for name in names], np.int64)


def _partition(path: pathlib.Path, names: Sequence[str]) -> np.ndarray | None:
    values = _optional(path, names, least=0, most=2)
    return None if values is None else values.astype(np.int8)


def _landmarks(path: pathlib.Path, names: Sequence[str]) -> np.ndarray | None:
    """float32 [n, 5, 2], fractions of `FRAME`, NaN where the file has no row."""
    if not path.is_file():
        return None
    named, columns, rows = _counted_rows(path, "", "numbers")
    wanted = [f"{point}_{axis}" for point in POINTS for axis in "xy"]
    if set(columns) != set(wanted):
        raise UserError(f"{path}: line 2 must name the columns {' '.join(wanted)}")
    try:
        cells = np.array(rows, np.float64)[:, [columns.index(name) for name in wanted]]
    except ValueError:
        number = next(n for n, row in enumerate(rows, 3) if not all(map(_is_whole, row)))
        raise UserError(f"{path}: line {number} has a landmark that is no whole number") from None
    points = cells.reshape(-1, 5, 2) / FRAME
    row_of = {name: row for row, name in enumerate(named)}
    landmarks = np.full((len(names), 5, 2), np.nan, np.float32)
    for index, name in enumerate(names):
        if name in row_of:
            landmarks[index] = points[row_of[name]]
    return landmarks


def _is_whole(cell: str) -> bool:
    return cell.removeprefix("-").isdecimal()
