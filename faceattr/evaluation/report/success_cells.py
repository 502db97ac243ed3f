"""Success, and what it may not be shown without.

A network can learn the cheapest pixels that fool a classifier, so its share of faces classed as
the target says little alone. Whatever shows success gets it from here, and here there is no
success without the judge's own mistakes, the no-op ratio, realism, and faces that nobody chose.
"""

import dataclasses

import numpy as np

from faceattr.evaluation.report.html import TIMES, Numbers, estimate, mark
from faceattr.pictures.html import face, missing
from faceattr.pictures.words import EN_DASH, faces, number

_THUMBNAILS = 3


@dataclasses.dataclass(frozen=True, eq=False)
class Company:
    """What success is read beside.

    Attributes:
        judge: the fields of the judge's `ColumnScore` of the edited attribute.
        to_positive: bool, whether the edit adds the attribute.
        no_op: the fields of `NoOp`.
        realism: the fields of `Realism`, or a str: why there is none.
        unedited: the same of the unedited faces, or None.
        images, edited: uint8 [k, s, s, 3], faces drawn by the seed, and their edits; k >= 1.

    Raises:
        ValueError: if one of them is missing.
    """

    judge: Numbers
    to_positive: bool
    no_op: Numbers
    realism: Numbers | str
    unedited: Numbers | None
    images: np.ndarray
    edited: np.ndarray

    def __post_init__(self) -> None:
        for name in ("judge", "no_op", "realism", "images"):
            value = getattr(self, name)
            if value is None or len(value) == 0:
                raise ValueError(f"success is not shown without {name.replace('_', '-')}")
        if len(self.images) != len(self.edited):
            raise ValueError("success is not shown without the edits of the random faces")

    @property
    def ceiling(self) -> float | None:
        """The judge's own recall of what the edit aims at."""
        return self.judge["recall_positive" if self.to_positive else "recall_negative"]

    @property
    def line(self) -> str:
        """All of it but the faces, in one line of plain text."""
        return (
            f"read beside: judge's recall {number(self.ceiling, '%')}, "
            f"no-op ratio {number(self.no_op['ratio'], 'ratio')}, realism {self._realism_words()}"
        )

    def _realism_words(self) -> str:
        if isinstance(self.realism, str):
            return f"{EN_DASH} ({self.realism})"
        words, _, _ = _realism(self.realism, self.unedited)
        return words


def success_cells(success: Numbers, company: Company) -> list[tuple[str, str]]:
    """Success with its company: (heading, markup), in the order in which they are shown.

    Args:
        success: the fields of `Success`.
        company: what it is read beside.
    """
    before = success["before"]
    others = [("soft", before["value"]), ("line", company.ceiling)]
    without = "" if before["value"] is None else f"unedited {number(before['value'], '%')}"
    edited = success["edited"]
    return [
        ("random faces", _thumbnails(company)),
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


def _judge(company: Company) -> str:
    judge = company.judge
    return (
        f"<b>{number(judge['recall_positive'], '%')}</b> "
        f"<small>of {faces(judge['positives'])} with it</small><br>"
        f"<b>{number(judge['recall_negative'], '%')}</b> "
        f"<small>of {faces(judge['negatives'])} without</small>"
    )


def _no_op(no_op: Numbers) -> str:
    needless, needed = no_op["needless"], no_op["needed"]
    if no_op["ratio"] is None:
        return missing("nothing changes at all")
    return (
        f"<b>{number(no_op['ratio'], 'ratio')}</b>{mark({'value': no_op['ratio']})}"
        f"<small>mean |r| {number(needless['value'])} of {faces(needless['count'])} that already "
        f"are so, {number(needed['value'])} of {needed['count']:,} that are not</small>"
    )


def _realism_cell(company: Company) -> str:
    if isinstance(company.realism, str):
        return missing(company.realism)
    _, values, markup = _realism(company.realism, company.unedited)
    most = max([1e-9, *(value for value in values if value is not None)])
    edited, unedited, halves = values
    place = mark({"value": edited}, 0, most, [("soft", unedited), ("green", halves)])
    return f"{markup[0]}{place}<small>{markup[1]}, {faces(company.realism['count'])}</small>"


def _realism(
    found: Numbers, unedited: Numbers | None
) -> tuple[str, tuple[float | None, float | None, float], tuple[str, str]]:
    """Words; the edited, unedited and reference distances; the large and the small markup.

    A Frechet distance is above 0 between any two sets: it is a multiple of that between real
    halves. The kernel distance of real halves is 0 but for chance: a multiple of it says nothing.
    """
    if found["frechet"] is not None:
        reference = found["frechet_reference"]
        before = None if unedited is None else unedited["frechet"]
        times = f"{number(found['frechet'] / reference, 'ratio')}{TIMES}"
        small = "of two real halves' distance"
        if before is not None:
            small += f"; unedited {number(before / reference, 'ratio')}{TIMES}"
        words = f"{times} {small}"
        return words, (found["frechet"], before, reference), (f"<b>{times}</b>", small)
    before = None if unedited is None else unedited["kernel"]
    value, reference = number(found["kernel"]), found["kernel_reference"]
    small = (
        f"kernel distance; two real halves {number(reference)} ± "
        f"{number(found['kernel_reference_spread'])}"
    )
    if before is not None:
        small += f"; unedited {number(before)}"
    return f"{value} {small}", (found["kernel"], before, reference), (f"<b>{value}</b>", small)
