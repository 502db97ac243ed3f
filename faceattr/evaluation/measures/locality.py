"""How much an edit changes, and whether it leaves the rest of the face alone."""

import dataclasses

import numpy as np

from faceattr.pictures.similarity import masked_mean, masked_psnr, masked_ssim

SMALL_CHANGE = 0.1
"""A pixel counts as changed where a channel moves by more than this, of the range [-1, 1]."""


@dataclasses.dataclass(frozen=True, eq=False)
class Locality:
    """One edit of many faces; each float64 [n], NaN where it is not defined for a face.

    Attributes:
        mean_change: mean |r| over pixels and channels, r in units of [-1, 1].
        changed_share: share of the pixels that move by more than `SMALL_CHANGE`, in [0, 1].
        energy_inside: share of the sum of r^2 inside the region; NaN if nothing changes.
        mean_change_inside, mean_change_outside: as `mean_change`, of either part.
        psnr_outside: in dB, infinite where nothing changes; NaN if the region is everything.
        ssim_outside: in [-1, 1]; NaN if no window is wholly outside.
    """

    mean_change: np.ndarray
    changed_share: np.ndarray
    energy_inside: np.ndarray
    mean_change_inside: np.ndarray
    mean_change_outside: np.ndarray
    psnr_outside: np.ndarray
    ssim_outside: np.ndarray


def locality(
    images: np.ndarray, edited: np.ndarray, residual: np.ndarray, region: np.ndarray
) -> Locality:
    """Measures where an edit acts.

    Args:
        images: uint8 [n, s, s, 3].
        edited: uint8 [n, s, s, 3], at the strength that is measured.
        residual: float [n, s, s, 3], what was added, before clipping.
        region: bool [n, s, s], where the edit belongs.
    """
    return Locality(
        mean_change=mean_change(residual),
        changed_share=changed_share(residual),
        energy_inside=energy_share(residual, region),
        mean_change_inside=mean_change(residual, region),
        mean_change_outside=mean_change(residual, ~region),
        psnr_outside=masked_psnr(images, edited, ~region),
        ssim_outside=masked_ssim(images, edited, ~region),
    )


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
