"""Realism: how far the features of edited faces lie from those of real ones.

Both distances compare sets of images by the features that a network has of them. What they call
near depends on that network, so a distance is read beside the reference: that between two halves
of real faces, of the same number.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from faceattr.errors import UserError
from faceattr.evaluation.measures.cells import UNKNOWN
from faceattr.evaluation.measures.measure import Measure
from faceattr.evaluation.subjects.edit_case import EditCase
from faceattr.evaluation.subjects.face_set import FaceSet
from faceattr.pictures.words import number

# Keeps these draws apart from other draws of the same seed.
_HALVES_DRAWS = 0x4A1F
_BLOCK = 1024
_LEAST_FOR_KERNEL = 10


@dataclasses.dataclass(frozen=True)
class Distances:
    """Distances of edited faces from real ones, and what two sets of real faces have.

    Attributes:
        frechet: see `frechet_distance`; None with too few images for it.
        frechet_reference: mean of the same between disjoint sets of real faces of the same size.
        kernel: see `kernel_distance`.
        kernel_reference: likewise; near 0, and its spread is what chance does.
        kernel_reference_spread: standard deviation of the reference over its draws.
        count: int, images on each side of every comparison.
        note: str, why `frechet` is missing; empty if it is not.
    """

    frechet: float | None
    frechet_reference: float | None
    kernel: float
    kernel_reference: float
    kernel_reference_spread: float
    count: int
    note: str = ""


@dataclasses.dataclass(frozen=True, eq=False)
class FaceFeatures:
    """What a network sees in each face.

    Attributes:
        edited, unedited: float [n, d], of the faces that need the edit.
        real: float [m, d], of those of the class that it aims at.
    """

    edited: np.ndarray
    unedited: np.ndarray
    real: np.ndarray


@dataclasses.dataclass(frozen=True)
class Realism:
    """How far edited faces lie from real ones of the target, and how far unedited ones do."""

    edited: Distances
    unedited: Distances


def by_features(name: str, features: Callable[[FaceSet], np.ndarray]) -> Measure:
    """Realism by the features of one network.

    Args:
        name: str, of the measure.
        features: of a set of faces, float [n, d].
    """

    def compute(case: EditCase) -> FaceFeatures:
        return FaceFeatures(*map(features, (case.edited, case.needed, case.needless)))

    return Measure(name, compute, summarise)


def summarise(found: FaceFeatures, seed: int) -> Realism:
    """The distances.

    Raises:
        UserError: with too few faces.
    """
    edited, unedited = (
        distances(side, found.real, seed) for side in (found.edited, found.unedited)
    )
    return Realism(edited, unedited)


REALISM = by_features("realism", lambda faces: faces.seen.features)


def said(found: Realism) -> str:
    """Its words on the console."""
    edited, unedited = (
        number(each.kernel, missing=UNKNOWN) for each in (found.edited, found.unedited)
    )
    return f"kernel distance from real faces {edited}, unedited {unedited}"


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """The squared Frechet distance of two Gaussians fitted to features (Heusel et al. 2017).

    |m1 - m2|^2 + tr(S1 + S2 - 2 (S1^1/2 S2 S1^1/2)^1/2). It is biased upwards, the more the fewer
    images there are, so only distances of equal numbers of images compare.

    Args:
        first, second: float [n, d] and [m, d], a row of features for each image.

    Returns:
        float >= 0.

    Raises:
        UserError: with fewer than d + 1 images on a side, whose covariance has no full rank.
    """
    least = first.shape[1] + 1
    _refuse_few(first, second, least, "Frechet distance")
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    difference = first.mean(axis=0) - second.mean(axis=0)
    covariances = [np.atleast_2d(np.cov(side, rowvar=False)) for side in (first, second)]
    root = _square_root(covariances[0])
    # Similar to S1 S2, but symmetric, so that its eigenvalues are real and the root exists.
    eigenvalues = np.linalg.eigvalsh(root @ covariances[1] @ root)
    cross = np.sqrt(np.clip(eigenvalues, 0, None)).sum()
    spread = np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * cross
    return max(0.0, float(difference @ difference + spread))


def _square_root(matrix: np.ndarray) -> np.ndarray:
    """The symmetric root of a covariance; eigenvalues below 0 are rounding."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T


