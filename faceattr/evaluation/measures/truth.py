"""Edited drawn faces against their true counterfactuals; photographs have none."""

import dataclasses
from collections.abc import Callable

import numpy as np

from faceattr.evaluation.measures import intervals
from faceattr.evaluation.measures.cells import Card, Cell, Row
from faceattr.evaluation.measures.intervals import Estimate
from faceattr.evaluation.measures.landmarks import landmark_errors
from faceattr.evaluation.measures.measure import Measure
from faceattr.evaluation.subjects.edit_case import EditCase
from faceattr.evaluation.subjects.face_set import FaceSet
from faceattr.pictures.similarity import masked_ssim, psnr
from faceattr.pictures.words import Unit


@dataclasses.dataclass(frozen=True, eq=False)
class Nearness:
    """How near faces lie to their true counterfactuals.

    Attributes:
        psnr: float64 [n], in dB, infinite for the very truth.
        ssim: float64 [n], in [-1, 1].
        landmark_shift: float64 [k], of the few faces, between dlib's landmarks on either side, in
            distances between the eyes: its own errors on drawn faces fall out. None without dlib.
    """

    psnr: np.ndarray
    ssim: np.ndarray
    landmark_shift: np.ndarray | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class FaceTruth:
    """Of edited faces, and of unedited ones: what doing nothing gets."""

    edited: Nearness
    unedited: Nearness


@dataclasses.dataclass(frozen=True)
class Sides:
    """The mean over edited faces, and over unedited ones."""

    edited: Estimate
    unedited: Estimate


@dataclasses.dataclass(frozen=True)
class Truth:
    """The means of `FaceTruth`, with bootstrap intervals; a PSNR counts as at most 100 dB."""

    psnr: Sides
    ssim: Sides
    landmark_shift: Sides | None = None


def compute(case: EditCase) -> FaceTruth | None:
    """Holds edited and unedited faces against the truth; None for photographs."""
    truth = case.truth()
    if truth is None:
        return None
    true = case.needed.changed(truth)
    return FaceTruth(_nearness(case.edited, true), _nearness(case.needed, true))


def _nearness(faces: FaceSet, true: FaceSet) -> Nearness:
    shift = None
    if faces.has_models:
        shift = landmark_errors(faces.few_landmarks68, true.few_landmarks68).every
    return Nearness(psnr(faces.images, true.images), masked_ssim(faces.images, true.images), shift)


def summarise(found: FaceTruth, seed: int) -> Truth:
    """The means."""

    def sides(
        mean: Callable[[np.ndarray, int], Estimate], edited: np.ndarray, unedited: np.ndarray
    ) -> Sides:
        return Sides(mean(edited, seed), mean(unedited, seed))

    edited, unedited = found.edited, found.unedited
    shift = None
    if edited.landmark_shift is not None and unedited.landmark_shift is not None:
        shift = sides(intervals.mean, edited.landmark_shift, unedited.landmark_shift)
    return Truth(
        psnr=sides(intervals.decibels, edited.psnr, unedited.psnr),
        ssim=sides(intervals.mean, edited.ssim, unedited.ssim),
        landmark_shift=shift,
    )


TRUTH = Measure("truth", compute, summarise)


def card(found: Truth) -> Card:
    """Its numbers."""

    def row(name: str, sides: Sides, unit: Unit = "") -> Row:
        return name, (Cell(sides.edited, unit), Cell(sides.unedited, unit))

    rows = [row("PSNR", found.psnr, "dB"), row("SSIM", found.ssim)]
    if found.landmark_shift is not None:
        rows.append(row("landmark shift", found.landmark_shift))
    return Card("Against the truth", tuple(rows), ("to the truth", "edited", "unedited"))
