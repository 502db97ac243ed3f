"""The paper's layout: a row for each kind of image, a column for each face."""

from collections.abc import Sequence

import numpy as np

from faceattr.evaluation.pictures import EditPictures
from faceattr.pictures.grids import joined, labelled_grid


def random_faces(pictures: EditPictures, count: int) -> np.ndarray:
    """Indices of the first few faces in random order: drawn by the seed, not chosen."""
    return pictures.random[:count]


def sheet(title: str, rows: Sequence[tuple[str, Sequence[np.ndarray]]], cell: int) -> np.ndarray:
    """One sub-figure: uint8 [height, width, 3].

    Args:
        title: what is above it.
        rows: a label, and uint8 [s, s, 3] for each face.
        cell: int, side at which a face is drawn.
    """
    return labelled_grid([""] * len(rows[0][1]), rows, cell=cell, title=title)


def stacked(sheets: Sequence[np.ndarray], across: int = 1) -> np.ndarray:
    """Sub-figures side by side and below each other, on white: uint8 [height, width, 3]."""
    lines = [
        joined(sheets[start : start + across], axis=1) for start in range(0, len(sheets), across)
    ]
    return joined(lines, axis=0)