def kernel_distance(first: np.ndarray, second: np.ndarray) -> float:
    """The kernel distance KID (Binkowski et al. 2018): unbiased MMD^2, kernel (x.y / d + 1)^3.

    Unbiased: two samples of one distribution give 0 on average, however few they are; a single
    value may be below 0.

    Args:
        first, second: float [n, d] and [m, d].

    Raises:
        UserError: with fewer than 10 images on a side.
    """
    _refuse_few(first, second, _LEAST_FOR_KERNEL, "kernel distance")
    n, m = len(first), len(second)
    within = [
        (_kernel_sum(side, side) - _diagonal_sum(side)) / (len(side) * (len(side) - 1))
        for side in (first, second)
    ]
    return float(sum(within) - 2 * _kernel_sum(first, second) / (n * m))


def _kernel_sum(first: np.ndarray, second: np.ndarray) -> float:
    """The sum of the kernel over all pairs, in blocks: a whole matrix may not fit into memory."""
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    total = 0.0
    for start in range(0, len(first), _BLOCK):
        products = first[start : start + _BLOCK] @ second.T
        total += float(((products / first.shape[1] + 1) ** 3).sum())
    return total


def _diagonal_sum(features: np.ndarray) -> float:
    features = np.asarray(features, np.float64)
    squares = (features**2).sum(axis=1)
    return float(((squares / features.shape[1] + 1) ** 3).sum())


def distances(edited: np.ndarray, real: np.ndarray, seed: int, draws: int = 20) -> Distances:
    """Compares edited with real faces, beside what real faces have among themselves.

    Every comparison is of as many images on either side, because the Frechet distance depends on
    their number.

    Args:
        edited: float [n, d], features of edited faces.
        real: float [m, d], features of real faces of the class that the edit aims at, other than
            those that were edited.
        seed: int, of the draws.
        draws: int >= 1, how often the sets are drawn; the mean is taken.

    Raises:
        UserError: with fewer than 10 edited or 20 real faces.
    """
    count = min(len(edited), len(real) // 2)
    if count < _LEAST_FOR_KERNEL:
        raise UserError(
            f"realism needs at least {_LEAST_FOR_KERNEL} edited and {2 * _LEAST_FOR_KERNEL} real "
            f"faces, there are {len(edited)} and {len(real)}; hold out more with --test_per_class"
        )
    random = np.random.default_rng([seed, _HALVES_DRAWS])
    sets = []
    for _ in range(draws):
        order = random.permutation(len(real))
        chosen = random.permutation(len(edited))[:count]
        sets.append((edited[chosen], real[order[:count]], real[order[count : 2 * count]]))
    kernel = [kernel_distance(some, one) for some, one, _ in sets]
    kernel_reference = [kernel_distance(one, other) for _, one, other in sets]
    frechet = frechet_reference = None
    note = ""
    try:
        frechet = float(np.mean([frechet_distance(some, one) for some, one, _ in sets]))
        frechet_reference = float(np.mean([frechet_distance(a, b) for _, a, b in sets]))
    except UserError as error:
        note = error.for_command_line
    return Distances(
        frechet=frechet,
        frechet_reference=frechet_reference,
        kernel=float(np.mean(kernel)),
        kernel_reference=float(np.mean(kernel_reference)),
        kernel_reference_spread=float(np.std(kernel_reference)),
        count=count,
        note=note,
    )


def _refuse_few(first: np.ndarray, second: np.ndarray, least: int, what: str) -> None:
    fewest = min(len(first), len(second))
    if fewest < least:
        raise UserError(
            f"the {what} of {first.shape[1]} features needs at least {least} images on each side, "
            f"there are {fewest}"
        )
