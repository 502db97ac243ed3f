"""Faces that already are as an edit wants them: it should leave them alone."""

import dataclasses

import numpy as np

from faceattr.evaluation.measures import intervals
from faceattr.evaluation.measures.intervals import Estimate
from faceattr.evaluation.measures.locality import mean_change


@dataclasses.dataclass(frozen=True)
class NoOp:
    """How much an edit changes where it is needed and where it is not.

    Attributes:
        needed: mean |r| on faces that are not as the edit wants them, in units of [-1, 1].
        needless: mean |r| on faces that already are.
        ratio: `needless` over `needed`: 0 for an edit that knows when to do nothing, 1 for one
            that does not look; NaN if nothing changes at all.
    """

    needed: Estimate
    needless: Estimate
    ratio: float


def no_op(needed: np.ndarray, needless: np.ndarray, seed: int) -> NoOp:
    """Compares residuals of one edit on both kinds of faces.

    Args:
        needed: float [n, s, s, 3], residuals on faces that are not as the edit wants them.
        needless: float [m, s, s, 3], residuals on faces that already are.
        seed: int, of the bootstrap.
    """
    estimates = [intervals.mean(mean_change(residual), seed) for residual in (needed, needless)]
    size = estimates[0].value
    ratio = estimates[1].value / size if size > 0 else float("nan")
    return NoOp(needed=estimates[0], needless=estimates[1], ratio=ratio)
