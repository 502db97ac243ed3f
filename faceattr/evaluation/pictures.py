"""EditPictures: the faces of one edit as a report shows them, those drawn and those chosen."""

import dataclasses

import numpy as np

from faceattr.evaluation.subjects.edit_case import EditCase

# Keeps these draws apart from other draws of the same seed.
_PICTURE_DRAWS = 0x91C7
_SHOWN = 16


@dataclasses.dataclass(frozen=True, eq=False)
class EditPictures:
    """Faces before and after one edit.

    Attributes:
        images: uint8 [n, s, s, 3], faces that lack what the edit is to bring about.
        edited: uint8 [n, s, s, 3].
        residual: float32 [n, s, s, 3].
        needless_images, needless_edited: uint8 [m, s, s, 3], faces that have it already.
        truth: uint8 [n, s, s, 3], true counterfactuals; None for photographs.
        random: int64 [k], places of faces that are drawn by the seed, not chosen.
        worst: int64 [k], places of those that the judge finds least like the target after the
            edit, the worst first.
    """

    images: np.ndarray
    edited: np.ndarray
    residual: np.ndarray
    needless_images: np.ndarray
    needless_edited: np.ndarray
    random: np.ndarray
    worst: np.ndarray
    truth: np.ndarray | None = None


def pictures_of(case: EditCase, seed: int, most: int | None = None) -> EditPictures:
    """The faces of an edit, or some of them where all would fill the memory.

    Args:
        case: the edit.
        seed: int, of the draw.
        most: int, how many faces of a class are kept, and at least those that are shown; None
            for all.
    """
    order = np.random.default_rng([seed, _PICTURE_DRAWS]).permutation(len(case.needed))
    _, after = case.probabilities
    worst = np.argsort(after if case.edit.adds else 1 - after, kind="stable")[:_SHOWN]
    kept = np.arange(len(order))
    needless = slice(None)
    if most is not None:
        kept = np.union1d(order[: max(most, _SHOWN)], worst)
        needless = slice(max(most, _SHOWN))
    place = np.full(len(order), -1)
    place[kept] = np.arange(len(kept))
    truth = case.truth()
    return EditPictures(
        images=case.needed.images[kept],
        edited=case.edited.images[kept],
        residual=case.residual[kept],
        needless_images=case.needless.images[needless],
        needless_edited=case.needless_edited.images[needless],
        truth=None if truth is None else truth[kept],
        random=place[order[:_SHOWN]],
        worst=place[worst],
    )
