"""Sharpness: whether edited faces have as much fine detail as real ones of the target class.

Blur lowers it; specks and noise raise it above what real faces have.
"""

import dataclasses

import numpy as np

from faceattr.evaluation.measures import intervals
from faceattr.evaluation.measures.cells import UNKNOWN, Card, Cell
from faceattr.evaluation.measures.intervals import Estimate
from faceattr.evaluation.measures.measure import Measure
from faceattr.evaluation.subjects.edit_case import EditCase
from faceattr.pictures.words import number

# ITU-R BT.601, as JPEG has it.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclasses.dataclass(frozen=True, eq=False)
class FaceSharpness:
    """The gradient energy of each face, see `gradient_energy`.

    Attributes:
        edited, unedited: float64 [n], of the faces that need the edit.
        real: float64 [m], of those of the class that it aims at.
    """

    edited: np.ndarray
    unedited: np.ndarray
    real: np.ndarray


@dataclasses.dataclass(frozen=True)
class Sharpness:
    """Mean gradient energies, in units of [0, 255] squared.

    Attributes:
        edited, unedited: of the faces that need the edit.
        real: of real faces of the class that it aims at.
        ratio: `edited` over `real`: 1 for as much detail; NaN if the real ones have none.
    """

    edited: Estimate
    unedited: Estimate
    real: Estimate
    ratio: float


def gradient_energy(images: np.ndarray) -> np.ndarray:
    """Mean squared difference of the luma of neighbours, across plus down.

    Args:
        images: uint8 [n, h, w, 3], h and w at least 2.

    Returns:
        float64 [n], in units of [0, 255] squared.
    """
    luma = images.astype(np.float32) @ _LUMA
    across, down = (np.diff(luma, axis=axis) ** 2 for axis in (2, 1))
    return across.mean(axis=(1, 2), dtype=np.float64) + down.mean(axis=(1, 2), dtype=np.float64)


def compute(case: EditCase) -> FaceSharpness:
    """The gradient energy of edited, unedited and real faces."""
    sets = (case.edited, case.needed, case.needless)
    return FaceSharpness(*(gradient_energy(faces.images) for faces in sets))


def summarise(found: FaceSharpness, seed: int) -> Sharpness:
    """The means, with bootstrap intervals, and the ratio."""
    edited, unedited, real = (
        intervals.mean(each, seed) for each in (found.edited, found.unedited, found.real)
    )
    ratio = edited.value / real.value if real.value > 0 else float("nan")
    return Sharpness(edited, unedited, real, ratio)


SHARPNESS = Measure("sharpness", compute, summarise)


def card(found: Sharpness) -> Card:
    """Its numbers."""
    return Card(
        "Sharpness",
        (
            ("gradient energy, edited", (Cell(found.edited),)),
            ("unedited", (Cell(found.unedited),)),
            ("real faces of the target", (Cell(found.real),)),
            ("edited over real", (Cell(found.ratio, "ratio"),)),
        ),
    )


def said(found: Sharpness) -> str:
    """Its words on the console."""
    return f"{number(found.ratio, missing=UNKNOWN)} times the gradient energy of real faces"
