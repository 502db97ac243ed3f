"""Estimates, cells and cards as HTML: a value, its interval, and where both lie on a line."""

import math
from collections.abc import Sequence

from faceattr.evaluation.measures.cells import SHARE, Card, Cell
from faceattr.evaluation.measures.intervals import Estimate
from faceattr.pictures.html import facts, figure, missing, table, text
from faceattr.pictures.words import Unit, faces, number, span

TIMES = "\N{MULTIPLICATION SIGN}"


def estimate(found: Estimate | None, unit: Unit = "", reason: str = "not measured") -> str:
    """Markup of a value, its interval and what it was measured on.

    Args:
        found: the estimate.
        unit: `"%"` for a share in [0, 1], `"dB"`, or none.
        reason: why it may be missing.
    """
    if found is None or math.isnan(found.value):
        return missing(reason)
    return f"<b>{number(found.value, unit)}</b> <small>{interval(found, unit)}</small>"


def interval(found: Estimate, unit: Unit = "") -> str:
    """Such as `86 to 97%, 81 faces`."""
    return f"{span(found.low, found.high, unit)}, {faces(found.count)}"


def mark(
    found: Estimate | float | None,
    line: tuple[float, float] = SHARE,
    others: Sequence[tuple[str, float | None]] = (),
) -> str:
    """Markup of a value's place between two bounds, and of its interval.

    Args:
        found: an estimate, or a value without an interval; None for an empty line.
        line: the ends of the line.
        others: (class, value) of ticks to read it by.
    """
    low, high = line

    def place(value: float) -> float:
        return 100 * min(1.0, max(0.0, (value - low) / ((high - low) or 1)))

    parts = [
        f'<i class="tick {kind}" style="left:{place(value):.1f}%"></i>'
        for kind, value in others
        if value is not None and not math.isnan(value)
    ]
    value = found.value if isinstance(found, Estimate) else found
    if value is not None and not math.isnan(value):
        if isinstance(found, Estimate) and not math.isnan(found.low + found.high):
            left, right = place(found.low), place(found.high)
            parts.insert(
                0, f'<i class="band" style="left:{left:.1f}%;width:{right - left:.1f}%"></i>'
            )
        parts.append(f'<i class="dot" style="left:{place(value):.1f}%"></i>')
    return f'<span class="mark" aria-hidden="true">{"".join(parts)}</span>'


def cell(one: Cell) -> str:
    """Markup of what a measure has to show."""
    value = one.value
    if isinstance(value, str):
        shown = f"<b>{text(value)}</b>" if one.beside else text(value)
    elif isinstance(value, Estimate) or value is None:
        shown = estimate(value, one.unit, one.missing)
        if one.line is not None:
            shown += mark(value, one.line)
    else:
        shown = f"<b>{number(value, one.unit)}</b>"
    return f"{shown} <small>{text(one.beside)}</small>" if one.beside else shown


def card(one: Card) -> str:
    """Markup of the numbers of one measure, or of why there are none."""
    rows = [(name, [cell(each) for each in cells]) for name, cells in one.rows]
    if one.missing:
        markup = missing(one.missing)
    elif one.heads:
        markup = table(one.heads, [[text(name), *cells] for name, cells in rows], "small")
    else:
        markup = facts([(name, " ".join(cells)) for name, cells in rows])
    return figure(one.title, markup, one.note)
