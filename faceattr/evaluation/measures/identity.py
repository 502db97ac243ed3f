"""Whether an edited face is still the same person."""

import dataclasses
from collections.abc import Callable

import numpy as np

from faceattr.evaluation.judge.face_models import FaceModels
from faceattr.evaluation.measures import intervals
from faceattr.evaluation.measures.intervals import Estimate

SAME_PERSON = 0.6
"""Descriptors nearer than this are taken for one person; dlib's own threshold."""

# Keeps these draws apart from other draws of the same seed.
_PAIR_DRAWS = 0x1DE7


@dataclasses.dataclass(frozen=True, eq=False)
class FaceDescriptions:
    """Who is seen in images.

    Attributes:
        descriptors: float64 [n, DESCRIPTOR], see `FaceModels.descriptors`.
        found: bool [n], whether the detector sees a face.
    """

    descriptors: np.ndarray
    found: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Identity:
    """How far an edit moves faces from themselves.

    Attributes:
        distances: float64 [n], between the descriptors of a face and of its edit.
        kept: share of the faces whose edit is taken for the same person.
        not_found_before, not_found_after: int, faces that the detector does not see; their
            distances count all the same, at the place where the face must be.
    """

    distances: np.ndarray
    kept: Estimate
    not_found_before: int
    not_found_after: int


@dataclasses.dataclass(frozen=True, eq=False)
class IdentityReference:
    """What distances real photographs have, to read `Identity` by.

    Attributes:
        same: float64 [k], between two photographs of one person.
        different: float64 [m], between photographs of two persons.
        taken_for_same: share of `same` within the threshold.
        taken_for_different: share of `different` beyond it.
    """

    same: np.ndarray
    different: np.ndarray
    taken_for_same: Estimate
    taken_for_different: Estimate


def describe(models: FaceModels, images: np.ndarray) -> FaceDescriptions:
    """Asks dlib's models who is seen; a face takes about a fifth of a second on one CPU core.

    Args:
        models: dlib's models.
        images: uint8 [n, s, s, 3], face crops in CelebA's frame.
    """
    return FaceDescriptions(models.descriptors(images), models.finds_face(images))


def identity_change(before: FaceDescriptions, after: FaceDescriptions) -> Identity:
    """Compares each face with its edit."""
    distances = descriptor_distances(before.descriptors, after.descriptors)
    return Identity(
        distances=distances,
        kept=intervals.share(distances < SAME_PERSON),
        not_found_before=int((~before.found).sum()),
        not_found_after=int((~after.found).sum()),
    )


def identity_reference(
    models: FaceModels,
    crops: Callable[[np.ndarray], np.ndarray],
    identities: np.ndarray,
    pairs: int,
    seed: int,
) -> IdentityReference:
    """Measures the models themselves, on real faces whose persons are known.

    Args:
        models: dlib's models.
        crops: int64 [k] indices to uint8 [k, s, s, 3], face crops in CelebA's frame.
        identities: int64 [n], the same number for the same person, -1 unknown.
        pairs: int >= 1, the most pairs of either kind.
        seed: int, of the draws.
    """
    same, different = person_pairs(identities, pairs, seed)
    used, place = np.unique(np.concatenate([same, different]), return_inverse=True)
    found = models.descriptors(crops(used))
    place = place.reshape(-1, 2)
    distances = descriptor_distances(found[place[:, 0]], found[place[:, 1]])
    near = distances < SAME_PERSON
    return IdentityReference(
        same=distances[: len(same)],
        different=distances[len(same) :],
        taken_for_same=intervals.share(near[: len(same)]),
        taken_for_different=intervals.share(~near[len(same) :]),
    )


def descriptor_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Euclidean distances of descriptors, row by row: float64 [n]."""
    return np.linalg.norm(first - second, axis=-1)


def person_pairs(identities: np.ndarray, pairs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws pairs of images: of one person, and of two.

    Args:
        identities: int64 [n], -1 unknown.
        pairs: int >= 1, the most of either kind.
        seed: int.

    Returns:
        (same, different), indices int64 [k, 2] and [m, 2], at most one pair of a person in `same`.
    """
    random = np.random.default_rng([seed, _PAIR_DRAWS])
    order = random.permutation(np.flatnonzero(identities >= 0))
    by_person: dict[int, list[int]] = {}
    for index in order.tolist():
        by_person.setdefault(int(identities[index]), []).append(index)
    same = [images[:2] for images in by_person.values() if len(images) > 1]
    alone = [images[0] for images in by_person.values()]
    different = list(zip(alone[0::2], alone[1::2], strict=False))
    return (
        np.array(same[:pairs], np.int64).reshape(-1, 2),
        np.array(different[:pairs], np.int64).reshape(-1, 2),
    )
