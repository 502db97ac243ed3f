"""Head turn from landmarks, and success and realism by head turn (Fig. 9: the paper's failures)."""

import contextlib
import dataclasses
import itertools

import numpy as np

from faceattr.errors import UserError
from faceattr.evaluation.measures import intervals
from faceattr.evaluation.measures.intervals import Estimate
from faceattr.evaluation.measures.landmarks import five_points
from faceattr.evaluation.measures.measure import Measure
from faceattr.evaluation.measures.realism import kernel_distance
from faceattr.evaluation.measures.success import target_reached
from faceattr.evaluation.subjects.edit_case import EditCase

# By how much the tip of the nose stands out before the centres of the eyes, over the distance
# between them: 3.8 to 6.4 in MediaPipe's canonical face, in centimetres.
_NOSE_OVER_EYES = 0.6

YAW_EDGES = (0.0, 10.0, 20.0, 30.0, 90.0)
"""Bounds of the bins, in degrees of turn to either side."""


@dataclasses.dataclass(frozen=True)
class PoseBin:
    """Success and realism among faces that are turned by [low, high) degrees to either side.

    Attributes:
        low, high: bounds of the turn.
        success: share that reaches the target.
        kernel: kernel distance of these faces, edited, from real faces of the target of any turn,
            which are less turned: it grows with the turn for that alone. None with too few faces.
    """

    low: float
    high: float
    success: Estimate
    kernel: float | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class FacePose:
    """How each face is turned, and what became of it.

    Attributes:
        yaw: float64 [n], degrees, see `yaw`.
        reached: bool [n], whether it is classed as the target after the edit.
        edited, real: float [n, d] and [m, d], what the judge sees in the edited faces, and in
            real faces of the target.
    """

    yaw: np.ndarray
    reached: np.ndarray
    edited: np.ndarray
    real: np.ndarray


def compute(case: EditCase) -> FacePose:
    """The turn of each face, from the data's landmarks or dlib's.

    Raises:
        MissingExtra: if the data have no landmarks, and dlib is not there to find them.
    """
    known = case.landmarks()
    turn = yaw(five_points(case.needed.landmarks68) if known is None else known)
    reached = target_reached(case.probabilities[1], case.edit.adds)
    return FacePose(turn, reached, case.edited.seen.features, case.needless.seen.features)


def summarise(found: FacePose, seed: int) -> tuple[PoseBin, ...]:
    """Success and realism by head turn (Fig. 9)."""
    return success_by_yaw(found.reached, found.yaw, (found.edited, found.real))


POSE = Measure("pose", compute, summarise)


def yaw(landmarks: np.ndarray) -> np.ndarray:
    """Estimates by how far each head is turned to the side.

    Seen from afar, a head turned by y has its eyes d cos y apart, and the tip of its nose, which
    stands out by 0.6 d, moved along their line by 0.6 d sin y; so tan y is their ratio over 0.6.
    Noses differ: good for bins of ten degrees, not for more.

    Args:
        landmarks: float [n, 5, 2], (x, y) in `AttributeTable.landmarks`'s order, in any unit that
            is the same for x and y.

    Returns:
        float64 [n], degrees in (-90, 90), above 0 towards the image's right; NaN where a landmark
        is.
    """
    landmarks = np.asarray(landmarks, np.float64)
    line = landmarks[:, 1] - landmarks[:, 0]
    nose = landmarks[:, 2] - (landmarks[:, 0] + landmarks[:, 1]) / 2
    # Along the line of the eyes, so that a head tilted to its shoulder is not taken for turned.
    along = (nose * line).sum(axis=1) / (line**2).sum(axis=1)
    return np.degrees(np.arctan(along / _NOSE_OVER_EYES))


def success_by_yaw(
    successes: np.ndarray,
    degrees: np.ndarray,
    features: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[PoseBin, ...]:
    """Success and realism for little and for much turned heads.

    Args:
        successes: bool [n].
        degrees: float [n], of `yaw`; NaN is in no bin.
        features: of the edited faces, float [n, d], and of real faces of the target, float
            [m, d]; None to leave realism out.

    Returns:
        a bin for each pair of neighbours in `YAW_EDGES`, also where it is empty.
    """
    turn = np.abs(degrees)
    bins = []
    for low, high in itertools.pairwise(YAW_EDGES):
        inside = (turn >= low) & (turn < high)
        kernel = None
        if features is not None:
            edited, real = features
            # Unbiased, so that bins of different numbers of faces compare.
            with contextlib.suppress(UserError):
                kernel = kernel_distance(edited[inside], real)
        bins.append(PoseBin(low, high, intervals.share(successes[inside]), kernel))
    return tuple(bins)
