"""live.html: one file to watch a training on, with nothing but a browser.

`live_page` makes the page from the run's rows and samples; `LivePage` keeps it written while the
training goes on. The curves are SVG made here, so that the page needs no server and no network.
"""

import dataclasses
import datetime
import html
import json
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from faceattr.files import write_text
from faceattr.training.callbacks import StepCallback
from faceattr.training.guards import Advice
from faceattr.training.run import Run

MOST_POINTS = 500
"""Points of a curve; a longer training's rows are averaged to so many."""

MOST_THUMBNAILS = 12

_REFRESH_SECONDS = 20

# Below so many points a curve is shown as it is.
_SMOOTHED_FROM = 30

Row = Mapping[str, Any]
State = Literal["running", "stopped", "finished"]


@dataclasses.dataclass(frozen=True)
class Facts:
    """What the page says besides curves and samples.

    Attributes:
        name: str, of the run.
        attribute: str, as the user named it.
        edits: (str, str), the names of both edits, to_positive and to_negative.
        step: int, steps done.
        steps: int, steps of the whole run.
        batch_size: int, pairs of images per step.
        settings: of the run, as in config.json.
        written: when the page is written; with a time zone, for the page to tell its age.
        state: `"running"`, `"stopped"` or `"finished"`; only a running page reloads itself.
        warnings: what the training was warned of.
    """

    name: str
    attribute: str
    edits: tuple[str, str]
    step: int
    steps: int
    batch_size: int
    settings: Mapping[str, Any]
    written: datetime.datetime
    state: State = "running"
    warnings: Sequence[str] = ()


@dataclasses.dataclass(frozen=True)
class _Chart:
    title: str
    terms: tuple[tuple[str, str], ...]  # (term, what the page calls it)
    percent: bool = False  # of values from 0 to 1


class LivePage(StepCallback):
    """Keeps `live.html` written. Comes after `MetricsLog` and `Samples`.

    Args:
        run: whose rows and samples.
        first_step: int, steps done before this training.
        steps: int, steps of the whole run.
        advice: whose warnings to show, if any.
        seconds: float > 0, between two writings at least, new sample grids aside. Defaults to 10.
    """

    def __init__(
        self,
        run: Run,
        first_step: int,
        steps: int,
        advice: Advice | None = None,
        seconds: float = 10.0,
    ) -> None:
        super().__init__(first_step)
        self.run = run
        self.steps = steps
        self.advice = advice
        self.seconds = seconds
        self._due = 0.0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._write("running")

    def on_step(self, step: int, logs: dict[str, float]) -> None:
        if time.monotonic() >= self._due or self.run.sample_path(step).is_file():
            self._write("running")

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._write("finished" if self.step >= self.steps else "stopped")

    def _write(self, state: State) -> None:
        begun = time.monotonic()
        config = self.run.config
        edits = self.run.data["edits"]
        facts = Facts(
            name=self.run.folder.resolve().name,
            attribute=config.attr,
            edits=(edits["to_positive"], edits["to_negative"]),
            step=self.step,
            steps=self.steps,
            batch_size=config.batch_size,
            settings=dataclasses.asdict(config),
            written=datetime.datetime.now().astimezone(),
            state=state,
            warnings=() if self.advice is None else tuple(self.advice.given),
        )
        rows, _ = self.run.read_metrics()
        samples = [(step, f"samples/{path.name}") for step, path in self.run.samples]
        write_text(self.run.page_path, live_page(rows, facts, samples))
        now = time.monotonic()
        # A page of very many rows takes a while: never more than a twentieth of the training.
        self._due = now + max(self.seconds, 20 * (now - begun))


