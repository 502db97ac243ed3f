"""Numbers as a person reads them, the same on every page, in every table and on the console."""

import math
from collections.abc import Sequence
from typing import Literal

Unit = Literal["%", "dB", "ratio", ""]
"""`"%"` for shares in [0, 1], `"ratio"` for two digits after the point."""

DASH, EN_DASH = "-", "\N{EN DASH}"


def number(value: float | None, unit: Unit = "", missing: str = EN_DASH) -> str:
    """A number with as many digits as are read; `missing` for None and NaN."""
    if value is None or math.isnan(value):
        return missing
    if math.isinf(value):
        return "∞" + (f" {unit}" if unit else "")
    if unit == "%":
        return f"{100 * value:.0f}%"
    if unit == "dB":
        return f"{value:.1f} dB"
    if unit == "ratio":
        return f"{value:.2f}"
    if value and abs(value) < 1e-3:
        return f"{value:.1e}"
    return f"{value:.3g}"


def span(low: float | None, high: float | None, unit: Unit = "", missing: str = EN_DASH) -> str:
    """An interval with its unit once, such as `86 to 97%`."""
    first = number(low, unit, missing).removesuffix("%").removesuffix(" dB")
    return f"{first} to {number(high, unit, missing)}"


def faces(count: int) -> str:
    """Such as `1 face` or `2,400 faces`."""
    return f"{count:,} face" if count == 1 else f"{count:,} faces"


def listed(words: Sequence[str]) -> str:
    """Such as `a`, `a and b` or `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def fixed(value: float | None, digits: int = 2) -> str:
    """A number with so many digits after the point, for a column; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return DASH
    return f"{round(value, digits) + 0.0:.{digits}f}"  # not -0.00


def percent(value: float | None, digits: int = 0) -> str:
    """A share in percents, for a column; a dash where there is none."""
    return DASH if value is None or not math.isfinite(value) else f"{value:.{digits}%}"


def interval(
    value: float | None,
    low: float | None,
    high: float | None,
    digits: int = 2,
    scale: float = 1,
) -> str:
    """A value and its interval, for a column, such as `0.50 (0.25 to 0.75)`."""
    if value is None or low is None or high is None or not math.isfinite(value):
        return DASH
    first, second, third = (fixed(scale * each, digits) for each in (value, low, high))
    return f"{first} ({second} to {third})"


def short(value: float) -> str:
    """Three digits, with k, M or G for thousands, millions and more."""
    if not math.isfinite(value):
        return DASH
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 0.9995 * size:
            return f"{float(f'{value / size:.3g}'):.10g}{suffix}"
    return f"{float(f'{value:.3g}'):.10g}"


def figures(value: float) -> str:
    """At least three significant figures, and all before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def memory(count: int) -> str:
    """So many bytes, such as `12.5 MiB` or `1.25 GiB`."""
    return f"{count / 2**30:,.2f} GiB" if count >= 2**30 else f"{count / 2**20:,.1f} MiB"


def duration(seconds: float | None) -> str:
    """Such as `40 s`, `12 min`, `3 h 20 min` or `2 d 4 h`; a dash where it is not known."""
    if seconds is None:
        return DASH
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} d {hours % 24} h"
