"""How much an edit changes, and whether it leaves the rest of the face alone."""

import dataclasses

import numpy as np

SMALL_CHANGE = 0.1
"""A pixel counts as changed where a channel moves by more than this, of the range [-1, 1]."""

# Wang et al. 2004.
_WINDOW, _SIGMA, _K1, _K2 = 11, 1.5, 0.01, 0.03
_LEVELS = 255.0
_LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601
_BATCH = 64


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
    return _masked_mean(change, part)


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


def masked_psnr(images: np.ndarray, edited: np.ndarray, part: np.ndarray) -> np.ndarray:
    """PSNR over some of the pixels, in dB, float64 [n].

    Args:
        images, edited: uint8 [n, s, s, 3].
        part: bool [n, s, s], the pixels that count.

    Returns:
        10 log10(255^2 / mean squared error); infinite where these pixels are equal, NaN where
        there are none.
    """
    assert images.dtype == edited.dtype == np.uint8, "PSNR is taken on uint8 images"
    difference = images.astype(np.float64) - edited
    error = _masked_mean((difference**2).mean(axis=-1), part)
    with np.errstate(divide="ignore"):
        return 10.0 * np.log10(_LEVELS**2 / error)


def masked_ssim(
    images: np.ndarray, edited: np.ndarray, part: np.ndarray | None = None
) -> np.ndarray:
    """Structural similarity of the luminance (Wang et al. 2004), float64 [n] in [-1, 1].

    Gaussian windows of 11x11 pixels, sigma 1.5, K1 0.01, K2 0.03; the mean over the windows that
    lie wholly within the image and the part, so that no change beyond the part leaks into it.

    Args:
        images, edited: uint8 [n, s, s, 3], s >= 11.
        part: bool [n, s, s]; None for the whole image.

    Returns:
        NaN where no window lies within the part.
    """
    assert images.dtype == edited.dtype == np.uint8, "SSIM is taken on uint8 images"
    assert images.shape[1] >= _WINDOW, f"SSIM needs images of at least {_WINDOW} pixels"
    scores = np.zeros(len(images))
    for start in range(0, len(images), _BATCH):
        batch = slice(start, start + _BATCH)
        windows = None if part is None else _whole_windows(part[batch])
        scores[batch] = _masked_mean(_ssim_map(images[batch], edited[batch]), windows)
    return scores


def _ssim_map(images: np.ndarray, edited: np.ndarray) -> np.ndarray:
    """SSIM of each window: float64 [n, s - 10, s - 10]."""
    x, y = images @ np.array(_LUMINANCE), edited @ np.array(_LUMINANCE)
    mean_x, mean_y = _smooth(x), _smooth(y)
    variance_x = _smooth(x * x) - mean_x**2
    variance_y = _smooth(y * y) - mean_y**2
    covariance = _smooth(x * y) - mean_x * mean_y
    c1, c2 = (_K1 * _LEVELS) ** 2, (_K2 * _LEVELS) ** 2
    return ((2 * mean_x * mean_y + c1) * (2 * covariance + c2)) / (
        (mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2)
    )


def _smooth(values: np.ndarray) -> np.ndarray:
    """The Gaussian-weighted mean of each window that fits: [n, h, w] to [n, h - 10, w - 10]."""
    place = np.arange(_WINDOW) - _WINDOW // 2
    weights = np.exp(-(place**2) / (2 * _SIGMA**2))
    weights /= weights.sum()
    height, width = (side - _WINDOW + 1 for side in values.shape[1:])
    rows = sum(weight * values[:, k : k + height] for k, weight in enumerate(weights))
    return sum(weight * rows[:, :, k : k + width] for k, weight in enumerate(weights))


def _whole_windows(part: np.ndarray) -> np.ndarray:
    """The windows all of whose pixels are in the part: bool [n, h - 10, w - 10]."""
    height, width = (side - _WINDOW + 1 for side in part.shape[1:])
    rows = np.logical_and.reduce([part[:, k : k + height] for k in range(_WINDOW)])
    return np.logical_and.reduce([rows[:, :, k : k + width] for k in range(_WINDOW)])


def _masked_mean(values: np.ndarray, part: np.ndarray | None) -> np.ndarray:
    """The mean of [n, h, w] over a part of each: float64 [n], NaN where the part is empty."""
    if part is None:
        return values.mean(axis=(1, 2))
    # Not a product of values and part: what is left out may not be a number.
    total = np.where(part, values, 0).sum(axis=(1, 2))
    with np.errstate(invalid="ignore"):
        return total / part.sum(axis=(1, 2))