def live_page(rows: Sequence[Row], facts: Facts, samples: Sequence[tuple[int, str]]) -> str:
    """The page as HTML, whole in itself but for the sample grids beside it.

    Args:
        rows: of `metrics.jsonl`, oldest first; may be empty, and hold NaN.
        facts: what else the page says.
        samples: (step, address relative to the page) of each sample grid, oldest first.
    """
    fraction = min(1.0, facts.step / max(1, facts.steps))
    percent = f"{math.floor(100 * fraction)}%"
    running = facts.state == "running"
    refresh = f'<meta http-equiv="refresh" content="{_REFRESH_SECONDS}">' if running else ""
    title = f"{percent} {facts.attribute} · {facts.name}"
    body = [
        _header(facts),
        f'<div class="bar"><div style="width:{100 * fraction:.2f}%"></div></div>',
        _tiles(rows, facts, percent),
        _warnings(facts.warnings),
        f"<main>{_newest(samples)}{_curves(rows, facts.edits)}{_history(samples)}</main>",
        _settings(facts.settings),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{refresh}\n<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + f"\n<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )


def _header(facts: Facts) -> str:
    edits = " and ".join(f"<b>{html.escape(edit)}</b>" for edit in facts.edits)
    state = {"running": "training", "stopped": "stopped", "finished": "finished"}[facts.state]
    return (
        f"<header><div><h1>{html.escape(facts.attribute)}</h1>"
        f"<p>Residual images for {edits} · run {html.escape(facts.name)}</p></div>"
        f'<div class="state {facts.state}" data-written="{facts.written.timestamp():.0f}">'
        f"{state}</div></header>"
    )


def _tiles(rows: Sequence[Row], facts: Facts, percent: str) -> str:
    speed = _pairs_per_second(rows)
    left = None if speed is None else (facts.steps - facts.step) * facts.batch_size / speed
    tiles = {
        "step": f"{facts.step:,}<small> of {facts.steps:,}</small>",
        "done": percent,
        "time left": "none" if facts.step >= facts.steps else _duration(left),
        "images per second": "-" if speed is None else _short(2 * speed),
        "written": f"{facts.written:%H:%M:%S}<small> {facts.written:%d %b}</small>",
    }
    return (
        '<div class="tiles">'
        + "".join(f"<div><span>{name}</span>{value}</div>" for name, value in tiles.items())
        + "</div>"
    )


def _warnings(warnings: Sequence[str]) -> str:
    return "".join(f'<p class="warning">{html.escape(warning)}</p>' for warning in warnings)


def _newest(samples: Sequence[tuple[int, str]]) -> str:
    if not samples:
        return ""
    step, address = samples[-1]
    where = html.escape(address, quote=True)
    return (
        f'<section class="faces"><h2>Held-out faces after step {step:,}</h2><a href="{where}">'
        f'<img class="newest" src="{where}" alt="input, residual and edit of held-out faces, '
        f'both directions, after step {step}"></a></section>'
    )


def _history(samples: Sequence[tuple[int, str]]) -> str:
    earlier = samples[:-1]
    if not earlier:
        return ""
    shown = evenly(earlier, MOST_THUMBNAILS)
    count = "" if len(shown) == len(earlier) else f" <small>{len(shown)} of {len(earlier)}</small>"
    figures = "".join(
        f'<a href="{html.escape(address, quote=True)}"><img loading="lazy" alt="after step {step}" '
        f'src="{html.escape(address, quote=True)}"><span>step {step:,}</span></a>'
        for step, address in reversed(shown)
    )
    return f'<section><h2>Before that{count}</h2><div class="thumbnails">{figures}</div></section>'


def _settings(settings: Mapping[str, Any]) -> str:
    lines = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(json.dumps(value))}</td></tr>"
        for name, value in settings.items()
    )
    return f"<details><summary>Settings</summary><table>{lines}</table></details>"


def _curves(rows: Sequence[Row], edits: tuple[str, str]) -> str:
    charts = [
        _Chart(
            "Objective of the transformation networks",
            (("generator_loss", "whole"), ("gan_loss", "GAN"), ("dual_loss", "dual")),
        ),
        _Chart(
            "Size of the change, before weighting",
            (("pixel_loss", "pixel"), ("perceptual_loss", "perceptual")),
        ),
        _Chart("Loss of the discriminator", (("discriminator_loss", "classification"),)),
        _Chart(
            "Accuracy of the discriminator",
            (
                ("discriminator_accuracy_negative", "real, without"),
                ("discriminator_accuracy_positive", "real, with"),
                ("discriminator_accuracy_generated", "edited"),
            ),
            percent=True,
        ),
        _Chart(
            "Mean |residual|",
            (("residual_to_positive", edits[0]), ("residual_to_negative", edits[1])),
        ),
        _Chart("Speed", (("pairs_per_second", "pairs per second"),)),
    ]
    known = {"step"}.union(*([term for term, _ in chart.terms] for chart in charts))
    others = dict.fromkeys(term for row in rows for term in row if term not in known)
    charts += [
        _Chart(term.replace("_", " "), ((term, term),))
        for term in others
        if any(_number(row.get(term)) for row in rows)  # not of an option that is off
    ]
    thinned = thin(rows, MOST_POINTS)
    drawn = "".join(_chart(chart, thinned) for chart in charts)
    return f'<section class="curves"><h2>Curves</h2><div class="charts">{drawn}</div></section>'


# The inside of a chart's plot, in units of its viewBox.
_WIDTH, _HEIGHT = 560, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 550, 10, 214


