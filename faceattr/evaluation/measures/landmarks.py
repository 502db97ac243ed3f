"""Landmarks on edited faces: Table 2 and Fig. 8 of the paper.

Glasses hide the eyes from a landmark model; where they are removed well, it finds them again.
"""

import dataclasses

import numpy as np

from faceattr.evaluation.measures import intervals
from faceattr.evaluation.measures.intervals import Estimate

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

    def estimates(self, seed: int) -> dict[str, Estimate]:
        """The means over faces, as in Table 2: `eyes` and `rest`, with bootstrap intervals."""
        return {
            "eyes": intervals.mean(self.eyes, seed),
            "rest": intervals.mean(self.rest, seed),
        }


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
