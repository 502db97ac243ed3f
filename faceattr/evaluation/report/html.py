"""Pieces of HTML that a report is made of: numbers with their intervals, pictures, tables.

What is given as text is escaped here. What is called `markup` is HTML already.
"""

import base64
import html
import io
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from PIL import Image

Numbers = Mapping[str, Any]
Unit = Literal["%", "dB", "ratio", ""]
"""`"%"` for shares in [0, 1], `"ratio"` for two digits after the point."""

DASH, TIMES = "\N{EN DASH}", "\N{MULTIPLICATION SIGN}"

_JPEG_QUALITY = 88
_LONGEST = 60


def text(value: object) -> str:
    """Any text, safe between tags and in attributes."""
    return html.escape(str(value), quote=True)


def identifier(*names: str) -> str:
    """Names as one that may stand in a file name or an anchor; not always unique."""
    plain = (re.sub(r"[^A-Za-z0-9_]+", "-", name)[-_LONGEST:].strip("-") for name in names)
    return "-".join(name or "x" for name in plain)


def number(value: float | None, unit: Unit = "") -> str:
    """A number with as many digits as are read; an en dash for None and NaN."""
    if value is None or math.isnan(value):
        return DASH
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


def name_of(value: object) -> str:
    """Markup of a name that may be broken after its underscores, and nowhere else."""
    return text(value).replace("_", "_<wbr>")


def missing(reason: str) -> str:
    """An en dash and why there is no number."""
    return f'<span class="null">{DASH}</span> <small>{text(reason)}</small>'


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
    low, high = (number(found[name], unit) for name in ("low", "high"))
    # The unit once.
    low = low.removesuffix("%").removesuffix(" dB")
    return f"{low} to {high}, {faces(found['count'])}"


def faces(count: int) -> str:
    return f"{count:,} face" if count == 1 else f"{count:,} faces"


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


def face(image: np.ndarray, words: str, kind: str = "") -> str:
    """Markup of a picture of a face: uint8 [s, s, 3]."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "jpeg", quality=_JPEG_QUALITY, optimize=True)
    address = _address("jpeg", buffer.getvalue())
    return (
        f'<img class="{kind}" alt="{text(words)}" width="{image.shape[1]}" '
        f'height="{image.shape[0]}" src="{address}">'
    )


def chart(png: bytes, words: str, kind: str = "chart") -> str:
    """Markup of a figure.

    Args:
        png: the bytes of the file.
        words: what it shows, for those who do not see it.
        kind: `"chart"`, whose colours turn with the page's, or `"picture"`.
    """
    return f'<img class="{kind}" alt="{text(words)}" src="{_address("png", png)}">'


def figure(title: str, markup: str, note: str = "") -> str:
    """A card with a title, and a note below."""
    below = f"<figcaption>{text(note)}</figcaption>" if note else ""
    return f"<figure><h3>{text(title)}</h3>{markup}{below}</figure>"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "") -> str:
    """A table of markup; on a phone each row is a card, whose cells name their heading."""
    head = "".join(f"<th>{text(heading)}</th>" for heading in headings)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td data-name="{text(heading)}">{cell}</td>'
            for heading, cell in zip(headings, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<table class="cells {kind}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def facts(rows: Sequence[tuple[str, str]]) -> str:
    """A list of (name, markup)."""
    lines = "".join(f"<tr><th>{text(name)}</th><td>{markup}</td></tr>" for name, markup in rows)
    return f'<table class="facts"><tbody>{lines}</tbody></table>'


def folded(title: str, markup: str) -> str:
    """What most readers pass over."""
    return f"<details><summary>{text(title)}</summary>{markup}</details>"


def _address(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
