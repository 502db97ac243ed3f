"""How much an edit changes, and whether it leaves the rest of the face alone."""

import dataclasses

import numpy as np

from faceattr.evaluation.measures import intervals
from faceattr.evaluation.measures.cells import SHARE, UNKNOWN, Card, Cell
from faceattr.evaluation.measures.intervals import Estimate
from faceattr.evaluation.measures.measure import Measure
from faceattr.evaluation.measures.regions import landmark_masks, synthetic_masks
from faceattr.evaluation.subjects.edit_case import EditCase
from faceattr.pictures.similarity import masked_mean, masked_psnr, masked_ssim
from faceattr.pictures.words import number

SMALL_CHANGE = 0.1
"""A pixel counts as changed where a channel moves by more than this, of the range [-1, 1]."""


@dataclasses.dataclass(frozen=True, eq=False)
class FaceLocality:
    """One edit of many faces; each float64 [n], NaN where it is not defined for a face.

    Attributes:
        mean_change: mean |r| over pixels and channels, r in units of [-1, 1].
        changed_share: share of the pixels that move by more than `SMALL_CHANGE`, in [0, 1].
        energy_inside: share of the sum of r^2 inside the region; NaN if nothing changes.
        mean_change_inside, mean_change_outside: as `mean_change`, of either part.
        psnr_outside: in dB, infinite where nothing changes; NaN if the region is everything.
        ssim_outside: in [-1, 1]; NaN if no window is wholly outside.
        region: str, what the region is: drawn truth, or boxes from landmarks.
    """

    mean_change: np.ndarray
    changed_share: np.ndarray
    energy_inside: np.ndarray
    mean_change_inside: np.ndarray
    mean_change_outside: np.ndarray
    psnr_outside: np.ndarray
    ssim_outside: np.ndarray
    region: str


@dataclasses.dataclass(frozen=True)
class Locality:
    """The means of `FaceLocality`, with bootstrap intervals; a PSNR counts as at most 100 dB."""

    mean_change: Estimate
    changed_share: Estimate
    energy_inside: Estimate
    mean_change_inside: Estimate
    mean_change_outside: Estimate
    psnr_outside: Estimate
    ssim_outside: Estimate
    region: str


def compute(case: EditCase) -> FaceLocality:
    """Locality of each face: in the true region of a drawn one, or in boxes from landmarks."""
    size, column = case.subject.image_size, case.edit.column
    drawn = case.parameters
    if drawn is not None:
        region, name = synthetic_masks(drawn, column, size), "true mask"
    else:
        known = case.landmarks()
        unknown = np.full((len(case.indices), 5, 2), np.nan)
        region = landmark_masks(column, unknown if known is None else known, size)
        name = "mean-face box" if known is None else "landmark box"
    return locality(case.needed.images, case.edited.images, case.residual, region, name)


def locality(
    images: np.ndarray, edited: np.ndarray, residual: np.ndarray, region: np.ndarray, name: str
) -> FaceLocality:
    """Measures where an edit acts.

    Args:
        images: uint8 [n, s, s, 3].
        edited: uint8 [n, s, s, 3], at the strength that is measured.
        residual: float [n, s, s, 3], what was added, before clipping.
        region: bool [n, s, s], where the edit belongs.
        name: str, what the region is.
    """
    return FaceLocality(
        mean_change=mean_change(residual),
        changed_share=changed_share(residual),
        energy_inside=energy_share(residual, region),
        mean_change_inside=mean_change(residual, region),
        mean_change_outside=mean_change(residual, ~region),
        psnr_outside=masked_psnr(images, edited, ~region),
        ssim_outside=masked_ssim(images, edited, ~region),
        region=name,
    )


def summarise(found: FaceLocality, seed: int) -> Locality:
    """The means."""
    means = {
        name: (intervals.decibels if name == "psnr_outside" else intervals.mean)(values, seed)
        for name, values in vars(found).items()
        if name != "region"
    }
    return Locality(**means, region=found.region)


LOCALITY = Measure("locality", compute, summarise)


def mean_change(residual: np.ndarray, part: np.ndarray | None = None) -> np.ndarray:
    """Mean of |r| over pixels and channels (Eq. 3 as a mean), float64 [n].

    Args:
        residual: float [n, s, s, 3].
        part: bool [n, s, s], the pixels that count; None for all. NaN where there are none.
    """
    change = np.abs(residual).mean(axis=-1, dtype=np.float64)
    return masked_mean(change, part)


def changed_share(residual: np.ndarray, threshold: float = SMALL_CHANGE) -> np.ndarray:
    """Share of the pixels with a channel that changes by more than `threshold`: float64 [n]."""
    return (np.abs(residual).max(axis=-1) > threshold).mean(axis=(1, 2))


def energy_share(residual: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Share of the sum of r^2 that lies in a part, float64 [n] in [0, 1]; NaN if r is 0.

    Args:
        residual: float [n, s, s, 3].
        part: bool [n, s, s].
    """
    energy = np.square(residual, dtype=np.float64).sum(axis=-1)
    with np.errstate(invalid="ignore"):
        return (energy * part).sum(axis=(1, 2)) / energy.sum(axis=(1, 2))


# PSNR is drawn on a line between these, in dB.
_PSNR = (15.0, 50.0)


def card(found: Locality) -> Card:
    """Its numbers."""
    return Card(
        "How much it changes, and where",
        (
            ("mean |r|, of [-1, 1]", (Cell(found.mean_change),)),
            ("the same inside", (Cell(found.mean_change_inside),)),
            ("the same outside", (Cell(found.mean_change_outside),)),
            (f"pixels that change by > {SMALL_CHANGE:g}", (Cell(found.changed_share, "%"),)),
            ("r² that lies inside", (Cell(found.energy_inside, "%", line=SHARE),)),
            ("PSNR outside", (dataclasses.replace(_psnr_outside(found), line=_PSNR),)),
            ("SSIM outside", (Cell(found.ssim_outside),)),
            ("inside is", (Cell(found.region),)),
        ),
    )


def summary(found: Locality) -> tuple[tuple[str, Cell], ...]:
    """Its cells in the table of all edits."""
    return (("mean change", Cell(found.mean_change)), ("PSNR outside", _psnr_outside(found)))


def _psnr_outside(found: Locality) -> Cell:
    return Cell(found.psnr_outside, "dB", "nothing changes outside")


def said(found: Locality) -> str:
    """Its words on the console."""
    return f"mean change {number(found.mean_change.value, missing=UNKNOWN)} of [-1, 1]"
