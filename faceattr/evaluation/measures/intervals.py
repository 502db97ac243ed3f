"""How sure a measured share or mean is: intervals around both."""

import dataclasses
import statistics
from collections.abc import Sequence

import numpy as np

CONFIDENCE = 0.95
"""How often an interval holds the true value, unless another is asked for."""

MOST_DECIBELS = 100.0
"""Equal images have an infinite PSNR, which has no mean: what 8 bits can tell apart ends well
below this."""

# Keeps these draws apart from other draws of the same seed.
_BOOTSTRAP_DRAWS = 0xB007

_VALUES_AT_ONCE = 1 << 18


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A measured value and the interval that holds the true one as often as `confidence` says.

    Attributes:
        value: float; NaN where nothing was measured.
        low, high: bounds of the interval.
        count: int, what it was measured on.
        confidence: float in (0, 1).
    """

    value: float
    low: float
    high: float
    count: int
    confidence: float = CONFIDENCE


def share(successes: np.ndarray, confidence: float = CONFIDENCE) -> Estimate:
    """A share with its Wilson score interval (Wilson 1927).

    Unlike the normal interval it stays within [0, 1] and has a width where all or none succeed.

    Args:
        successes: bool [n]; or float [n] in [0, 1], which vary less than that: the interval is
            then rather too wide.
        confidence: float in (0, 1).

    Returns:
        the estimate; NaN in [0, 1] for n = 0.
    """
    count = len(successes)
    if not count:
        return Estimate(float("nan"), 0.0, 1.0, 0, confidence)
    value = float(np.mean(successes))
    z = statistics.NormalDist().inv_cdf(0.5 + confidence / 2)
    scale = 1 + z * z / count
    centre = (value + z * z / (2 * count)) / scale
    half = z * (value * (1 - value) / count + z * z / (4 * count * count)) ** 0.5 / scale
    # The bound is exact where all or none succeed; rounding must not lose that.
    low = 0.0 if value == 0 else max(0.0, centre - half)
    high = 1.0 if value == 1 else min(1.0, centre + half)
    return Estimate(value, low, high, count, confidence)


def mean(
    values: np.ndarray, seed: int, confidence: float = CONFIDENCE, draws: int = 2000
) -> Estimate:
    """A mean with its bootstrap interval (percentiles; Efron 1979).

    Args:
        values: float [n]; NaN is passed over, what is not defined is not measured.
        seed: int, of the draws.
        confidence: float in (0, 1).
        draws: int >= 1, resamples.

    Returns:
        the estimate; NaN for n = 0.
    """
    values = np.asarray(values, np.float64)
    values = values[~np.isnan(values)]
    count = len(values)
    if not count:
        nan = float("nan")
        return Estimate(nan, nan, nan, 0, confidence)
    random = np.random.default_rng([seed, _BOOTSTRAP_DRAWS])
    # Many resamples at once, as far as they take little memory.
    rows = max(1, _VALUES_AT_ONCE // count)
    sizes = [min(rows, draws - start) for start in range(0, draws, rows)]
    means = [values[random.integers(count, size=(size, count))].mean(axis=1) for size in sizes]
    bounds = between(np.concatenate(means), confidence)
    return Estimate(float(values.mean()), *bounds, count, confidence)


def between(
    draws: Sequence[float] | np.ndarray, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """The bounds between which so many of the draws of a bootstrap lie."""
    low, high = np.quantile(draws, [0.5 - confidence / 2, 0.5 + confidence / 2])
    return float(low), float(high)


def decibels(values: np.ndarray, seed: int) -> Estimate:
    """The mean of PSNRs, each at most 100 dB; not known where all images are equal.

    Args:
        values: float [n], in dB; NaN is passed over.
        seed: int, of the bootstrap.
    """
    if not np.isfinite(values).any():
        return mean(np.zeros(0), seed)
    return mean(np.minimum(values, MOST_DECIBELS), seed)
