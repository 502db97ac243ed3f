"""Does an edit do what it says: the share classed as the target, and how that grows with strength.

The judge is a classifier trained apart. Success alone means little: a network can learn the
cheapest pixels that fool a classifier. It is read beside realism, locality and the no-op figure.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from faceattr.evaluation.measures import intervals
from faceattr.evaluation.measures.cells import SHARE, UNKNOWN, Card, Cell
from faceattr.evaluation.measures.intervals import Estimate
from faceattr.evaluation.measures.measure import Measure
from faceattr.evaluation.subjects.edit_case import EditCase
from faceattr.evaluation.subjects.transformation import edited_images
from faceattr.pictures.words import faces, number, span
from faceattr.progress import progress_bar

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)


Judge = Callable[[np.ndarray], np.ndarray]
"""uint8 [n, s, s, 3] to the probability of having the attribute, float [n]."""


@dataclasses.dataclass(frozen=True, eq=False)
class FaceSuccess:
    """What the judge says of each face: its probability of having the attribute.

    Attributes:
        adds: bool, whether the edit adds the attribute.
        before, after: float64 [n], of the faces that are not as the edit wants them, at strength
            0 and 1.
        needless_after: float64 [m], of those that already are, after the edit.
        by_strength: float64 [len(STRENGTHS), n], as `before` and `after`, at each strength.
    """

    adds: bool
    before: np.ndarray
    after: np.ndarray
    needless_after: np.ndarray
    by_strength: np.ndarray

    @property
    def reached(self) -> np.ndarray:
        """Which faces are classed as the target after the edit: bool [n]."""
        return target_reached(self.after, self.adds)

    @property
    def gain(self) -> np.ndarray:
        """By how much each face's probability of the target rises: float64 [n] in [-1, 1]."""
        rise = self.after - self.before
        return rise if self.adds else -rise


@dataclasses.dataclass(frozen=True)
class StrengthPoint:
    """What an edit does at one strength.

    Attributes:
        strength: float.
        success: share classed as the target.
        probability: mean probability of the target.
    """

    strength: float
    success: Estimate
    probability: float


@dataclasses.dataclass(frozen=True)
class ByNeed:
    """Shares classed as the target after the edit: of faces that lacked it, and of the others."""

    lacking: Estimate
    already: Estimate


@dataclasses.dataclass(frozen=True)
class Success:
    """One edit, on faces that are not as it wants them.

    Attributes:
        edited: share of the edited faces that are classed as the target.
        before: the same share before editing: what the judge takes for the target without any.
        probability_before, probability_after: mean probability of the target.
        by_strength: how the edit answers to its strength.
        by_need: the share after the edit, also of faces that are as it wants them already.
    """

    edited: Estimate
    before: Estimate
    probability_before: float
    probability_after: float
    by_strength: tuple[StrengthPoint, ...]
    by_need: ByNeed


def compute(case: EditCase) -> FaceSuccess:
    """Asks the judge about every face, and about the edits at each strength."""
    column = case.edit.column
    before, after = case.probabilities
    return FaceSuccess(
        adds=case.edit.adds,
        before=before,
        after=after,
        needless_after=case.needless_edited.probability(column),
        by_strength=by_strength(
            lambda images: case.needed.changed(images).probability(column),
            case.needed.images,
            case.residual,
            {0.0: before, 1.0: after},
        ),
    )


def by_strength(
    judge: Judge,
    images: np.ndarray,
    residual: np.ndarray,
    known: dict[float, np.ndarray],
    strengths: Sequence[float] = STRENGTHS,
) -> np.ndarray:
    """What the judge says of `clip(x + strength * r)`: float64 [strengths, n].

    Args:
        judge: the classifier's probability of the attribute.
        images: uint8 [n, s, s, 3], faces that are not as the edit wants them.
        residual: float [n, s, s, 3].
        known: strength -> what it has said already.
        strengths: floats.
    """
    return np.stack(
        [
            known[strength]
            if strength in known
            else judge(edited_images(images, residual, strength))
            for strength in progress_bar(strengths, desc="strengths", unit="strength", leave=False)
        ]
    )


def summarise(found: FaceSuccess, seed: int, strengths: Sequence[float] = STRENGTHS) -> Success:
    """The shares, with Wilson intervals, and the mean probabilities."""

    def reached(probabilities: np.ndarray) -> Estimate:
        return intervals.share(target_reached(probabilities, found.adds))

    return Success(
        edited=reached(found.after),
        before=reached(found.before),
        probability_before=_target_probability(found.before, found.adds),
        probability_after=_target_probability(found.after, found.adds),
        by_strength=tuple(
            StrengthPoint(strength, reached(each), _target_probability(each, found.adds))
            for strength, each in zip(strengths, found.by_strength, strict=True)
        ),
        by_need=ByNeed(reached(found.after), reached(found.needless_after)),
    )


def target_reached(probabilities: np.ndarray, adds: bool) -> np.ndarray:
    """Whether each face is classed as the edit wants it: float [n] to bool [n]."""
    return (np.asarray(probabilities) > 0.5) == adds


def _target_probability(probabilities: np.ndarray, adds: bool) -> float:
    if not len(probabilities):
        return float("nan")
    return float(np.mean(probabilities if adds else 1 - probabilities))


SUCCESS = Measure("success", compute, summarise)


def card(found: Success) -> Card:
    """The share by need; success itself is not shown alone, see `report.success_cells`."""
    return Card(
        "Classed as the target after the edit",
        (
            ("of faces that lacked it", (Cell(found.by_need.lacking, "%", line=SHARE),)),
            ("of faces that already were so", (Cell(found.by_need.already, "%", line=SHARE),)),
        ),
    )


def said(found: Success, recall: float) -> str:
    """Its words on the console, with the judge's recall of what the edit aims at."""
    edited = found.edited
    value, before, right = (
        number(each, "%", UNKNOWN) for each in (edited.value, found.before.value, recall)
    )
    return (
        f"{value} ({span(edited.low, edited.high, '%', UNKNOWN)}, {faces(edited.count)}) classed "
        f"as the target, {before} before the edit; the judge gets {right} of real ones right"
    )
