"""Two methods against each other, over all faces of several edits."""

from collections.abc import Callable, Sequence

import numpy as np

from faceattr.evaluation.evaluate import Evaluation
from faceattr.reproduction import comparisons, measures
from faceattr.reproduction.comparisons import Comparison

# The first subject, the second, and an edit that both make of the same faces.
_Edits = Sequence[tuple[str, str, str]]


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
    made = []
    known = [
        edit
        for edit in edits
        if measures.identity_distances(evaluation, edit[0], edit[2]) is not None
    ]
    if known:
        sides = _sides(known, names, lambda *of: _distances(evaluation, *of))
        made.append(comparisons.lower("descriptor distance", *sides, seed))
    for what, measure, better in (
        ("PSNR outside, dB", "psnr_outside", comparisons.higher),
        ("mean change outside", "mean_change_outside", comparisons.lower),
    ):
        made.append(better(what, *_sides(edits, names, _of(evaluation, measure)), seed))
    if gain:
        sides = _sides(edits, names, lambda *of: measures.gains(evaluation, *of))
        made.append(comparisons.higher("rise of the target's probability", *sides, seed))
    if cycle:
        sides = _sides(edits, names, _of(evaluation, "cycle_l1"))
        made.append(comparisons.lower("mean change after there and back", *sides, seed))
    return tuple(made)


def _of(evaluation: Evaluation, measure: str) -> Callable[[str, str], np.ndarray]:
    return lambda subject, edit: measures.by_face(evaluation, subject, edit, measure)


def _distances(evaluation: Evaluation, subject: str, edit: str) -> np.ndarray:
    found = measures.identity_distances(evaluation, subject, edit)
    assert found is not None, "asked only where there are any"
    return found


def _sides(
    edits: _Edits, names: tuple[str, str], values: Callable[[str, str], np.ndarray]
) -> tuple[tuple[str, np.ndarray], tuple[str, np.ndarray]]:
    first = np.concatenate([values(subject, edit) for subject, _, edit in edits])
    second = np.concatenate([values(subject, edit) for _, subject, edit in edits])
    return (names[0], first), (names[1], second)
