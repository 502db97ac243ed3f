"""Does an edit do what it says: the share classed as the target, and how that grows with strength.

The judge is a classifier trained apart. Success alone means little: a network can learn the
cheapest pixels that fool a classifier. It is read beside realism, locality and the no-op figure.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from faceattr.evaluation.measures import intervals
from faceattr.evaluation.measures.intervals import Estimate
from faceattr.evaluation.subjects.edits import edited_images
from faceattr.progress import progress_bar

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)


class Judge(Protocol):
    """uint8 [n, s, s, 3] to the probability of having the attribute, float [n]."""

    def __call__(self, images: np.ndarray, /) -> np.ndarray: ...


@dataclasses.dataclass(frozen=True)
class Success:
    """One edit, on faces that are not as it wants them.

    Attributes:
        edited: share of the edited faces that are classed as the target.
        before: the same share before editing: what the judge takes for the target without any.
        probability_before, probability_after: mean probability of the target.
    """

    edited: Estimate
    before: Estimate
    probability_before: float
    probability_after: float


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


def target_reached(probabilities: np.ndarray, to_positive: bool) -> np.ndarray:
    """Whether each face is classed as the edit wants it: float [n] to bool [n]."""
    return (np.asarray(probabilities) > 0.5) == to_positive


def success(before: np.ndarray, after: np.ndarray, to_positive: bool) -> Success:
    """The share of faces that an edit brings to its target.

    Args:
        before, after: float [n], probabilities of having the attribute.
        to_positive: bool, whether the edit adds the attribute (G0) or removes it (G1).
    """
    return Success(
        edited=intervals.share(target_reached(after, to_positive)),
        before=intervals.share(target_reached(before, to_positive)),
        probability_before=_target_probability(before, to_positive),
        probability_after=_target_probability(after, to_positive),
    )


def strength_response(
    judge: Judge,
    images: np.ndarray,
    residual: np.ndarray,
    to_positive: bool,
    strengths: Sequence[float] = STRENGTHS,
    known: Mapping[float, np.ndarray] | None = None,
) -> list[StrengthPoint]:
    """How the edit answers to its strength: `clip(x + strength * r)`.

    Args:
        judge: the classifier's probability of the attribute.
        images: uint8 [n, s, s, 3], faces that are not as the edit wants them.
        residual: float [n, s, s, 3].
        to_positive: bool, whether the edit adds the attribute.
        strengths: floats.
        known: strength -> the judge's probabilities, float [n], of those that it was asked for
            already.
    """
    known = known or {}
    points = []
    for strength in progress_bar(strengths, desc="strengths", unit="strength", leave=False):
        if strength in known:
            probabilities = known[strength]
        else:
            probabilities = judge(edited_images(images, residual, strength))
        reached = intervals.share(target_reached(probabilities, to_positive))
        points.append(
            StrengthPoint(strength, reached, _target_probability(probabilities, to_positive))
        )
    return points


def _target_probability(probabilities: np.ndarray, to_positive: bool) -> float:
    probabilities = np.asarray(probabilities)
    if not len(probabilities):
        return float("nan")
    return float(np.mean(probabilities if to_positive else 1 - probabilities))
