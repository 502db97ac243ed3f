"""A linear classifier, fitted anew to tell two sets of faces apart, and read on faces that it was
not fitted on.
"""

from collections.abc import Callable

import numpy as np

from faceattr.errors import UserError

_DRAWS = 5
# Keeps these draws apart from other draws of the same seed.
_SPLIT_DRAWS = 0x5B17
# In units of one face's weight times one feature's variance.
_PENALTIES = 10.0 ** np.arange(-1, 4.1, 0.5)

Margin = Callable[[np.ndarray], np.ndarray]
"""Features, float [k, d], to float [k]: above 0 for what is taken for the first set."""


def told_right(
    first: np.ndarray, second: np.ndarray, persons: tuple[np.ndarray, np.ndarray], seed: int
) -> np.ndarray:
    """How often each face is put into the right set.

    All faces are split into two halves, which share no person; the classifier that is fitted to
    one half is asked about the other. That is done for several splits.

    Args:
        first, second: float [n, d] and [m, d], features.
        persons: int [n] and [m], the same number for the same person.
        seed: int, of the splits.

    Returns:
        float64 [n + m] in [0, 1], shares over the splits.

    Raises:
        UserError: if there are too few persons for two halves of both sets.
    """
    features = np.concatenate([first, second]).astype(np.float64)
    sign = np.repeat([1.0, -1.0], [len(first), len(second)])
    right = np.zeros(len(features))
    random = np.random.default_rng([seed, _SPLIT_DRAWS])
    for _ in range(_DRAWS):
        half = halves(np.concatenate(persons), sign > 0, random)
        for fitted in (half, ~half):
            if len(np.unique(sign[fitted])) < 2:
                raise UserError(
                    "too few persons to fit a classifier to some and ask it about others"
                )
            margin = fit(features[fitted], sign[fitted])
            right[~fitted] += margin(features[~fitted]) * sign[~fitted] > 0
    return right / _DRAWS


def halves(persons: np.ndarray, in_first: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Splits faces so that all of one person lie in one half, and both sets are split evenly.

    Args:
        persons: int [n].
        in_first: bool [n], which of the two sets each face is of.
        random: of the draw.

    Returns:
        bool [n], whether a face lies in the first half.
    """
    _, person = np.unique(persons, return_inverse=True)
    counts = [
        np.bincount(person[which], minlength=person.max() + 1) for which in (in_first, ~in_first)
    ]
    # Persons with as many faces in either set follow each other, and go to one half and the other.
    order = np.lexsort((random.permutation(len(counts[0])), *counts))
    half = np.zeros(len(order), bool)
    half[order[::2]] = True
    return half[person]


def fit(features: np.ndarray, sign: np.ndarray) -> Margin:
    """Ridge regression of the sign on standardised features, both sets weighing the same.

    The penalty is that of the least squared error of faces left out one at a time.

    Args:
        features: float64 [n, d].
        sign: float64 [n], 1 or -1; both are there.
    """
    weights = np.where(sign > 0, 0.5 / (sign > 0).sum(), 0.5 / (sign < 0).sum())
    mean = weights @ features
    spread = np.sqrt(weights @ (features - mean) ** 2)
    # What never changes tells nothing.
    scale = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 1e-12)
    root = np.sqrt(weights)
    left, values, right = np.linalg.svd(
        root[:, None] * (features - mean) * scale, full_matrices=False
    )
    target = root * sign
    along = left.T @ target

    def error(penalty: float) -> float:
        kept = values**2 / (values**2 + penalty)
        return float((((target - left @ (kept * along)) / (1 - left**2 @ kept)) ** 2).sum())

    penalty = min(_PENALTIES, key=error)
    slope = scale * (right.T @ (values / (values**2 + penalty) * along))
    return lambda asked: (asked - mean) @ slope
