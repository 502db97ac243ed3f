"""There and back: G1(G0(x)) should be x again (the aim of dual learning, section 3.4)."""

import dataclasses

import numpy as np

from faceattr.errors import UserError
from faceattr.evaluation.measures import intervals
from faceattr.evaluation.measures.cells import Card, Cell
from faceattr.evaluation.measures.intervals import Estimate
from faceattr.evaluation.measures.measure import Measure
from faceattr.evaluation.subjects.edit_case import EditCase
from faceattr.evaluation.subjects.transformation import Transformation, edited_images, residuals
from faceattr.pictures.similarity import psnr


@dataclasses.dataclass(frozen=True, eq=False)
class FaceCycle:
    """What is left of faces after an edit and its opposite; each float64 [n].

    Attributes:
        l1: mean absolute difference from the face itself, in units of [-1, 1].
        psnr: in dB, infinite where the face is the very same.
        there: mean absolute difference after the first edit alone: coming back from nowhere is
            no feat.
    """

    l1: np.ndarray
    psnr: np.ndarray
    there: np.ndarray


@dataclasses.dataclass(frozen=True)
class Cycle:
    """The means of `FaceCycle`, with bootstrap intervals; a PSNR counts as at most 100 dB."""

    l1: Estimate
    psnr: Estimate
    there: Estimate


def compute(case: EditCase) -> FaceCycle:
    """There and back, on faces that need the edit.

    Raises:
        UserError: if there is no way back.
    """
    if case.way_back is None:
        raise UserError("a bundle holds one edit; there and back needs the run")
    return way_back(case.needed.images, case.edited.images, case.way_back)


def way_back(images: np.ndarray, edited: np.ndarray, back: Transformation) -> FaceCycle:
    """Edits edited faces back, as a user would, on uint8 images.

    Args:
        images, edited: uint8 [n, s, s, 3].
        back: what makes the opposite edit.
    """
    return cycle(images, edited, edited_images(edited, residuals(back, edited)))


def cycle(images: np.ndarray, edited: np.ndarray, restored: np.ndarray) -> FaceCycle:
    """Compares faces with what comes back.

    Args:
        images, edited, restored: uint8 [n, s, s, 3].
    """
    return FaceCycle(
        l1=_l1(images, restored), psnr=psnr(restored, images), there=_l1(images, edited)
    )


def summarise(found: FaceCycle, seed: int) -> Cycle:
    """The means."""
    return Cycle(
        l1=intervals.mean(found.l1, seed),
        psnr=intervals.decibels(found.psnr, seed),
        there=intervals.mean(found.there, seed),
    )


CYCLE = Measure("cycle", compute, summarise)


def card(found: Cycle | None, reason: str) -> Card:
    """Its numbers, or why there are none."""
    if found is None:
        return Card("There and back", missing=reason)
    return Card(
        "There and back",
        (
            ("mean difference when back", (Cell(found.l1),)),
            ("after the edit alone", (Cell(found.there),)),
            ("PSNR when back", (Cell(found.psnr, "dB"),)),
        ),
    )


def _l1(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    difference = np.abs(first.astype(np.float64) - second).mean(axis=(1, 2, 3))
    return difference / 127.5
