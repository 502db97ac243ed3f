"""What a measure has to show, as plain values: a report makes markup of them, whatever they are."""

import dataclasses

from faceattr.evaluation.measures.intervals import Estimate
from faceattr.pictures.words import Unit

UNKNOWN = "unknown"
"""What the console says of a number that is not known."""

SHARE = (0.0, 1.0)
"""The ends of a line that shares are marked on."""


@dataclasses.dataclass(frozen=True)
class Cell:
    """One value.

    Attributes:
        value: an estimate, which is shown with its interval and its count; a number; or text.
        unit: of the number.
        missing: why it may not be known.
        line: the ends of a line that its place is marked on; None for no line.
        beside: small words behind it.
    """

    value: Estimate | float | str | None
    unit: Unit = ""
    missing: str = "not measured"
    line: tuple[float, float] | None = None
    beside: str = ""


Row = tuple[str, tuple[Cell, ...]]
"""What it is, and its values."""


@dataclasses.dataclass(frozen=True)
class Card:
    """The numbers of one measure of one edit.

    Attributes:
        title: of the card.
        rows: its lines.
        heads: names of the columns, that of the row's name first; empty for a plain list.
        note: below it.
        missing: why there are no rows.
    """

    title: str
    rows: tuple[Row, ...] = ()
    heads: tuple[str, ...] = ()
    note: str = ""
    missing: str = ""
