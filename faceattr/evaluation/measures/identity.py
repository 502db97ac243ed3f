"""Whether an edited face is still the same person."""

import dataclasses
from collections.abc import Callable

import numpy as np

from faceattr.evaluation.judge.face_models import SAME_PERSON, FaceDescriptions, FaceModels
from faceattr.evaluation.measures import intervals
from faceattr.evaluation.measures.cells import SHARE, UNKNOWN, Card, Cell
from faceattr.evaluation.measures.intervals import Estimate
from faceattr.evaluation.measures.measure import Measure
from faceattr.evaluation.subjects.edit_case import EditCase
from faceattr.pictures.words import faces, number

# Keeps these draws apart from other draws of the same seed.
_PAIR_DRAWS = 0x1DE7


@dataclasses.dataclass(frozen=True, eq=False)
class FaceIdentity:
    """Who is seen in the few faces of an edit, before and after it."""

    before: FaceDescriptions
    after: FaceDescriptions


@dataclasses.dataclass(frozen=True, eq=False)
class Identity:
    """How far an edit moves faces from themselves.

    Attributes:
        median, mean: of the distances.
        kept: share of the faces whose edit is taken for the same person.
        not_found_before, not_found_after: int, faces that the detector does not see; their
            distances count all the same, at the place where the face must be.
        distances: float64 [n], between the descriptors of a face and of its edit.
    """

    median: float
    mean: Estimate
    kept: Estimate
    not_found_before: int
    not_found_after: int
    distances: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of photographs.

    Attributes:
        distances: float64 [k], between their descriptors.
        share: of the pairs that are told right, by the threshold.
    """

    distances: np.ndarray
    share: Estimate


@dataclasses.dataclass(frozen=True, eq=False)
class IdentityReference:
    """What distances real photographs have, to read `Identity` by.

    Attributes:
        same: two photographs of one person.
        different: photographs of two persons.
        threshold: float, nearer is taken for one person.
        source: str, of the photographs.
    """

    same: Pairs
    different: Pairs
    threshold: float = SAME_PERSON
    source: str = ""


def compute(case: EditCase) -> FaceIdentity:
    """Asks dlib's models about the few faces, and their edits.

    Raises:
        MissingExtra: without these models.
    """
    return FaceIdentity(case.needed.descriptions, case.edited.descriptions)


def summarise(found: FaceIdentity, seed: int) -> Identity:
    """Compares each face with its edit."""
    distances = descriptor_distances(found.before.descriptors, found.after.descriptors)
    return Identity(
        median=float(np.median(distances)),
        mean=intervals.mean(distances, seed),
        kept=intervals.share(distances < SAME_PERSON),
        not_found_before=int((~found.before.found).sum()),
        not_found_after=int((~found.after.found).sum()),
        distances=distances,
    )


IDENTITY = Measure("identity", compute, summarise)


def card(found: Identity) -> Card:
    """Its numbers."""
    asked = f"after the edit, of {faces(len(found.distances))}"
    return Card(
        "Identity",
        (
            ("still the same person", (Cell(found.kept, "%", line=SHARE),)),
            ("mean distance", (Cell(found.mean),)),
            ("median distance", (Cell(found.median),)),
            (
                "no face found",
                (
                    Cell(str(found.not_found_before), beside="before"),
                    Cell(str(found.not_found_after), beside=asked),
                ),
            ),
        ),
    )


def summary(found: Identity | None, reason: str) -> tuple[str, Cell]:
    """Its cell in the table of all edits, or why there is none."""
    kept = None if found is None else found.kept
    return "identity kept", Cell(kept, "%", reason, line=SHARE)


def said(found: Identity) -> str:
    """Its words on the console."""
    return f"{number(found.kept.value, '%', UNKNOWN)} taken for the same person"


def identity_reference(
    models: FaceModels,
    crops: Callable[[np.ndarray], np.ndarray],
    identities: np.ndarray,
    pairs: int,
    seed: int,
    source: str = "",
) -> IdentityReference:
    """Measures the models themselves, on real faces whose persons are known.

    Args:
        models: dlib's models.
        crops: int64 [k] indices to uint8 [k, s, s, 3], face crops in CelebA's frame.
        identities: int64 [n], the same number for the same person, -1 unknown.
        pairs: int >= 1, the most pairs of either kind.
        seed: int, of the draws.
        source: str, of the faces.
    """
    same, different = person_pairs(identities, pairs, seed)
    used, place = np.unique(np.concatenate([same, different]), return_inverse=True)
    found = models.descriptors(crops(used))
    place = place.reshape(-1, 2)
    distances = descriptor_distances(found[place[:, 0]], found[place[:, 1]])
    near = distances < SAME_PERSON
    return IdentityReference(
        same=Pairs(distances[: len(same)], intervals.share(near[: len(same)])),
        different=Pairs(distances[len(same) :], intervals.share(~near[len(same) :])),
        source=source,
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
