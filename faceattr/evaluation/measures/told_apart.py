"""Whether edited faces can be told from real ones that are as the edit wants them.

What fools the judge need not look real. Here a classifier is fitted for nothing but this, on
features that nothing was trained against: right on half of the faces is as good as it gets, right
on all of them an edit that gives itself away. Beside it stand the same faces unedited, which lack
only what the edit is to bring, and real faces against real faces, which have no difference.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from faceattr.errors import UserError
from faceattr.evaluation.measures import intervals
from faceattr.evaluation.measures.cells import UNKNOWN, Card, Cell
from faceattr.evaluation.measures.fresh_classifier import told_right
from faceattr.evaluation.measures.intervals import Estimate
from faceattr.evaluation.measures.measure import Measure
from faceattr.evaluation.subjects.edit_case import EditCase
from faceattr.evaluation.subjects.face_set import draw_few
from faceattr.pictures.words import number

LEAST = 25
"""Faces of a side below which chance says more than the faces: real ones are told from real ones
in 50% give or take 7 points there, and of 100 a side in 50% give or take 3."""

# Where even the best edit ends, and the worst.
LINE = (0.5, 1.0)
# Keeps these draws apart from other draws of the same seed.
_SET_DRAWS = 0x7E11


@dataclasses.dataclass(frozen=True, eq=False)
class FacesToTell:
    """Features of faces, and who they are.

    Attributes:
        edited, unedited: float [n, d], of the same faces, after and before the edit.
        real: float [m, d], of faces of the class that the edit aims at.
        persons, real_persons: int64 [n] and [m], the same number for the same person.
    """

    edited: np.ndarray
    unedited: np.ndarray
    real: np.ndarray
    persons: np.ndarray
    real_persons: np.ndarray


@dataclasses.dataclass(frozen=True)
class ToldApart:
    """The share of faces that a fresh classifier puts on the right side.

    Attributes:
        edited: of edited faces and real ones of the target class.
        unedited: of the same faces before the edit and the same real ones.
        real: of two sets of real ones, half as many if there are no more.

    The count of each is that of both sides together. Shares grow with the faces that the classifier
    is fitted to, and compare only where these are as many.
    """

    edited: Estimate
    unedited: Estimate
    real: Estimate


def by_features(features: Callable[[np.ndarray], np.ndarray], most: int, seed: int) -> Measure:
    """The measure, by the features of one network.

    Args:
        features: of uint8 [n, s, s, 3], float [n, d].
        most: int, the most faces of a side.
        seed: int, of the draw of these.
    """

    def compute(case: EditCase) -> FacesToTell:
        _refuse_few(len(case.needed), len(case.needless))
        chosen = draw_few(len(case.needed), most, seed)
        real = draw_few(len(case.needless), 2 * most, seed)
        persons, real_persons = case.persons()
        return FacesToTell(
            edited=features(case.edited.images[chosen]),
            unedited=features(case.needed.images[chosen]),
            real=features(case.needless.images[real]),
            persons=persons[chosen],
            real_persons=real_persons[real],
        )

    return Measure("told_apart", compute, summarise)


def summarise(found: FacesToTell, seed: int) -> ToldApart:
    """Fits and asks the classifiers.

    Raises:
        UserError: with too few faces.
    """
    _refuse_few(len(found.edited), len(found.real))
    random = np.random.default_rng([seed, _SET_DRAWS])
    count = min(len(found.edited), len(found.real))
    chosen = random.permutation(len(found.edited))[:count]
    order = random.permutation(len(found.real))
    half = min(count, len(order) // 2)

    def share(
        features: np.ndarray, persons: np.ndarray, places: np.ndarray, real: np.ndarray
    ) -> Estimate:
        who = persons[places], found.real_persons[real]
        return intervals.share(told_right(features[places], found.real[real], who, seed))

    return ToldApart(
        edited=share(found.edited, found.persons, chosen, order[:count]),
        unedited=share(found.unedited, found.persons, chosen, order[:count]),
        real=share(found.real, found.real_persons, order[:half], order[half : 2 * half]),
    )


def card(found: ToldApart | None, reason: str) -> Card:
    """Its numbers, or why there are none."""
    if found is None:
        return Card("Told apart", missing=reason)
    return Card(
        "Told apart",
        (
            ("edited from real", (Cell(found.edited, "%", line=LINE),)),
            ("unedited from real", (Cell(found.unedited, "%", line=LINE),)),
            ("real from real", (Cell(found.real, "%", line=LINE),)),
        ),
        note="Share that a linear classifier, fitted to other faces, puts right; 50% is guessing.",
    )


def said(found: ToldApart) -> str:
    """Its words on the console."""
    edited, unedited, real = (
        number(each.value, "%", UNKNOWN) for each in (found.edited, found.unedited, found.real)
    )
    return f"told from real faces in {edited} (unedited {unedited}, real ones {real})"


def _refuse_few(edited: int, real: int) -> None:
    if edited < LEAST or real < 2 * LEAST:
        raise UserError(
            f"telling edited faces from real ones needs at least {LEAST} edited and {2 * LEAST} "
            f"real faces, there are {edited} and {real}; hold out more with --test_per_class"
        )
