"""What one edit does to another attribute: the paper's beards on women (section 6.3, Fig. 7).

In the data beards go with men. An edit that has learned beards, and not men, adds one to a woman
and leaves her a woman, with her hair.
"""

import dataclasses

import numpy as np

from faceattr.evaluation.measures import intervals
from faceattr.evaluation.measures.intervals import Estimate
from faceattr.evaluation.measures.locality import mean_change
from faceattr.evaluation.measures.regions import hair_masks, landmark_masks
from faceattr.evaluation.measures.success import Judge
from faceattr.evaluation.subjects.transformation import Transformation, edited_images, residuals


@dataclasses.dataclass(frozen=True, eq=False)
class SideEffect:
    """One edit, and what it does besides; each float64 [n], a value for each face.

    Attributes:
        before, after: the judge's probability of the other attribute, such as Male.
        target_before, target_after: of the edited attribute's column, such as No_Beard.
        hair: mean |r| where the hair is, in units of [-1, 1]; see `hair_masks`.
        region: the same where the edit belongs; see `landmark_masks`.
    """

    before: np.ndarray
    after: np.ndarray
    target_before: np.ndarray
    target_after: np.ndarray
    hair: np.ndarray
    region: np.ndarray

    def summary(self, seed: int) -> "SideEffectMeans":
        """Means and shares over faces, with intervals."""
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(self.region > 0, self.hair / self.region, np.nan)
        return SideEffectMeans(
            change=intervals.mean(self.after - self.before, seed),
            classed_before=intervals.share(self.before > 0.5),
            classed_after=intervals.share(self.after > 0.5),
            target_before=intervals.share(self.target_before > 0.5),
            target_after=intervals.share(self.target_after > 0.5),
            hair=intervals.mean(self.hair, seed),
            region=intervals.mean(self.region, seed),
            hair_over_region=intervals.mean(ratio, seed),
        )


@dataclasses.dataclass(frozen=True)
class SideEffectMeans:
    """Means and shares of `SideEffect`.

    Attributes:
        change: of the probability of the other attribute.
        classed_before, classed_after: shares classed as having it.
        target_before, target_after: shares classed as having the edited column.
        hair, region: mean |r|.
        hair_over_region: mean of their ratio over faces that change in the region.
    """

    change: Estimate
    classed_before: Estimate
    classed_after: Estimate
    target_before: Estimate
    target_after: Estimate
    hair: Estimate
    region: Estimate
    hair_over_region: Estimate


def side_effect(
    edit: Transformation,
    images: np.ndarray,
    other: Judge,
    target: Judge,
    column: str,
    landmarks: np.ndarray | None = None,
) -> SideEffect:
    """Edits faces and looks at another attribute, and at their hair.

    Args:
        edit: such as the one that adds a beard.
        images: uint8 [n, s, s, 3], such as women's faces.
        other: the judge's probability of the other attribute, such as Male.
        target: of the edited one, such as No_Beard.
        column: the edited one, whose region is looked at.
        landmarks: float [n, 5, 2] as in `landmark_masks`; None for the mean face's.
    """
    size = images.shape[1]
    residual = residuals(edit, images)
    edited = edited_images(images, residual)
    located = np.full((len(images), 5, 2), np.nan) if landmarks is None else landmarks
    return SideEffect(
        before=other(images),
        after=other(edited),
        target_before=target(images),
        target_after=target(edited),
        hair=mean_change(residual, hair_masks(located, size)),
        region=mean_change(residual, landmark_masks(column, located, size)),
    )
