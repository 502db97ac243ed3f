"""Pairs of a known truth: glasses painted onto faces that have none."""

from typing import Any, NamedTuple

from keras import ops

from faceattr.data.synthetic.painted import painted_glasses

_COUNT, _STRIDE = 32, 5  # glasses that are painted, and how far it is from one to the next
_ANYWHERE, _PAINTED = 0.5, 12.0  # weights of a pair's pixels


class PaintedPairs(NamedTuple):
    """Rows of a batch, some of which have a truth.

    Attributes:
        given: float32 [n, s, s, 3] in [-1, 1], the faces to be edited; some wear painted glasses,
            which are to come off.
        truth: the same, what the edited faces should be: the bare face, or, where glasses are to be
            added, the face with painted ones, the same for all.
        cover: float32 [n, s, s, 1] in [0, 1], where the glasses are.
        paired: float32 [n], 1 for the rows that have a truth and else 0.
    """

    given: Any
    truth: Any
    cover: Any
    paired: Any


def painted_pairs(real: Any, classes: Any, edits: Any, adds: int, step: Any) -> PaintedPairs:
    """Paints glasses for the edits of glasses.

    Args:
        real: float32 [n, s, s, 3] in [-1, 1].
        classes: int32 [n], 0 for faces without glasses; those of them whose edit takes glasses off
            get some to take off.
        edits: int32 [n].
        adds: int, the edit that adds glasses; the next one takes them off.
        step: int32, of the training; other glasses come with it.
    """
    glasses = painted_glasses(_COUNT, int(real.shape[1]))
    is_added = ops.equal(edits, adds)
    is_painted = ops.logical_and(ops.equal(edits, adds + 1), ops.equal(classes, 0))
    rows = ops.arange(ops.shape(real)[0], dtype="int32")
    # The first glasses are the ones that are put on.
    chosen = ops.where(is_added, 0, ops.mod(_STRIDE * ops.cast(step, "int32") + rows, _COUNT))
    through, paint, cover = (
        ops.take(ops.convert_to_tensor(each, "float32"), chosen, axis=0)
        for each in (glasses.through, glasses.paint, glasses.cover)
    )
    wearing = ops.clip(through * real + paint, -1.0, 1.0)
    return PaintedPairs(
        given=ops.where(is_painted[:, None, None, None], wearing, real),
        truth=ops.where(is_added[:, None, None, None], wearing, real),
        cover=cover,
        paired=ops.cast(ops.logical_or(is_painted, is_added), "float32"),
    )


def pairs_loss(edited: Any, pairs: PaintedPairs) -> Any:
    """mean |edited - truth| of the paired rows, where they are painted above all; over all rows."""
    weighted = (_ANYWHERE + _PAINTED * pairs.cover) * ops.abs(edited - pairs.truth)
    return ops.mean(pairs.paired * ops.mean(weighted, axis=(1, 2, 3)))
