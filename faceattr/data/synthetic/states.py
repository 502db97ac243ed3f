"""Draws the binary states of the main columns, with wanted correlations between pairs."""

import math
from collections.abc import Mapping

import numpy as np

MAIN_COLUMNS = ("Eyeglasses", "Mouth_Slightly_Open", "Smiling", "No_Beard", "Young", "Male")

_BEARD_PAIR = ("Male", "No_Beard")
# Half of the men and no women are bearded.
_TRUE_BEARD_CORRELATION = -math.sqrt(1 / 3)
# A weak wanted correlation would leave hardly a beard in the data if women stayed shaven.
_FEWEST_BEARDS = 0.2


def sample_states(
    generator: np.random.Generator,
    correlation: Mapping[tuple[str, str], float] | None = None,
) -> dict[str, bool]:
    """Draws the states of `MAIN_COLUMNS`.

    Each column but `No_Beard` is true with probability 1/2. Unless the pair (Male, No_Beard) is
    requested, half of the men and no women are bearded, a correlation of -0.58. Requested at r
    between -1 and -1/2, only men are bearded, as many as r takes; nearer to 0 or above, one face
    in five is bearded and some of those are women. Pairs that are not requested are independent,
    but for what follows from pairs that share a column.

    Args:
        generator: advanced by six draws, whatever the correlations.
        correlation: maps pairs of main columns to the wanted Pearson correlation in [-1, 1].

    Raises:
        ValueError: if a pair names another column, twice the same one, closes a circle with other
            pairs (No_Beard always has Male for a neighbour), or cannot reach its correlation.
    """
    wanted = _as_tree(correlation or {})
    true_share = dict.fromkeys(MAIN_COLUMNS, 0.5)
    true_share["No_Beard"] = 1 - _beard_share(wanted[frozenset(_BEARD_PAIR)])
    uniform = {column: float(generator.random()) for column in MAIN_COLUMNS}
    states: dict[str, bool] = {}
    # Male leads so that the other columns follow the sex and not the reverse.
    for root in ("Male", *MAIN_COLUMNS):
        if root in states:
            continue
        states[root] = uniform[root] < true_share[root]
        reached = [root]
        for column in reached:
            for neighbour in MAIN_COLUMNS:
                target = wanted.get(frozenset((column, neighbour)))
                if target is None or neighbour in states:
                    continue
                chance = _conditional(
                    true_share[neighbour], true_share[column], target, states[column]
                )
                states[neighbour] = uniform[neighbour] < chance
                reached.append(neighbour)
    return states


def _as_tree(correlation: Mapping[tuple[str, str], float]) -> dict[frozenset[str], float]:
    wanted = {frozenset(_BEARD_PAIR): _TRUE_BEARD_CORRELATION}
    for pair, target in correlation.items():
        if any(column not in MAIN_COLUMNS for column in pair) or len(set(pair)) != 2:
            raise ValueError(
                f"cannot correlate {pair}: a pair takes two of {', '.join(MAIN_COLUMNS)}"
            )
        if not -1 <= target <= 1:
            raise ValueError(f"correlation {target} of {pair} is outside [-1, 1]")
        wanted[frozenset(pair)] = target
    group = {column: column for column in MAIN_COLUMNS}
    for first, second in (sorted(pair) for pair in wanted):
        merged, kept = group[first], group[second]
        if merged == kept:
            raise ValueError(f"the pair ({first}, {second}) closes a circle of correlations")
        group = {column: kept if name == merged else name for column, name in group.items()}
    return wanted


def _beard_share(correlation: float) -> float:
    """Share of bearded faces at which shaven women alone give this correlation, if not too few."""
    if correlation >= 0:
        return _FEWEST_BEARDS
    return max(_FEWEST_BEARDS, correlation**2 / (1 + correlation**2))


def _conditional(share: float, given_share: float, correlation: float, given: bool) -> float:
    """Probability that a column is true given the state of its neighbour."""
    spread = math.sqrt(share * (1 - share) * given_share * (1 - given_share))
    both = share * given_share + correlation * spread
    chance = both / given_share if given else (share - both) / (1 - given_share)
    other = (share - both) / (1 - given_share) if given else both / given_share
    # Rounding may leave a chance a hair outside [0, 1] at the very limit.
    if min(chance, other) < -1e-9 or max(chance, other) > 1 + 1e-9:
        raise ValueError(
            f"correlation {correlation} cannot be reached at shares {share:.2f} and "
            f"{given_share:.2f}"
        )
    return chance
