"""Curves as SVG: what `live.html` draws of a run's rows."""

import dataclasses
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from faceattr.models.family import Term
from faceattr.pictures.html import text
from faceattr.pictures.words import short

MOST_POINTS = 500
"""Points of a curve; a longer training's rows are averaged to so many."""


# Below so many points a curve is shown as it is.
_SMOOTHED_FROM = 30

Row = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Chart:
    title: str
    terms: tuple[tuple[str, str], ...]  # (term, what the page calls it)
    percent: bool = False  # of values from 0 to 1


def charts_of(terms: Sequence[Term]) -> list[Chart]:
    """The charts that terms ask for, in the order of their first terms.

    A term that names no chart has none here: it is drawn by itself where it is not always 0.
    """
    drawn: dict[str, list[Term]] = {}
    for term in terms:
        if term.chart:
            drawn.setdefault(term.chart, []).append(term)
    return [
        Chart(title, tuple((term.name, term.label) for term in group), group[0].percent)
        for title, group in drawn.items()
    ]


# The inside of a chart's plot, in units of its viewBox.
_WIDTH, _HEIGHT = 560, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 550, 10, 214


def chart_figure(chart: Chart, rows: Sequence[Row]) -> str:
    """A figure: legend with the newest values, axes, and a curve for each term in the rows."""
    scale = 100 if chart.percent else 1
    curves = {
        term: [scale * as_number(row.get(term)) for row in rows]
        for term, _ in chart.terms
        if any(math.isfinite(as_number(row.get(term))) for row in rows)
    }
    heading = f"<h3>{text(chart.title)}<em></em></h3>"
    if not curves:
        return f'<figure>{heading}<p class="none">nothing measured yet</p></figure>'
    unit = "%" if chart.percent else ""
    steps = [int(row["step"]) for row in rows]
    last = max(1, steps[-1])
    y_ticks = _ticks(0, 100) if chart.percent else _ticks(*_limits(curves.values()))
    x_ticks = [tick for tick in _ticks(0, last) if tick <= last and tick == int(tick)]

    def x(step: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * step / last

    def y(value: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * (value - y_ticks[0]) / (y_ticks[-1] - y_ticks[0])

    axes = "".join(
        f'<path class="grid" d="M{_LEFT} {y(tick):.1f}H{_RIGHT}"/>'
        f'<text x="{_LEFT - 7}" y="{y(tick) + 4:.1f}" text-anchor="end">{short(tick)}{unit}</text>'
        for tick in y_ticks
    ) + "".join(
        f'<text x="{x(tick):.1f}" y="{_BOTTOM + 18}" text-anchor="middle">{short(tick)}</text>'
        for tick in x_ticks
    )
    lines = legend = ""
    for number, (term, label) in enumerate(chart.terms):
        if term not in curves:
            continue
        values = curves[term]
        smoothed = smooth(values)
        if smoothed is not values:
            lines += f'<path class="raw c{number}" d="{_path(steps, values, x, y)}"/>'
        lines += f'<path class="curve c{number}" d="{_path(steps, smoothed, x, y)}"/>'
        if math.isfinite(smoothed[-1]):
            lines += f'<circle class="c{number}" cx="{_RIGHT}" cy="{y(smoothed[-1]):.1f}" r="3.5"/>'
        legend += (
            f'<span><i class="c{number}"></i>{text(label)} <b>{short(values[-1])}{unit}</b></span>'
        )
    data = {
        "unit": unit,
        "steps": steps,
        "values": [[_rounded(value) for value in values] for values in curves.values()],
    }
    return (
        f'<figure>{heading}<div class="legend">{legend}</div>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{text(chart.title)}" '
        f'data-left="{_LEFT}" data-right="{_RIGHT}" data-width="{_WIDTH}">{axes}'
        f'<svg x="{_LEFT}" y="{_TOP - 4}" width="{_RIGHT - _LEFT + 4}" '
        f'height="{_BOTTOM - _TOP + 8}" viewBox="{_LEFT} {_TOP - 4} {_RIGHT - _LEFT + 4} '
        f'{_BOTTOM - _TOP + 8}">{lines}</svg>'
        f'<path class="cursor" d="M0 {_TOP}V{_BOTTOM}"/></svg>'
        f'<script type="application/json">{json.dumps(data)}</script></figure>'
    )


def _path(
    steps: Sequence[int],
    values: Sequence[float],
    x: Callable[[float], float],
    y: Callable[[float], float],
) -> str:
    """A line through the finite values; the others leave gaps in it."""
    parts = []
    drawing = False
    for step, value in zip(steps, values, strict=True):
        if math.isfinite(value):
            point = f"{x(step):.1f} {y(value):.1f}"
            # "h0" makes a dot of a point that no line leads away from.
            parts.append(f"L{point}" if drawing else f"M{point}h0")
        drawing = math.isfinite(value)
    return "".join(parts)


def _limits(curves: Iterable[Sequence[float]]) -> tuple[float, float]:
    """The values to show: all of a short training, and of a long one all but rare spikes."""
    low, high = math.inf, -math.inf
    for values in curves:
        finite = sorted(value for value in values if math.isfinite(value))
        cut = len(finite) // 100
        low = min(low, finite[cut])
        high = max(high, finite[len(finite) - 1 - cut])
    if 0 < low < high / 2:
        low = 0.0
    size = max(abs(low), abs(high))
    if high - low <= 1e-6 * size or size == 0:
        return low - (size or 1) / 2, high + (size or 1) / 2
    return low, high


def _ticks(low: float, high: float) -> list[float]:
    """About five round numbers, the first at most `low` and the last at least `high`."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * size for size in (1, 2, 2.5, 5, 10) if power * size >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{number * step:.9g}") for number in range(first, last + 1)]


def thin(rows: Sequence[Row], most: int) -> list[dict[str, float]]:
    """Averages neighbouring rows until at most `most` are left; each keeps its last step.

    Args:
        rows: of `metrics.jsonl`.
        most: int >= 1.

    Returns:
        the rows. A term's mean is over its finite values, and NaN where there are none.
    """
    size = max(1, math.ceil(len(rows) / most))
    thinned = []
    for start in range(0, len(rows), size):
        group = rows[start : start + size]
        row = {"step": group[-1]["step"]}
        for term in dict.fromkeys(term for one in group for term in one if term != "step"):
            values = [value for one in group if math.isfinite(value := as_number(one.get(term)))]
            row[term] = sum(values) / len(values) if values else math.nan
        thinned.append(row)
    return thinned


def smooth(values: list[float]) -> list[float]:
    """A moving mean over about a 25th of the curve; of a short curve, itself.

    Over as many values before as after, so that it does not trail behind a falling curve; only
    at the newest end these are fewer. A value that is not finite stays as it is.
    """
    if len(values) < _SMOOTHED_FROM:
        return values
    most = max(1, len(values) // 50)
    smoothed = []
    for place, value in enumerate(values):
        reach = min(most, place)
        near = [near for near in values[place - reach : place + reach + 1] if math.isfinite(near)]
        smoothed.append(sum(near) / len(near) if math.isfinite(value) else value)
    return smoothed


def as_number(value: Any) -> float:
    """NaN for what is no number, or is further from zero than any float32."""
    number = float(value) if isinstance(value, int | float) else math.nan
    return number if abs(number) < 1e39 else math.nan


def _rounded(value: float) -> float | None:
    """For JSON, which has no NaN."""
    return float(f"{value:.4g}") if math.isfinite(value) else None