def _chart(chart: _Chart, rows: Sequence[Row]) -> str:
    """A figure: legend with the newest values, axes, and a curve for each term in the rows."""
    scale = 100 if chart.percent else 1
    curves = {
        term: [scale * _number(row.get(term)) for row in rows]
        for term, _ in chart.terms
        if any(math.isfinite(_number(row.get(term))) for row in rows)
    }
    heading = f"<h3>{html.escape(chart.title)}<em></em></h3>"
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
        f'<text x="{_LEFT - 7}" y="{y(tick) + 4:.1f}" text-anchor="end">{_short(tick)}{unit}</text>'
        for tick in y_ticks
    ) + "".join(
        f'<text x="{x(tick):.1f}" y="{_BOTTOM + 18}" text-anchor="middle">{_short(tick)}</text>'
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
            f'<span><i class="c{number}"></i>{html.escape(label)} '
            f"<b>{_short(values[-1])}{unit}</b></span>"
        )
    data = {
        "unit": unit,
        "steps": steps,
        "values": [[_rounded(value) for value in values] for values in curves.values()],
    }
    return (
        f'<figure>{heading}<div class="legend">{legend}</div>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{html.escape(chart.title)}" '
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
            values = [value for one in group if math.isfinite(value := _number(one.get(term)))]
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


def evenly(items: Sequence[Any], most: int) -> list[Any]:
    """At most `most` >= 2 of the items, the first and the last among them, evenly spread."""
    if len(items) <= most:
        return list(items)
    return [items[round(place * (len(items) - 1) / (most - 1))] for place in range(most)]


def _pairs_per_second(rows: Sequence[Row]) -> float | None:
    """Over the last few rows, each of the same number of pairs; None before there is one."""
    speeds = [_number(row.get("pairs_per_second")) for row in rows[-5:]]
    speeds = [speed for speed in speeds if math.isfinite(speed) and speed > 0]
    return len(speeds) / sum(1 / speed for speed in speeds) if speeds else None


def _number(value: Any) -> float:
    """NaN for what is no number, or is further from zero than any float32."""
    number = float(value) if isinstance(value, int | float) else math.nan
    return number if abs(number) < 1e39 else math.nan


def _rounded(value: float) -> float | None:
    """For JSON, which has no NaN."""
    return float(f"{value:.4g}") if math.isfinite(value) else None


def _short(value: float) -> str:
    """Three digits, with k, M or G for thousands, millions and more."""
    if not math.isfinite(value):
        return "-"
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 0.9995 * size:
            return f"{float(f'{value / size:.3g}'):.10g}{suffix}"
    return f"{float(f'{value:.3g}'):.10g}"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} d {hours % 24} h"


