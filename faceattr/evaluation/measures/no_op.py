"""Faces that already are as an edit wants them: it should leave them alone."""

import dataclasses

import numpy as np

from faceattr.evaluation.measures import intervals
from faceattr.evaluation.measures.cells import UNKNOWN, Card, Cell
from faceattr.evaluation.measures.intervals import Estimate
from faceattr.evaluation.measures.locality import mean_change
from faceattr.evaluation.measures.measure import Measure
from faceattr.evaluation.subjects.edit_case import EditCase
from faceattr.pictures.words import number


@dataclasses.dataclass(frozen=True, eq=False)
class FaceNoOp:
    """By how much an edit changes each face: mean |r|, in units of [-1, 1].

    Attributes:
        needed: float64 [n], of faces that are not as the edit wants them.
        needless: float64 [m], of faces that already are.
    """

    needed: np.ndarray
    needless: np.ndarray


@dataclasses.dataclass(frozen=True)
class NoOp:
    """How much an edit changes where it is needed and where it is not.

    Attributes:
        needed: mean |r| on faces that are not as the edit wants them, in units of [-1, 1].
        needless: mean |r| on faces that already are.
        ratio: `needless` over `needed`: 0 for an edit that knows when to do nothing, 1 for one
            that does not look; NaN if nothing changes at all.
    """

    needed: Estimate
    needless: Estimate
    ratio: float


def compute(case: EditCase) -> FaceNoOp:
    """The size of the change of each face."""
    return FaceNoOp(mean_change(case.residual), mean_change(case.needless_residual))


def summarise(found: FaceNoOp, seed: int) -> NoOp:
    """The means, with bootstrap intervals, and their ratio."""
    needed, needless = (intervals.mean(each, seed) for each in (found.needed, found.needless))
    ratio = needless.value / needed.value if needed.value > 0 else float("nan")
    return NoOp(needed, needless, ratio)


NO_OP = Measure("no_op", compute, summarise)


def card(found: NoOp) -> Card:
    """Its numbers; the ratio stands beside success."""
    return Card(
        "Where it is not needed",
        (
            ("mean |r| where not needed", (Cell(found.needless),)),
            ("where it is needed", (Cell(found.needed),)),
        ),
    )


def said(found: NoOp) -> str:
    """Its words on the console."""
    return f"{number(found.ratio, missing=UNKNOWN)} times as much where it is not needed"
