"""OutsideJudges: models that others made, asked what an edit changes; no training knows them.

For glasses there is none, but a measure of lines that nothing was fitted for.

`READINGS` says which of them reads which attribute. Beards have none.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import numpy as np

from faceattr.evaluation.judge.face_api import EXPRESSIONS, FaceApi
from faceattr.evaluation.judge.frames import frame_lines
from faceattr.evaluation.judge.mouth import Mouths, mouths
from faceattr.faces.mesh import MeshFinder

# What face-api's networks see: brows to chin with something around, as face-api cuts faces out by
# their landmarks; here the landmarks lie where aligned faces have them. Fractions of a crop in
# CelebA's frame, left, top, right, bottom.
_FACE_BOX = (0.12, 0.28, 0.88, 1.0)


class OutsideJudges:
    """The models, each loaded when it is first asked."""

    @functools.cached_property
    def _mesh(self) -> MeshFinder:
        return MeshFinder()

    @functools.cached_property
    def _face_api(self) -> FaceApi:
        return FaceApi()

    def mouths(self, images: np.ndarray) -> Mouths:
        """See `judge.mouth.mouths`."""
        return mouths(self._mesh, images)

    def frame_lines(self, images: np.ndarray) -> np.ndarray:
        """See `judge.frames.frame_lines`."""
        return frame_lines(self._mesh, images)

    def happy(self, images: np.ndarray) -> np.ndarray:
        """The probability that a face looks happy."""
        return self._face_api.expressions(face_part(images))[:, EXPRESSIONS.index("happy")]

    def age(self, images: np.ndarray) -> np.ndarray:
        """In years."""
        return self._face_api.age_and_gender(face_part(images))[0]

    def male(self, images: np.ndarray) -> np.ndarray:
        """The probability that it is a man."""
        return self._face_api.age_and_gender(face_part(images))[1]


@dataclasses.dataclass(frozen=True)
class Reading:
    """What one model reads of one attribute.

    Attributes:
        name: str, what is read.
        column: str, the attribute.
        unit: str, such as `"years"`; `"%"` for a probability.
        rises: bool, whether faces with the attribute have more of it.
        ask: the models and uint8 [n, s, s, 3], face crops in CelebA's frame, to float64 [n]; NaN
            where it sees no face.
    """

    name: str
    column: str
    unit: str
    rises: bool
    ask: Callable[[OutsideJudges, np.ndarray], np.ndarray]


READINGS = (
    Reading(
        "lines where frames lie",
        "Eyeglasses",
        "times the mean around",
        True,
        lambda judges, images: judges.frame_lines(images),
    ),
    Reading(
        "lips' gap",
        "Mouth_Slightly_Open",
        "eye distances",
        True,
        lambda judges, images: judges.mouths(images).gap,
    ),
    Reading("looks happy", "Smiling", "%", True, lambda judges, images: judges.happy(images)),
    Reading(
        "lift of the mouth's corners",
        "Smiling",
        "eye distances",
        True,
        lambda judges, images: judges.mouths(images).lift,
    ),
    Reading("age", "Young", "years", False, lambda judges, images: judges.age(images)),
    Reading("looks like a man", "Male", "%", True, lambda judges, images: judges.male(images)),
)


def readings(column: str) -> tuple[Reading, ...]:
    """What is read of an attribute; none where no model reads it."""
    return tuple(each for each in READINGS if each.column == column)


def face_part(images: np.ndarray) -> np.ndarray:
    """What face-api's networks are shown of face crops: uint8 [n, h, w, 3]."""
    left, top, right, bottom = (round(edge * images.shape[1]) for edge in _FACE_BOX)
    return images[:, top:bottom, left:right]
