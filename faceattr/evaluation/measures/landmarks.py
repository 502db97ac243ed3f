"""Landmarks on edited faces: Table 2 and Fig. 8 of the paper.

Glasses hide the eyes from a landmark model; where they are removed well, it finds them again.
"""

import dataclasses

import numpy as np

from faceattr.data import synthetic
from faceattr.edits import Edit
from faceattr.errors import UserError
from faceattr.evaluation.measures import intervals
from faceattr.evaluation.measures.cells import Card, Cell
from faceattr.evaluation.measures.intervals import Estimate
from faceattr.evaluation.measures.measure import Measure
from faceattr.evaluation.measures.regions import mean_landmarks
from faceattr.evaluation.subjects.edit_case import EditCase
from faceattr.faces.crop import CELEBA_CROP, LFW_CROP

# Places in iBUG 300-W's order; left is the viewer's.
LEFT_EYE, RIGHT_EYE = slice(36, 42), slice(42, 48)
_NOSE_TIP, _LEFT_MOUTH, _RIGHT_MOUTH = 30, 48, 54
_EYES_OF_68 = np.isin(np.arange(68), np.arange(36, 48))
_EYES_OF_5 = np.isin(np.arange(5), (0, 1))


@dataclasses.dataclass(frozen=True, eq=False)
class LandmarkErrors:
    """Distances of landmarks from the truth, in units of the distance between the eyes.

    Attributes:
        eyes: float64 [n], mean over the points of the eyes.
        rest: float64 [n], mean over all other points.
        every: float64 [n], mean over all points.
    """

    eyes: np.ndarray
    rest: np.ndarray
    every: np.ndarray

    def means(self, seed: int) -> "LandmarkMeans":
        """The means over faces, as in Table 2, with bootstrap intervals."""
        return LandmarkMeans(intervals.mean(self.eyes, seed), intervals.mean(self.rest, seed))


@dataclasses.dataclass(frozen=True)
class LandmarkMeans:
    """Means of `LandmarkErrors`: of the points of the eyes, and of all others."""

    eyes: Estimate
    rest: Estimate


@dataclasses.dataclass(frozen=True, eq=False)
class FaceLandmarks:
    """Errors of the few faces before and after an edit, and where the truth is from."""

    truth: str
    before: LandmarkErrors
    after: LandmarkErrors


@dataclasses.dataclass(frozen=True)
class Landmarks:
    """The means of `FaceLandmarks` (Table 2)."""

    truth: str
    before: LandmarkMeans
    after: LandmarkMeans


def compute(case: EditCase) -> FaceLandmarks:
    """Errors of dlib's landmarks of the few faces.

    Raises:
        UserError: without dlib's models, or if nothing says where a face has its landmarks.
    """
    before, after, name = _truth(case)
    few = case.needed.few
    return FaceLandmarks(
        name,
        landmark_errors(case.needed.few_landmarks68, before[few]),
        landmark_errors(case.edited.few_landmarks68, after[few]),
    )


def summarise(found: FaceLandmarks, seed: int) -> Landmarks:
    """The means."""
    return Landmarks(found.truth, found.before.means(seed), found.after.means(seed))


LANDMARKS = Measure("landmarks", compute, summarise)


def _truth(case: EditCase) -> tuple[np.ndarray, np.ndarray, str]:
    """True landmarks of the faces and of their edits, float64 [n, k, 2], and where they are from.

    Raises:
        UserError: if nothing says where a face has them.
    """
    drawn = case.parameters
    if drawn is not None:
        flipped = [synthetic.flip(face, case.edit.column) for face in drawn]
        before, after = (
            np.array([synthetic.landmarks68(face) for face in faces], np.float64)
            for faces in (drawn, flipped)
        )
        return before, after, "renderer"
    known = case.landmarks()
    if known is not None:
        return known, known, "CelebA's file" if case.faces.source == "celeba" else "the data"
    if case.faces.table.crop not in (CELEBA_CROP, LFW_CROP):
        raise UserError(
            f"the landmarks of {case.faces.source} are not known: the data have none, and its "
            "images are not in CelebA's or LFW's aligned frame (--crop celeba says that they are)"
        )
    mean = np.broadcast_to(mean_landmarks(), (len(case.indices), 5, 2))
    return mean, mean, "aligned frame"


def card(found: Landmarks | None, edit: Edit, way_back: Landmarks | None, reason: str) -> Card:
    """Errors before and after, or the rows of Table 2 where glasses are removed.

    Args:
        found: of the edit; None where it is missing.
        edit: which one.
        way_back: of the opposite edit of the same subject.
        reason: why it may be missing.
    """
    if found is None:
        return Card("Landmarks", missing=reason)
    sets = {"before the edit": found.before, "after the edit": found.after}
    if edit.column == "Eyeglasses" and not edit.adds:
        sets = {"D1, with glasses": found.before, "D1 manipulated": found.after}
        if way_back is not None:
            sets = {"D0, without glasses": way_back.before, **sets}
    return Card(
        "Landmarks",
        tuple((name, (Cell(each.eyes), Cell(each.rest))) for name, each in sets.items()),
        ("faces", "eyes", "rest"),
        f"Mean error, in distances between the eyes; the truth: {found.truth}.",
    )


def landmark_errors(found: np.ndarray, truth: np.ndarray) -> LandmarkErrors:
    """Compares found landmarks with true ones.

    Args:
        found: float [n, 68, 2], (x, y) as fractions of the side.
        truth: float [n, 68, 2], such as a drawn face's, or [n, 5, 2], such as CelebA's, with which
            the five points of `found` are compared. NaN where unknown.

    Returns:
        the errors; NaN where the truth is unknown.
    """
    if truth.shape[1] == 5:
        found, eyes, five = five_points(found), _EYES_OF_5, truth
    else:
        assert truth.shape[1] == 68, "truth has 5 or 68 landmarks"
        eyes, five = _EYES_OF_68, five_points(truth)
    unit = np.linalg.norm(five[:, 1] - five[:, 0], axis=-1)
    error = np.linalg.norm(found - truth, axis=-1) / unit[:, None]
    return LandmarkErrors(
        eyes=error[:, eyes].mean(axis=1),
        rest=error[:, ~eyes].mean(axis=1),
        every=error.mean(axis=1),
    )


def five_points(points: np.ndarray) -> np.ndarray:
    """CelebA's five landmarks from iBUG 300-W's: float [n, 68, 2] to [n, 5, 2].

    The centres of the eyes, the tip of the nose, the corners of the mouth.
    """
    return np.stack(
        [
            points[:, LEFT_EYE].mean(axis=1),
            points[:, RIGHT_EYE].mean(axis=1),
            points[:, _NOSE_TIP],
            points[:, _LEFT_MOUTH],
            points[:, _RIGHT_MOUTH],
        ],
        axis=1,
    )
