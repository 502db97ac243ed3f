"""LFW-deepfunneled, with one of three label files.

lfw-deepfunneled/Name/Name_0001.jpg    the images; the folder is the person
list_attr_lfw.txt                      labels in CelebA's format, or, where it is absent,
lfw_attributes.txt                     Columbia's real values: the sign is the label
attribute_probabilities.csv            read where a confidence is asked for: probabilities
"""

import math
import pathlib

import numpy as np

from faceattr.data.csv_file import read_csv
from faceattr.data.labels import probability_labels, read_numbers, score_labels
from faceattr.data.sources.celeba_files import image_folder, read_celeba_labels, text_lines
from faceattr.data.sources.images import files_below, leave_out_missing, refuse_repeated
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError
from faceattr.faces.crop import LFW_CROP

LABELS = "list_attr_lfw.txt"
PROBABILITIES = "attribute_probabilities.csv"
COLUMBIA = "lfw_attributes.txt"
IMAGES = "lfw-deepfunneled"


def read_lfw(data_dir: pathlib.Path, min_confidence: float | None = None) -> AttributeTable:
    """Reads LFW's table; no image is opened.

    Args:
        data_dir: the folder with the label file and the image folder.
        min_confidence: how sure a label must be to be used: a probability in [0.5, 1), or for
            Columbia's file an absolute value >= 0; None to use every label.

    Raises:
        UserError: if the labels or the images are missing, a file breaks its format, or a
            confidence is asked for that the files do not give.
    """
    path, (names, columns, labels) = _read_labels(data_dir, min_confidence)
    folder = image_folder(data_dir, IMAGES, "lfw")
    people = [pathlib.PurePosixPath(name).parent.as_posix() for name in names]
    identities = np.unique(people, return_inverse=True)[1].astype(np.int64)
    table = AttributeTable(
        tuple(names), tuple(columns), labels, LFW_CROP, folder=folder, identities=identities
    )
    return leave_out_missing(table, files_below(folder), path)


def _read_labels(
    data_dir: pathlib.Path, min_confidence: float | None
) -> tuple[pathlib.Path, tuple[list[str], list[str], np.ndarray]]:
    given = {name for name in (LABELS, PROBABILITIES, COLUMBIA) if (data_dir / name).is_file()}
    if min_confidence is None and (LABELS in given or COLUMBIA not in given):
        return data_dir / LABELS, read_celeba_labels(data_dir / LABELS)
    if min_confidence is not None and PROBABILITIES in given:
        return data_dir / PROBABILITIES, _read_probabilities(
            data_dir / PROBABILITIES, min_confidence
        )
    if COLUMBIA in given:
        names, columns, scores = read_columbia(data_dir / COLUMBIA)
        return data_dir / COLUMBIA, (names, columns, score_labels(scores, min_confidence))
    raise UserError(
        f"--min_confidence {min_confidence}: {data_dir} has neither {PROBABILITIES} nor "
        f"{COLUMBIA}, which say how sure a label is; leave the flag out"
    )


def _read_probabilities(
    path: pathlib.Path, min_confidence: float
) -> tuple[list[str], list[str], np.ndarray]:
    if not 0.5 <= min_confidence < 1:
        raise UserError(
            f"--min_confidence {min_confidence}: {path.name} holds probabilities; choose from "
            "0.5 to below 1"
        )
    rows = read_csv(path, "--data lfw")
    names = [row[0] for row in rows.rows]
    refuse_repeated(path, names)
    columns = list(rows.header[1:])
    return names, columns, probability_labels(read_numbers(rows, columns), min_confidence)


def read_columbia(path: pathlib.Path) -> tuple[list[str], list[str], np.ndarray]:
    """Reads Columbia's attributes of LFW.

    The header is the comment line whose first cells are `person` and `imagenum`; cells are
    separated by tabs. Columns get CelebA's spelling: `Mouth Slightly Open` becomes
    `Mouth_Slightly_Open`, `Youth` becomes `Young`.

    Returns:
        (names, columns, scores), names as `Aaron_Eckhart/Aaron_Eckhart_0001.jpg`, scores float64
        [n, columns], whose sign is the label.

    Raises:
        UserError: if the file does not keep the format; names the line.
    """
    header: list[str] = []
    names, scores = [], []
    for number, line in enumerate(text_lines(path, "Columbia's attributes of LFW"), start=1):
        cells = line.lstrip("#").strip().split("\t")
        if line.startswith("#") or not line:
            if cells[:2] == ["person", "imagenum"]:
                header = cells
            continue
        if not header:
            raise UserError(f"{path}: line {number} comes before a header of person and imagenum")
        if len(cells) != len(header):
            raise UserError(
                f"{path}: line {number} has {len(cells)} cells for {len(header)} columns; they "
                "are separated by tabs"
            )
        values = [_number(cell) for cell in cells[2:]]
        if not cells[1].isdecimal() or not all(map(math.isfinite, values)):
            raise UserError(f"{path}: line {number} has a value that is no number")
        person = cells[0].replace(" ", "_")
        names.append(f"{person}/{person}_{int(cells[1]):04d}.jpg")
        scores.append(values)
    if not names:
        raise UserError(f"{path}: no rows; expected a header of person and imagenum, then rows")
    refuse_repeated(path, names)
    return names, [_celeba_spelling(column) for column in header[2:]], np.array(scores, np.float64)


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan


def _celeba_spelling(column: str) -> str:
    spelled = column.strip().replace("'", "").replace(" ", "_")
    return "Young" if spelled == "Youth" else spelled
