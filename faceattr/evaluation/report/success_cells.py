"""Success, and what it may not be shown without.

A network can learn the cheapest pixels that fool a classifier, so its share of faces classed as
the target says little alone. Whatever shows success gets it from here, and here there is no
success without how far the edit comes by outside judges, how often its faces are told from real
ones, the judge's own mistakes, the no-op ratio, realism, and faces that nobody chose.
"""

import dataclasses
import math

import numpy as np

from faceattr.evaluation.judge.scores import ColumnScore
from faceattr.evaluation.measures import how_far
from faceattr.evaluation.measures.how_far import HowFar
from faceattr.evaluation.measures.no_op import NoOp
from faceattr.evaluation.measures.realism import Realism
from faceattr.evaluation.measures.success import Success
from faceattr.evaluation.measures.told_apart import LINE, ToldApart
from faceattr.evaluation.report.html import TIMES, cell, estimate, mark
from faceattr.pictures.html import face, missing
from faceattr.pictures.words import EN_DASH, faces, number

_THUMBNAILS = 3


@dataclasses.dataclass(frozen=True, eq=False)
class Company:
    """What success is read beside.

    Attributes:
        judge: its score of the edited attribute.
        adds: bool, whether the edit adds the attribute.
        no_op: what it does where it is not needed.
        how_far: how far it comes by outside judges, or a str: why that is not known.
        realism: how real its faces look, or a str: why that is not known.
        told_apart: how often its faces are told from real ones, or a str likewise.
        images, edited: uint8 [k, s, s, 3], faces drawn by the seed, and their edits; k >= 1.

    Raises:
        ValueError: if one of them is missing.
    """

    judge: ColumnScore | None
    adds: bool
    no_op: NoOp
    how_far: HowFar | str
    realism: Realism | str
    told_apart: ToldApart | str
    images: np.ndarray
    edited: np.ndarray

    def __post_init__(self) -> None:
        for name in ("judge", "no_op", "how_far", "realism", "told_apart", "images"):
            value = getattr(self, name)
            if value is None or (isinstance(value, str | np.ndarray) and not len(value)):
                raise ValueError(f"success is not shown without {name.replace('_', '-')}")
        if len(self.images) != len(self.edited):
            raise ValueError("success is not shown without the edits of the random faces")

    @property
    def ceiling(self) -> float:
        """The judge's own recall of what the edit aims at."""
        assert self.judge is not None, "checked when made"
        return self.judge.recall_positive if self.adds else self.judge.recall_negative

    @property
    def line(self) -> str:
        """All of it but the faces, in one line of plain text."""
        return (
            f"read beside: judge's recall {number(self.ceiling, '%')}, "
            f"no-op ratio {number(self.no_op.ratio, 'ratio')}, realism {self._realism_words()}"
        )

    def _realism_words(self) -> str:
        if isinstance(self.realism, str):
            return f"{EN_DASH} ({self.realism})"
        words, _, _ = _realism(self.realism)
        return words


def success_cells(success: Success, company: Company) -> list[tuple[str, str]]:
    """Success with its company: (heading, markup), in the order in which they are shown.

    Args:
        success: of the edit.
        company: what it is read beside.
    """
    before, edited = success.before.value, success.edited
    others = [("soft", before), ("line", company.ceiling)]
    without = "" if math.isnan(before) else f"unedited {number(before, '%')}"
    return [
        ("random faces", _thumbnails(company)),
        ("how far", _how_far(company.how_far)),
        ("told apart", _told_apart(company.told_apart)),
        (
            "success",
            f"{estimate(edited, '%')}{mark(edited, others=others)}<small>{without}</small>",
        ),
        ("judge's recall", _judge(company)),
        ("no-op ratio", _no_op(company.no_op)),
        ("realism", _realism_cell(company)),
    ]


def _thumbnails(company: Company) -> str:
    pairs = zip(company.images[:_THUMBNAILS], company.edited[:_THUMBNAILS], strict=True)
    return (
        '<span class="thumbs">'
        + "".join(
            f"<span>{face(image, 'input')}{face(edited, 'edited')}</span>"
            for image, edited in pairs
        )
        + "</span>"
    )


def _how_far(found: HowFar | str) -> str:
    return missing(found) if isinstance(found, str) else cell(how_far.shown(found))


def _told_apart(found: ToldApart | str) -> str:
    if isinstance(found, str):
        return missing(found)
    unedited, real = found.unedited.value, found.real.value
    others = [("soft", unedited), ("green", real)]
    return (
        f"{estimate(found.edited, '%')}{mark(found.edited, LINE, others)}"
        f"<small>unedited {number(unedited, '%')}, real ones {number(real, '%')}</small>"
    )


def _judge(company: Company) -> str:
    judge = company.judge
    assert judge is not None, "checked when made"
    return (
        f"<b>{number(judge.recall_positive, '%')}</b> "
        f"<small>of {faces(judge.positives)} with it</small><br>"
        f"<b>{number(judge.recall_negative, '%')}</b> "
        f"<small>of {faces(judge.negatives)} without</small>"
    )


def _no_op(no_op: NoOp) -> str:
    needless, needed = no_op.needless, no_op.needed
    if math.isnan(no_op.ratio):
        return missing("nothing changes at all")
    return (
        f"<b>{number(no_op.ratio, 'ratio')}</b>{mark(no_op.ratio)}"
        f"<small>mean |r| {number(needless.value)} of {faces(needless.count)} that already "
        f"are so, {number(needed.value)} of {needed.count:,} that are not</small>"
    )


def _realism_cell(company: Company) -> str:
    if isinstance(company.realism, str):
        return missing(company.realism)
    _, values, markup = _realism(company.realism)
    most = max([1e-9, *(value for value in values if value is not None)])
    edited, unedited, halves = values
    place = mark(edited, (0, most), [("soft", unedited), ("green", halves)])
    return f"{markup[0]}{place}<small>{markup[1]}, {faces(company.realism.edited.count)}</small>"


def _realism(
    found: Realism,
) -> tuple[str, tuple[float, float | None, float], tuple[str, str]]:
    """Words; the edited, unedited and reference distances; the large and the small markup.

    A Frechet distance is above 0 between any two sets: it is a multiple of that between real
    halves. The kernel distance of real halves is 0 but for chance: a multiple of it says nothing.
    """
    edited, unedited = found.edited, found.unedited
    if edited.frechet is not None and edited.frechet_reference is not None:
        reference = edited.frechet_reference
        times = f"{number(edited.frechet / reference, 'ratio')}{TIMES}"
        small = "of two real halves' distance"
        if unedited.frechet is not None:
            small += f"; unedited {number(unedited.frechet / reference, 'ratio')}{TIMES}"
        values = (edited.frechet, unedited.frechet, reference)
        return f"{times} {small}", values, (f"<b>{times}</b>", small)
    value = number(edited.kernel)
    small = (
        f"kernel distance; two real halves {number(edited.kernel_reference)} ± "
        f"{number(edited.kernel_reference_spread)}; unedited {number(unedited.kernel)}"
    )
    values = (edited.kernel, unedited.kernel, edited.kernel_reference)
    return f"{value} {small}", values, (f"<b>{value}</b>", small)
