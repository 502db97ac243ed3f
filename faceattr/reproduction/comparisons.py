"""The paper's claims against what was measured: held, not held or undecided.

A claim is turned into differences between two methods on the same faces. Chance alone moves these,
so a claim holds only where the whole interval of the mean difference lies on its side.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from faceattr.evaluation.measures import intervals
from faceattr.evaluation.measures.intervals import Estimate

Verdict = Literal["held", "not held", "undecided"]


@dataclasses.dataclass(frozen=True)
class Comparison:
    """One measure of two methods, face by face.

    Attributes:
        what: str, the measure and its unit.
        first, second: what is compared, such as `"ours"` and `"VAE-GAN"`.
        first_mean, second_mean: float, means over the faces that both are defined on.
        difference: of `first` less `second`, paired, with its bootstrap interval.
        verdict: whether the claim about this measure holds.
    """

    what: str
    first: str
    second: str
    first_mean: float
    second_mean: float
    difference: Estimate
    verdict: Verdict


@dataclasses.dataclass(frozen=True)
class Claim:
    """A claim of the paper, and what speaks for and against it.

    Attributes:
        text: str, the claim.
        where: str, the section, figure or table that makes it.
        comparisons: what was measured for it.
        note: str, how the claim was read, and what limits the measurement.
    """

    text: str
    where: str
    comparisons: tuple[Comparison, ...]
    note: str = ""

    @property
    def verdict(self) -> Verdict:
        """Held if all of its measures say so, not held if one speaks against it."""
        return joint_verdict([comparison.verdict for comparison in self.comparisons])


def joint_verdict(verdicts: Sequence[Verdict]) -> Verdict:
    """Of several measures of one claim: `"undecided"` without any."""
    if "not held" in verdicts:
        return "not held"
    return "held" if verdicts and set(verdicts) == {"held"} else "undecided"


def lower(
    what: str, first: tuple[str, np.ndarray], second: tuple[str, np.ndarray], seed: int
) -> Comparison:
    """Compares by a measure that should be lower for the first.

    Args:
        what: the measure and its unit.
        first, second: a name and float [n] each, the same faces in the same order; faces where
            either is not finite are left out.
        seed: int, of the bootstrap.
    """
    return _compared(what, first, second, seed, lambda gap: _by_sign(-gap.high, -gap.low))


def higher(
    what: str, first: tuple[str, np.ndarray], second: tuple[str, np.ndarray], seed: int
) -> Comparison:
    """Compares by a measure that should be higher for the first; see `lower`."""
    return _compared(what, first, second, seed, lambda gap: _by_sign(gap.low, gap.high))


def alike(
    what: str,
    first: tuple[str, np.ndarray],
    second: tuple[str, np.ndarray],
    margin: float,
    seed: int,
) -> Comparison:
    """Compares by a measure that should be the same: within `margin` of each other; see `lower`.

    No interval can show that nothing changes. The margin says what counts as nothing.
    """

    def verdict(gap: Estimate) -> Verdict:
        if -margin < gap.low and gap.high < margin:
            return "held"
        return "not held" if gap.low > margin or gap.high < -margin else "undecided"

    return _compared(f"{what} (alike: within {margin:g})", first, second, seed, verdict)


def not_worse(
    what: str,
    first: tuple[str, np.ndarray],
    second: tuple[str, np.ndarray],
    margin: float,
    seed: int,
) -> Comparison:
    """Compares two groups of faces by a measure that may fall by less than `margin`.

    The groups are of different faces, so they are drawn anew apart from each other.
    """
    random = np.random.default_rng([seed, _GROUP_DRAWS])
    sides = [values[np.isfinite(values)].astype(np.float64) for _, values in (first, second)]
    if not all(map(len, sides)):
        nan = float("nan")
        gap = Estimate(nan, nan, nan, 0)
    else:
        draws = [
            np.subtract(
                *(side[random.integers(len(side), size=len(side))].mean() for side in sides)
            )
            for _ in range(_DRAWS)
        ]
        value = float(sides[0].mean() - sides[1].mean())
        gap = Estimate(value, *intervals.between(draws), min(map(len, sides)))
    means = [float(side.mean()) if len(side) else float("nan") for side in sides]
    verdict = _by_sign(gap.low + margin, gap.high + margin)
    return Comparison(
        f"{what} (may fall by {margin:g})", first[0], second[0], means[0], means[1], gap, verdict
    )


_GROUP_DRAWS, _DRAWS = 0x6A0B, 2000


def _compared(
    what: str,
    first: tuple[str, np.ndarray],
    second: tuple[str, np.ndarray],
    seed: int,
    verdict: Callable[[Estimate], Verdict],
) -> Comparison:
    assert len(first[1]) == len(second[1]), "the same faces in the same order"
    both = np.isfinite(first[1]) & np.isfinite(second[1])
    ours, other = (np.asarray(values, np.float64)[both] for _, values in (first, second))
    gap = intervals.mean(ours - other, seed)
    means = [float(side.mean()) if len(side) else float("nan") for side in (ours, other)]
    return Comparison(what, first[0], second[0], means[0], means[1], gap, verdict(gap))


def _by_sign(low: float, high: float) -> Verdict:
    """Of an interval that should lie above 0; undecided where there is none."""
    if low > 0:
        return "held"
    return "not held" if high < 0 else "undecided"
