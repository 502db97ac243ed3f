"""Estimates as HTML: a value, its interval, and where both lie on a line."""

from collections.abc import Mapping, Sequence
from typing import Any

from faceattr.pictures.html import missing
from faceattr.pictures.words import Unit, faces, number, span

Numbers = Mapping[str, Any]

TIMES = "\N{MULTIPLICATION SIGN}"


def estimate(found: Numbers | None, unit: Unit = "", reason: str = "not measured") -> str:
    """Markup of a value, its interval and what it was measured on.

    Args:
        found: the fields of an `Estimate`.
        unit: `"%"` for a share in [0, 1], `"dB"`, or none.
        reason: why it may be missing.
    """
    if found is None or found["value"] is None:
        return missing(reason)
    return f"<b>{number(found['value'], unit)}</b> <small>{interval(found, unit)}</small>"


def interval(found: Numbers, unit: Unit = "") -> str:
    """Such as `86 to 97%, 81 faces`."""
    return f"{span(found['low'], found['high'], unit)}, {faces(found['count'])}"


def mark(
    found: Numbers | None,
    low: float = 0.0,
    high: float = 1.0,
    others: Sequence[tuple[str, float | None]] = (),
) -> str:
    """Markup of a value's place between two bounds, and of its interval.

    Args:
        found: has `value`, and may have `low` and `high`; None for an empty line.
        low, high: float, the ends of the line.
        others: (class, value) of ticks to read it by.
    """

    def place(value: float) -> float:
        return 100 * min(1.0, max(0.0, (value - low) / ((high - low) or 1)))

    parts = [
        f'<i class="tick {kind}" style="left:{place(value):.1f}%"></i>'
        for kind, value in others
        if value is not None
    ]
    if found is not None and found["value"] is not None:
        if found.get("low") is not None and found.get("high") is not None:
            left, right = place(found["low"]), place(found["high"])
            parts.insert(
                0, f'<i class="band" style="left:{left:.1f}%;width:{right - left:.1f}%"></i>'
            )
        parts.append(f'<i class="dot" style="left:{place(found["value"]):.1f}%"></i>')
    return f'<span class="mark" aria-hidden="true">{"".join(parts)}</span>'
