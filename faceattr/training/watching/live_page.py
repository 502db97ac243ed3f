"""live.html: one file to watch a training on, with nothing but a browser.

`live_page` makes the page from the run's rows and samples; `LivePage` keeps it written while the
training goes on. The curves are SVG made here, so that the page needs no server and no network.
"""

import dataclasses
import datetime
import importlib.resources
import json
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from faceattr.files import write_text
from faceattr.models.family import Term
from faceattr.pictures.html import folded, page, style, text
from faceattr.pictures.words import duration, listed, short
from faceattr.runs.run import Run
from faceattr.training.watching.callbacks import StepCallback
from faceattr.training.watching.charts import (
    MOST_POINTS,
    Chart,
    Row,
    as_number,
    chart_figure,
    charts_of,
    thin,
)
from faceattr.training.watching.guards import Advice

MOST_THUMBNAILS = 12

_REFRESH_SECONDS = 20

State = Literal["running", "stopped", "finished"]


@dataclasses.dataclass(frozen=True)
class Facts:
    """What the page says besides curves and samples.

    Attributes:
        name: str, of the run.
        attribute: str, as the user named it.
        method: str, the title of the model's family.
        edits: the names of the edits that are learned.
        terms: of the family, as they are to be drawn.
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
    method: str
    edits: tuple[str, ...]
    terms: tuple[Term, ...]
    step: int
    steps: int
    batch_size: int
    settings: Mapping[str, Any]
    written: datetime.datetime
    state: State = "running"
    warnings: Sequence[str] = ()


class LivePage(StepCallback):
    """Keeps `live.html` written. Comes after `MetricsLog` and `Samples`.

    Args:
        run: whose rows and samples.
        first_step: int, steps done before this training.
        terms: of the family.
        advice: whose warnings to show, if any.
        seconds: float > 0, between two writings at least, new sample grids aside. Defaults to 10.
    """

    def __init__(
        self,
        run: Run,
        first_step: int,
        terms: tuple[Term, ...],
        advice: Advice | None = None,
        seconds: float = 10.0,
    ) -> None:
        super().__init__(first_step)
        self.run = run
        self.terms = terms
        self.advice = advice
        self.seconds = seconds
        self._due = 0.0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._write("running")

    def on_step(self, step: int, logs: dict[str, float]) -> None:
        if time.monotonic() >= self._due or self.run.sample_path(step).is_file():
            self._write("running")

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        # A phase that comes to its end is not the training's.
        short: State = "stopped" if self.model.stop_training else "running"
        self._write("finished" if self.step >= self.run.config.steps else short)

    def _write(self, state: State) -> None:
        begun = time.monotonic()
        config = self.run.config
        facts = Facts(
            name=self.run.folder.resolve().name,
            attribute=config.attr,
            method=config.family.title,
            edits=tuple(edit.name for edit in self.run.edits),
            terms=self.terms,
            step=self.step,
            steps=config.steps,
            batch_size=config.batch_size,
            settings=config.settings(),
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
        f"<main>{_newest(samples)}{_curves(rows, facts)}{_history(samples)}</main>",
        _settings(facts.settings),
    ]
    return page(title, style(), body, refresh, _script())


def _script() -> str:
    return importlib.resources.files(__package__).joinpath("live_page.js").read_text("utf-8")


def _header(facts: Facts) -> str:
    edits = listed([f"<b>{text(edit)}</b>" for edit in facts.edits])
    state = {"running": "training", "stopped": "stopped", "finished": "finished"}[facts.state]
    return (
        f"<header><div><h1>{text(facts.attribute)}</h1>"
        f"<p>{text(facts.method)} for {edits} · run {text(facts.name)}</p></div>"
        f'<div class="state {facts.state}" data-written="{facts.written.timestamp():.0f}">'
        f"{state}</div></header>"
    )


def _tiles(rows: Sequence[Row], facts: Facts, percent: str) -> str:
    speed = _pairs_per_second(rows)
    left = None if speed is None else (facts.steps - facts.step) * facts.batch_size / speed
    tiles = {
        "step": f"{facts.step:,}<small> of {facts.steps:,}</small>",
        "done": percent,
        "time left": "none" if facts.step >= facts.steps else duration(left),
        "images per second": "-" if speed is None else short(2 * speed),
        "written": f"{facts.written:%H:%M:%S}<small> {facts.written:%d %b}</small>",
    }
    return (
        '<div class="tiles">'
        + "".join(f"<div><span>{name}</span>{value}</div>" for name, value in tiles.items())
        + "</div>"
    )


def _warnings(warnings: Sequence[str]) -> str:
    return "".join(f'<p class="warning">{text(warning)}</p>' for warning in warnings)


def _newest(samples: Sequence[tuple[int, str]]) -> str:
    if not samples:
        return ""
    step, address = samples[-1]
    where = text(address)
    return (
        f'<section class="faces"><h2>Held-out faces after step {step:,}</h2><a href="{where}">'
        f'<img class="newest" src="{where}" alt="input, residual and edit of held-out faces, '
        f'of every edit, after step {step}"></a></section>'
    )


def _history(samples: Sequence[tuple[int, str]]) -> str:
    earlier = samples[:-1]
    if not earlier:
        return ""
    shown = evenly(earlier, MOST_THUMBNAILS)
    count = "" if len(shown) == len(earlier) else f" <small>{len(shown)} of {len(earlier)}</small>"
    figures = "".join(
        f'<a href="{text(address)}"><img loading="lazy" alt="after step {step}" '
        f'src="{text(address)}"><span>step {step:,}</span></a>'
        for step, address in reversed(shown)
    )
    return f'<section><h2>Before that{count}</h2><div class="thumbnails">{figures}</div></section>'


def _settings(settings: Mapping[str, Any]) -> str:
    lines = "".join(
        f"<tr><th>{text(name)}</th><td>{text(json.dumps(value))}</td></tr>"
        for name, value in settings.items()
    )
    return folded("Settings", f"<table>{lines}</table>")


def _curves(rows: Sequence[Row], facts: Facts) -> str:
    charts = charts_of(facts.terms)
    charts.append(Chart("Speed", (("pairs_per_second", "pairs per second"),)))
    known = {"step"}.union(*([term for term, _ in chart.terms] for chart in charts))
    others = dict.fromkeys(term for row in rows for term in row if term not in known)
    charts += [
        Chart(term.replace("_", " "), ((term, term),))
        for term in others
        if any(as_number(row.get(term)) for row in rows)  # not of an option that is off
    ]
    thinned = thin(rows, MOST_POINTS)
    drawn = "".join(chart_figure(chart, thinned) for chart in charts)
    return f'<section class="curves"><h2>Curves</h2><div class="charts">{drawn}</div></section>'


def evenly(items: Sequence[Any], most: int) -> list[Any]:
    """At most `most` >= 2 of the items, the first and the last among them, evenly spread."""
    if len(items) <= most:
        return list(items)
    return [items[round(place * (len(items) - 1) / (most - 1))] for place in range(most)]


def _pairs_per_second(rows: Sequence[Row]) -> float | None:
    """Over the last few rows, each of the same number of pairs; None before there is one."""
    speeds = [as_number(row.get("pairs_per_second")) for row in rows[-5:]]
    speeds = [speed for speed in speeds if math.isfinite(speed) and speed > 0]
    return len(speeds) / sum(1 / speed for speed in speeds) if speeds else None
