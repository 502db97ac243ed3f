"""Two methods against each other, over all faces of several edits."""

from collections.abc import Callable, Sequence

import numpy as np

from faceattr.edits import Edit
from faceattr.evaluation.evaluation import Evaluation
from faceattr.evaluation.measures.measured import FaceValues
from faceattr.reproduction import comparisons
from faceattr.reproduction.comparisons import Comparison
from faceattr.reproduction.measures import decibels

# The first subject, the second, and an edit that both make of the same faces.
_Edits = Sequence[tuple[str, str, Edit]]


def compared(
    evaluation: Evaluation,
    edits: _Edits,
    names: tuple[str, str],
    seed: int,
    *,
    gain: bool = False,
    cycle: bool = False,
) -> tuple[Comparison, ...]:
    """Compares who it is and what happens to the rest of the picture, face by face.

    Args:
        evaluation: of both subjects of each edit.
        edits: (first subject, second subject, edit).
        names: what the two methods are called.
        seed: int, of the bootstrap.
        gain: bool. Whether to compare the rise of the target's probability as well.
        cycle: bool. Whether to compare what is left after the opposite edit as well.

    Returns:
        a comparison for each measure; that of who it is only with dlib's models.
    """

    def sides(
        values: Callable[[str, Edit], np.ndarray], of: _Edits = edits
    ) -> tuple[tuple[str, np.ndarray], tuple[str, np.ndarray]]:
        first = np.concatenate([values(subject, edit) for subject, _, edit in of])
        second = np.concatenate([values(subject, edit) for _, subject, edit in of])
        return (names[0], first), (names[1], second)

    def by_face(
        values: Callable[[FaceValues], np.ndarray],
    ) -> tuple[tuple[str, np.ndarray], tuple[str, np.ndarray]]:
        return sides(lambda subject, edit: values(evaluation.by_face[subject, edit]))

    def distances(subject: str, edit: Edit) -> np.ndarray:
        identity = evaluation.metrics.of(subject, edit).identity
        assert identity is not None, "asked only where there are any"
        return identity.distances

    made = []
    known = [each for each in edits if evaluation.metrics.of(each[0], each[2]).identity is not None]
    if known:
        made.append(comparisons.lower("descriptor distance", *sides(distances, known), seed))
    outside = by_face(lambda values: decibels(values.locality.psnr_outside))
    made.append(comparisons.higher("PSNR outside, dB", *outside, seed))
    change = by_face(lambda values: values.locality.mean_change_outside)
    made.append(comparisons.lower("mean change outside", *change, seed))
    if gain:
        rise = by_face(lambda values: values.success.gain)
        made.append(comparisons.higher("rise of the target's probability", *rise, seed))
    if cycle:
        left = by_face(_left_after_cycle)
        made.append(comparisons.lower("mean change after there and back", *left, seed))
    return tuple(made)


def _left_after_cycle(values: FaceValues) -> np.ndarray:
    assert values.cycle is not None, "runs have a way back"
    return values.cycle.l1
