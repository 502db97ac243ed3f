"""How alike two images are, in NumPy: PSNR and SSIM, of the whole or of a part."""

import numpy as np

# Wang et al. 2004.
_WINDOW, _SIGMA, _K1, _K2 = 11, 1.5, 0.01, 0.03
_LEVELS = 255.0
_LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601
_BATCH = 64


def psnr(images: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratio of each image, in dB; infinite where the images are equal.

    Args:
        images: uint8 [n, h, w, 3].
        truth: uint8 of the same shape.

    Returns:
        float64 [n], 10 log10(255^2 / mean squared error).
    """
    assert images.dtype == truth.dtype == np.uint8, "PSNR is taken on uint8 images"
    difference = images.astype(np.float64) - truth.astype(np.float64)
    error = np.mean(difference**2, axis=(1, 2, 3))
    with np.errstate(divide="ignore"):
        return 10.0 * np.log10(_LEVELS**2 / error)


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
    error = masked_mean((difference**2).mean(axis=-1), part)
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
        scores[batch] = masked_mean(_ssim_map(images[batch], edited[batch]), windows)
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


def masked_mean(values: np.ndarray, part: np.ndarray | None) -> np.ndarray:
    """The mean of [n, h, w] over a part of each: float64 [n], NaN where the part is empty."""
    if part is None:
        return values.mean(axis=(1, 2))
    # Not a product of values and part: what is left out may not be a number.
    total = np.where(part, values, 0).sum(axis=(1, 2))
    with np.errstate(invalid="ignore"):
        return total / part.sum(axis=(1, 2))
