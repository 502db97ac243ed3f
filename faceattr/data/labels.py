"""Label values: the words of CSV files, how sure a value is, corrections, noisy columns."""

import dataclasses
import math
import pathlib
from collections.abc import Sequence

import numpy as np

from faceattr.attributes import PAPER_ATTRIBUTES, nearest
from faceattr.data.csv_file import CsvRows, read_csv
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError

_WORDS = {"1": 1, "true": 1, "yes": 1, "0": -1, "-1": -1, "false": -1, "no": -1, "": 0}
BINARY_WORDS = "0/1, -1/1, true/false or yes/no, or an empty cell for unknown"

# (column, label): what is known to be wrong with it in CelebA.
_NOISY = {
    "No_Beard": "some images labelled as bearded show stubble or no beard",
    "Mouth_Slightly_Open": "some images labelled as open show closed lips",
}


def canonical_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """Gives the paper's attributes CelebA's column names, whatever the user calls them.

    A column `smile` or `smiling` becomes `Smiling`, so that `--attr smile` finds it and its
    scope and the names of its edits are the paper's. A name that is taken stays as it is.
    """
    known = {}
    for attribute in PAPER_ATTRIBUTES:
        known[attribute.name] = known[attribute.column.lower()] = attribute.column
    taken = set(columns)
    renamed = []
    for column in columns:
        wanted = known.get(column.lower().replace(" ", "_"), column)
        if wanted in taken:
            wanted = column
        taken.add(wanted)
        renamed.append(wanted)
    return tuple(renamed)


def binary_labels(cells: Sequence[str]) -> tuple[np.ndarray, int | None]:
    """Reads cells as labels.

    Args:
        cells: any of 0/1, -1/1, true/false, yes/no in any case; empty for unknown.

    Returns:
        (labels int8 [n] in {-1, 0, 1}, the place of the first cell that is none of these). A
        column with both 0 and -1 does not say which of them is "without": its first 0 is the
        place.
    """
    labels = np.array([_WORDS.get(cell.lower(), 2) for cell in cells], np.int8)
    strange = np.flatnonzero(labels == 2)
    if len(strange):
        return labels, int(strange[0])
    if "-1" in cells and "0" in cells:
        return labels, cells.index("0")
    return labels, None


def probability_labels(probabilities: np.ndarray, min_confidence: float) -> np.ndarray:
    """Labels where a classifier is sure enough.

    Args:
        probabilities: float [...] in [0, 1].
        min_confidence: float in [0.5, 1): with the attribute from here on, without it up to
            1 - min_confidence, unsure between.

    Returns:
        int8 [...] in {-1, 0, 1}.
    """
    # 1 - p would lose the last bits of p: 1 - 0.9 is not 0.1.
    without = probabilities <= round(1 - min_confidence, 12)
    labels = np.where(probabilities >= min_confidence, 1, np.where(without, -1, 0))
    return labels.astype(np.int8)


def score_labels(scores: np.ndarray, min_confidence: float | None) -> np.ndarray:
    """Labels from real values whose sign is the label and whose size is the confidence.

    Args:
        scores: float [...].
        min_confidence: float >= 0, the least absolute value that is sure; None for 0.

    Returns:
        int8 [...] in {-1, 0, 1}; a score of 0 is unknown.
    """
    sure = np.abs(scores) >= (min_confidence or 0)
    return np.where(sure, np.sign(scores), 0).astype(np.int8)


def read_numbers(rows: CsvRows, columns: Sequence[str]) -> np.ndarray:
    """Reads columns of a CSV as probabilities: float64 [n, len(columns)], NaN where empty.

    Raises:
        UserError: naming the line, the column and the value that is no number in [0, 1].
    """
    values = np.full((len(rows.rows), len(columns)), np.nan)
    for place, column in enumerate(columns):
        for row, cell in enumerate(rows.cells(column)):
            if not cell:
                continue
            try:
                values[row, place] = float(cell)
            except ValueError:
                values[row, place] = math.inf
            if not 0 <= values[row, place] <= 1:
                raise UserError(
                    f"{rows.path}: line {rows.lines[row]}, column {column!r}: {cell!r} is not a "
                    "probability from 0 to 1"
                )
    return values


def apply_overrides(table: AttributeTable, path: pathlib.Path) -> AttributeTable:
    """Corrects labels by a CSV file with the columns image, column and value.

    Args:
        table: the labels of the source.
        path: the corrections; a value is written as in a CSV of labels.

    Returns:
        the table with these labels changed. A correction of an image that was left out changes
        nothing.

    Raises:
        UserError: if the file cannot be read, or names an image, a column or a value that is
            unknown, or corrects the same label twice; names the line.
    """
    rows = read_csv(path, "--label_overrides")
    for needed in ("image", "column", "value"):
        if rows.find(needed) is None:
            raise UserError(f"{path}: line 1 needs the columns image, column and value")
    images, columns, values = (
        rows.cells(rows.find(name) or name) for name in ("image", "column", "value")
    )
    index_of = {name: index for index, name in enumerate(table.names)}
    left_out = {image.name for image in table.left_out}
    column_of = {column.lower(): place for place, column in enumerate(table.columns)}
    for attribute in PAPER_ATTRIBUTES:
        if attribute.column.lower() in column_of:
            column_of.setdefault(attribute.name, column_of[attribute.column.lower()])
    labels = table.labels.copy()
    seen: set[tuple[str, int]] = set()
    for line, image, column, value in zip(rows.lines, images, columns, values, strict=True):
        where = f"{path}: line {line}"
        if column.lower() not in column_of:
            raise UserError(f"{where}: no column {column!r}; {nearest(column, table.columns)}")
        if value.lower() not in _WORDS:
            raise UserError(f"{where}: {value!r} is not {BINARY_WORDS}")
        if image not in index_of and image not in left_out:
            raise UserError(f"{where}: no image {image!r} in the data; write it as the labels do")
        place = column_of[column.lower()]
        if (image, place) in seen:
            raise UserError(f"{where}: {column} of {image} is corrected twice; keep one line")
        seen.add((image, place))
        if image in index_of:
            labels[index_of[image], place] = _WORDS[value.lower()]
    return dataclasses.replace(table, labels=labels)


def noise_warning(source: str, column: str) -> str | None:
    """What to know about CelebA's labels of a column before trusting them.

    Args:
        source: str, where the labels come from, such as `"celeba"`.
        column: str.

    Returns:
        one line; None for columns without known trouble, and for other sources.
    """
    if source not in ("celeba", "tfds") or column not in _NOISY:
        return None
    return (
        f"CelebA's labels of {column} are noisy: {_NOISY[column]}; "
        "--label_overrides corrects or drops them"
    )