_STYLE = """
:root{color-scheme:light dark;--page:#f5f4f1;--card:#fff;--ink:#1d1d1b;--soft:#6d6b66;
--line:#e5e3dd;--track:#e2e0da;--c0:#1f6fb2;--c1:#d95f16;--c2:#1f8a68;--warn:#8a5a00;
--warned:#fff4d9}
@media (prefers-color-scheme:dark){:root{--page:#131416;--card:#1c1e21;--ink:#eceae5;
--soft:#9d9b95;--line:#2e3136;--track:#2b2e33;--c0:#69b1ee;--c1:#f39a5f;--c2:#57c5a1;
--warn:#f0c46a;--warned:#2f2713}}
*{box-sizing:border-box}
body{margin:0 auto;padding:28px 24px 60px;max-width:1240px;background:var(--page);
color:var(--ink);font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header{display:flex;justify-content:space-between;align-items:flex-start;gap:16px}
h1{margin:0;font-size:30px;letter-spacing:-.02em}
header p{margin:2px 0 0;color:var(--soft)}header b{color:var(--ink);font-weight:600}
h2{font-size:16px;margin:34px 0 12px}
h3{font-size:14px;margin:0 0 6px;display:flex;justify-content:space-between;gap:8px}
h3 em{font-weight:400;font-style:normal;color:var(--soft);white-space:nowrap}
small{color:var(--soft);font-weight:400;font-size:13px}
.state{margin-top:8px;padding:4px 12px;border-radius:99px;font-size:13px;font-weight:600;
background:var(--track);white-space:nowrap}
.state.running{background:var(--c0);color:var(--card)}
.state.finished{background:var(--c2);color:var(--card)}
.bar{height:8px;margin:18px 0;border-radius:8px;background:var(--track);overflow:hidden}
.bar div{height:100%;border-radius:8px;background:var(--c0)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px}
.tiles div,figure,.newest,details{background:var(--card);border:1px solid var(--line);
border-radius:12px}
.tiles div{padding:10px 14px 12px;font-size:21px;font-weight:600;
font-variant-numeric:tabular-nums}
.tiles span{display:block;font-size:12px;font-weight:400;color:var(--soft)}
.warning{margin:14px 0 0;padding:10px 14px;border-radius:12px;color:var(--warn);
background:var(--warned)}
.newest{display:block;width:100%;padding:10px;background:#fff}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:14px}
figure{margin:0;padding:14px 14px 8px;min-width:0}
figure>svg{display:block;width:100%;height:auto;touch-action:pan-y}
.legend{display:flex;flex-wrap:wrap;gap:2px 16px;font-size:13px;color:var(--soft);
margin-bottom:6px;font-variant-numeric:tabular-nums}
.legend b{color:var(--ink);font-weight:600}
.legend i{display:inline-block;width:14px;height:3px;border-radius:3px;margin:0 6px 4px 0}
i.c0{background:var(--c0)}i.c1{background:var(--c1)}i.c2{background:var(--c2)}
text{font-size:11.5px;fill:var(--soft);font-variant-numeric:tabular-nums}
path{fill:none;stroke-linecap:round;stroke-linejoin:round}
path.grid{stroke:var(--line);stroke-width:1}
path.raw{stroke-width:1;opacity:.36}path.curve{stroke-width:2}
path.c0{stroke:var(--c0)}path.c1{stroke:var(--c1)}path.c2{stroke:var(--c2)}
circle.c0{fill:var(--c0)}circle.c1{fill:var(--c1)}circle.c2{fill:var(--c2)}
path.cursor{stroke:var(--soft);stroke-width:1;opacity:0}
.none{color:var(--soft)}
.thumbnails{display:grid;grid-template-columns:repeat(auto-fill,minmax(180px,1fr));gap:12px}
.thumbnails a{color:var(--soft);font-size:13px;text-decoration:none}
.thumbnails img{display:block;width:100%;padding:4px;border-radius:8px;background:#fff;
border:1px solid var(--line);margin-bottom:3px}
@media (min-width:1600px){body{max-width:1880px}
main:has(.faces){display:grid;grid-template:auto 1fr/1fr 1fr;gap:0 28px}
main:has(.faces) .curves{grid-column:2;grid-row:1/span 2}
.charts{grid-template-columns:1fr 1fr}text{font-size:13.5px}}
@media (max-width:600px){text{font-size:16px}}
details{margin-top:34px;padding:12px 16px}summary{cursor:pointer;font-weight:600}
table{margin-top:10px;border-collapse:collapse;font-size:13px}
th{text-align:left;font-weight:400;color:var(--soft);padding:2px 28px 2px 0}
td{font-family:ui-monospace,Consolas,monospace;overflow-wrap:anywhere}
"""

# The page is whole without it. It shows the values under the pointer, says when the page is old
# because the training is gone, and keeps the settings unfolded when the page reloads.
_SCRIPT = """
const short = v => { if (v == null) return "-";
  for (const [size, suffix] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]])
    if (Math.abs(v) >= size) return +(v / size).toPrecision(3) + suffix;
  return "" + +v.toPrecision(3); };
for (const figure of document.querySelectorAll("figure:has(svg)")) {
  const svg = figure.querySelector("svg"), cursor = figure.querySelector(".cursor");
  const data = JSON.parse(figure.querySelector("script").textContent);
  const shown = [...figure.querySelectorAll(".legend b")], at = figure.querySelector("em");
  const newest = shown.map(b => b.textContent), steps = data.steps;
  const left = +svg.dataset.left, width = +svg.dataset.right - left;
  const last = Math.max(1, steps[steps.length - 1]);
  svg.onpointermove = event => {
    const box = svg.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * svg.dataset.width;
    const step = (x - left) / width * last;
    let near = 0;
    steps.forEach((s, i) => { if (Math.abs(s - step) < Math.abs(steps[near] - step)) near = i; });
    cursor.setAttribute("transform", `translate(${left + width * steps[near] / last})`);
    cursor.style.opacity = 1;
    shown.forEach((b, i) => { b.textContent = short(data.values[i][near]) + data.unit; });
    at.textContent = "step " + steps[near].toLocaleString("en");
  };
  svg.onpointerleave = () => {
    cursor.style.opacity = 0;
    at.textContent = "";
    shown.forEach((b, i) => { b.textContent = newest[i]; });
  };
}
const state = document.querySelector(".state");
const minutes = Math.floor((Date.now() / 1000 - state.dataset.written) / 60);
if (state.classList.contains("running") && minutes >= 5) {
  state.textContent = `no news for ${minutes} min`;
  state.className = "state";
}
try {
  const settings = document.querySelector("details");
  settings.open = sessionStorage.getItem("settings") === "open";
  settings.ontoggle = () => sessionStorage.setItem("settings", settings.open ? "open" : "");
} catch (error) { /* a browser without storage for files */ }
"""
