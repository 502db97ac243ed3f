"""A user's own labels: a CSV file with a column of images and columns of yes or no."""

import logging
import pathlib

import numpy as np

from faceattr.attributes import PAPER_ATTRIBUTES, nearest
from faceattr.data.csv_file import CsvRows, read_csv
from faceattr.data.labels import (
    BINARY_WORDS,
    binary_labels,
    canonical_columns,
    probability_labels,
    read_numbers,
)
from faceattr.data.sources.images import files_beside, leave_out_missing
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError
from faceattr.faces.crop import WHOLE_IMAGE

IMAGE_COLUMNS = ("image", "image_id", "file", "filename", "path", "name")
PERSON_COLUMNS = ("person", "identity")

_logger = logging.getLogger(__name__)


def read_csv_table(
    path: pathlib.Path,
    data_dir: pathlib.Path | None = None,
    image_column: str | None = None,
    min_confidence: float | None = None,
    attr: str | None = None,
) -> AttributeTable:
    """Reads the table of a CSV file; no image is opened.

    Args:
        path: the CSV file.
        data_dir: the folder that the image paths start from; None for the CSV file's own.
        image_column: the column with the image paths; None for the first of `IMAGE_COLUMNS` that
            is there. A column `person` or `identity`, if any, says who is who.
        min_confidence: float in [0.5, 1) if the labels are probabilities; None if they are
            yes or no.
        attr: the attribute that is wanted: its column must hold labels, while any other column
            that does not is passed over. None to pass over them all.

    Raises:
        UserError: if the file cannot be used; names the line or the column.
    """
    rows = read_csv(path, "--labels")
    images = _image_column(rows, image_column)
    names = [_image_name(rows, line, cell) for line, cell in _lined(rows, images)]
    _refuse_repeated(rows, names)
    person = next((found for name in PERSON_COLUMNS if (found := rows.find(name))), None)
    columns, labels = _labels(rows, {images, person}, min_confidence, attr)
    folder = path.parent if data_dir is None else data_dir
    table = AttributeTable(
        tuple(names),
        canonical_columns(columns),
        labels,
        WHOLE_IMAGE,
        folder=folder,
        identities=None if person is None else _identities(rows.cells(person)),
    )
    return leave_out_missing(table, files_beside(folder, names), path)


def _image_column(rows: CsvRows, wanted: str | None) -> str:
    candidates = IMAGE_COLUMNS if wanted is None else (wanted,)
    for name in candidates:
        if found := rows.find(name):
            return found
    if wanted is None:
        raise UserError(
            f"{rows.path}: no column of images ({', '.join(IMAGE_COLUMNS)}); name it with "
            f"--image_column; {nearest('image', rows.header)}"
        )
    raise UserError(
        f"--image_column {wanted}: {rows.path} has no such column; {nearest(wanted, rows.header)}"
    )


def _lined(rows: CsvRows, column: str) -> list[tuple[int, str]]:
    return list(zip(rows.lines, rows.cells(column), strict=True))


def _image_name(rows: CsvRows, line: int, cell: str) -> str:
    if not cell:
        raise UserError(f"{rows.path}: line {line} names no image")
    # As Windows writes it, and without a leading ./
    return pathlib.PurePosixPath(cell.replace("\\", "/")).as_posix()


def _refuse_repeated(rows: CsvRows, names: list[str]) -> None:
    first: dict[str, int] = {}
    for line, name in zip(rows.lines, names, strict=True):
        if name in first:
            raise UserError(
                f"{rows.path}: lines {first[name]} and {line} both label {name}; remove one"
            )
        first[name] = line


def _labels(
    rows: CsvRows, taken: set[str | None], min_confidence: float | None, attr: str | None
) -> tuple[list[str], np.ndarray]:
    """The columns that hold labels, and int8 [n, columns] in {-1, 0, 1}."""
    columns, labels, refused = [], [], {}
    for column in rows.header:
        if column in taken:
            continue
        try:
            if min_confidence is None:
                labels.append(_binary(rows, column))
            else:
                numbers = read_numbers(rows, [column])[:, 0]
                labels.append(probability_labels(numbers, min_confidence))
            columns.append(column)
        except UserError as error:
            if attr is not None and _stands_for(attr, column):
                raise
            refused[column] = error
    if not columns:
        if not refused:
            raise UserError(f"{rows.path}: no column of labels beside the images; add one")
        raise next(iter(refused.values()))
    if refused:
        _logger.info("%s: passed over, not labels: %s", rows.path, ", ".join(refused))
    return columns, np.stack(labels, axis=1)


def _binary(rows: CsvRows, column: str) -> np.ndarray:
    cells = rows.cells(column)
    labels, strange = binary_labels(cells)
    if strange is None:
        return labels
    where = f"{rows.path}: line {rows.lines[strange]}, column {column!r}"
    if cells[strange] == "0":
        raise UserError(f"{where}: 0 in a column that has -1 as well; use one of them, or empty")
    raise UserError(
        f"{where}: {cells[strange]!r} is not {BINARY_WORDS}; --min_confidence reads probabilities"
    )


def _stands_for(attr: str, column: str) -> bool:
    wanted, column = attr.strip().lower(), column.lower().replace(" ", "_")
    aliases = {
        name: attribute.column.lower()
        for attribute in PAPER_ATTRIBUTES
        for name in (attribute.name, attribute.column.lower())
    }
    return aliases.get(wanted, wanted) == aliases.get(column, column)


def _identities(cells: list[str]) -> np.ndarray:
    """int64 [n]: the same number for the same text, -1 where empty."""
    numbers = np.unique(cells, return_inverse=True)[1].astype(np.int64)
    return np.where([bool(cell) for cell in cells], numbers, -1)
