import dataclasses
import datetime
import json
import math
import re
import types

import numpy as np
import pytest
from html_page import HtmlPage
from hypothesis import given
from hypothesis import strategies as st

from faceattr.attributes import find_attribute
from faceattr.models.family import Term
from faceattr.models.residual_gan.family import FAMILY
from faceattr.runs.run import Run
from faceattr.runs.settings import TrainConfig
from faceattr.training.watching import live_page as module
from faceattr.training.watching.charts import MOST_POINTS
from faceattr.training.watching.guards import Advice
from faceattr.training.watching.live_page import MOST_THUMBNAILS, Facts, LivePage, evenly, live_page

GLASSES = find_attribute("glasses", ["Eyeglasses"])
WRITTEN = datetime.datetime(2030, 5, 4, 13, 2, 1, tzinfo=datetime.UTC)
TERMS = (
    "discriminator_accuracy_generated",
    "discriminator_accuracy_negative",
    "discriminator_accuracy_positive",
    "discriminator_loss",
    "dual_loss",
    "gan_loss",
    "generator_loss",
    "perceptual_loss",
    "pixel_loss",
    "residual_to_negative",
    "residual_to_positive",
)


def facts(**changes):
    settings = {
        "name": "glasses-1",
        "attribute": "glasses",
        "method": "Residual images",
        "edits": ("add_glasses", "remove_glasses"),
        "terms": FAMILY.terms(GLASSES.edits),
        "step": 600,
        "steps": 2000,
        "batch_size": 16,
        "settings": {"attr": "glasses", "alpha": None},
        "written": WRITTEN,
    }
    return Facts(**(settings | changes))


def some_rows(count, every=20):
    random = np.random.default_rng(0)
    return [
        {
            "step": every * number,
            "pairs_per_second": 80.0,
            **{term: float(random.uniform(0.2, 0.8)) for term in TERMS},
        }
        for number in range(1, count + 1)
    ]


def grids(count):
    return [(100 * number, f"samples/step-{100 * number:08d}.png") for number in range(count)]


class Page(HtmlPage):
    """A live page."""

    @property
    def charts(self):
        """For each chart: title, [(text, y) of the value axis], [the points of each curve]."""
        found = {}
        for tag, attributes in self.tags:
            if "aria-label" in attributes:
                curves = found.setdefault(attributes["aria-label"], [])
            elif tag == "path" and attributes["class"].startswith("curve"):
                pairs = re.findall(r"[ML]([\d.-]+) ([\d.-]+)", attributes["d"])
                curves.append([(float(x), float(y)) for x, y in pairs])
        return found


def chart_data(text):
    found = re.findall(r'<script type="application/json">(.*?)</script>', text)
    return [json.loads(one) for one in found]


@pytest.mark.parametrize("count", [0, 1, 2, 300])
@pytest.mark.parametrize("state", ["running", "stopped", "finished"])
def test_the_page_is_well_formed_and_needs_nothing_but_the_samples(count, state):
    text = live_page(some_rows(count), facts(state=state, warnings=["careful"]), grids(3))
    page = Page(text)
    asked_for = [
        attributes[name]
        for _, attributes in page.tags
        for name in ("src", "href", "srcset", "data", "action")
        if name in attributes
    ]
    assert set(asked_for) == {address for _, address in grids(3)}
    assert "://" not in text
    assert "url(" not in text
    assert "@import" not in text
    assert not page.all("link")
    for word in ("glasses", "add_glasses", "remove_glasses", "glasses-1", "600 of 2,000", "30%"):
        assert word in page.words
    assert "careful" in page.words


def test_only_a_page_of_a_training_that_goes_on_reloads_itself():
    for state in ("running", "stopped", "finished"):
        page = Page(live_page(some_rows(3), facts(state=state), []))
        reloads = [attributes["content"] for attributes in page.all("meta", **REFRESH)]
        assert reloads == (["20"] if state == "running" else [])


REFRESH = {"http-equiv": "refresh"}


def test_what_users_named_is_escaped():
    evil = "</script><img src=x onerror=alert(1)>'\"&amp;"
    rows = some_rows(2)
    for row in rows:
        row[evil] = 1.0
    named = facts(
        name=evil,
        attribute=evil,
        method=evil,
        edits=(evil, evil),
        terms=(Term(evil, evil, evil, evil),),
        settings={evil: evil, "list": [evil]},
        warnings=[evil],
    )
    page = Page(live_page(rows, named, [(1, f"samples/{evil}.png")] * 2))
    assert {attributes["src"] for attributes in page.all("img")} == {f"samples/{evil}.png"}
    assert all("onerror" not in attributes for _, attributes in page.tags)
    # Its own name, the attribute's, twice; the edits' and the term's in charts; the settings'.
    assert page.words.count(evil) >= 8


def test_without_rows_every_chart_says_so():
    page = Page(live_page([], facts(step=0), []))
    assert page.words.count("nothing measured yet") == 6
    assert not page.all("svg")
    assert "time left -" in page.words


def test_one_row_is_a_dot_in_each_curve():
    page = Page(live_page(some_rows(1), facts(), []))
    assert len(page.all("circle")) == len(TERMS) + 1
    assert page.words.count("nothing measured yet") == 0


def test_curves_are_where_the_axes_say():
    rows = [
        {"step": 50, "discriminator_accuracy_negative": 0.25, "discriminator_loss": 2.0},
        {"step": 100, "discriminator_accuracy_negative": 1.0, "discriminator_loss": 6.0},
    ]
    text = live_page(rows, facts(), [])
    charts = Page(text).charts

    def tick(chart, label):
        part = text.split(f'aria-label="{chart}"')[1]
        x, y = re.search(rf'<text x="([\d.]+)" y="([\d.]+)"[^>]*>{label}<', part).groups()
        return float(x), float(y) - 4

    [[(x0, y0), (x1, y1)]] = charts["Accuracy of the discriminator"]
    assert y1 == pytest.approx(tick("Accuracy of the discriminator", "100%")[1])
    quarter = 0.75 * tick("Accuracy of the discriminator", "0%")[1] + 0.25 * y1
    assert y0 == pytest.approx(quarter, abs=0.1)
    assert x1 == pytest.approx(tick("Accuracy of the discriminator", "100")[0])
    assert 2 * (x1 - x0) == pytest.approx(x1 - tick("Accuracy of the discriminator", "0")[0])
    [[(_, y0), (_, y1)]] = charts["Loss of the discriminator"]
    assert y0 == pytest.approx(tick("Loss of the discriminator", "2")[1])
    assert y1 == pytest.approx(tick("Loss of the discriminator", "6")[1])


@given(
    st.lists(
        st.one_of(st.floats(width=32), st.none(), st.floats(-1, 1, width=32)),
        min_size=1,
        max_size=80,
    )
)
def test_whatever_the_values_are_the_curves_are_numbers_inside_the_plot(values):
    rows = [{"step": 20 * number, "odd": value} for number, value in enumerate(values, 1)]
    page = Page(live_page(rows, facts(), []))
    drawn = [" ".join(map(str, attributes.values())) for tag, attributes in page.tags]
    assert not any(re.search(r"\bnan\b|\binf\b", text) for text in drawn)
    assert not re.search(r"\bnan\b|\binf\b", page.words)
    finite = [value for value in values if value is not None and math.isfinite(value)]
    [*curves] = page.charts.get("odd", [])
    off = all(value == 0 for value in values)
    assert sum(map(len, curves)) == (0 if off else len(finite))
    if len(finite) < 100:  # no spike is cut off
        assert all(49.9 <= x <= 550.1 and 9.9 <= y <= 214.1 for curve in curves for x, y in curve)


def test_values_that_are_not_finite_leave_a_gap():
    values = [1.0, 2.0, math.nan, 3.0, math.inf, 4.0, 5.0]
    rows = [{"step": number, "odd": value} for number, value in enumerate(values, 1)]
    text = live_page(rows, facts(), [])
    [path] = [
        attributes["d"]
        for attributes in Page(text).all("path")
        if attributes["class"].startswith("curve")
    ]
    assert [part.count("L") for part in path.split("M")[1:]] == [1, 0, 1]
    assert chart_data(text)[-1]["values"] == [[1.0, 2.0, None, 3.0, None, 4.0, 5.0]]


def test_the_page_has_the_values_of_the_rows_and_unknown_terms_too():
    rows = some_rows(7)
    for row in rows:
        row["gradient_norm"] = row["step"] / 10
        row["penalty_that_is_off"] = 0.0
    text = live_page(rows, facts(), [])
    assert Page(text).charts["gradient norm"]
    data = chart_data(text)
    assert all(one["steps"] == [row["step"] for row in rows] for one in data)
    values = [values for one in data for values in one["values"]]
    for term in (*TERMS, "pairs_per_second", "gradient_norm"):
        scale = 100 if "accuracy" in term else 1
        wanted = [scale * row[term] for row in rows]
        assert any(np.allclose(wanted, found, rtol=1e-3) for found in values), term
    assert len(values) == len(TERMS) + 2, "what is zero all along is left out"


def test_a_spike_does_not_flatten_the_curve():
    rows = [{"step": number, "odd": 1.0 + number % 2} for number in range(1, 301)]
    rows[17]["odd"] = 1e9
    text = live_page(rows, facts(), [])
    [[*points]] = Page(text).charts["odd"]
    newest = [y for _, y in points[-100:]]
    assert 40 < min(newest) < max(newest) < 184, "in the middle of the plot"


def test_a_long_run_makes_no_large_page():
    rows = some_rows(20_000)
    text = live_page(rows, facts(steps=400_000, step=400_000), grids(4000))
    page = Page(text)
    for curves in page.charts.values():
        assert all(len(points) <= MOST_POINTS for points in curves)
    assert len(page.all("img")) == 1 + MOST_THUMBNAILS
    assert len(text) < 500_000
    assert chart_data(text)[0]["steps"][-1] == 400_000


def test_time_left_and_images_per_second_come_from_the_newest_rows():
    rows = some_rows(10)
    for row in rows[:5]:
        row["pairs_per_second"] = 1.0
    # 1400 steps of 16 pairs at 80 pairs per second.
    words = Page(live_page(rows, facts(), [])).words
    assert "time left 5 min" in words
    assert "images per second 160" in words
    rows[-1]["pairs_per_second"] = rows[-2]["pairs_per_second"] = math.nan
    assert "images per second 160" in Page(live_page(rows, facts(), [])).words
    done = Page(live_page(rows, facts(step=2000, state="finished"), [])).words
    assert "time left none" in done


@pytest.mark.parametrize(
    ("pairs_per_second", "left"),
    [(1400.0, "16 s"), (4.0, "1 h 33 min"), (1.0, "6 h 13 min"), (0.1, "2 d 14 h")],
)
def test_time_left_is_said_as_people_do(pairs_per_second, left):
    rows = [{"step": 600, "pairs_per_second": pairs_per_second}]
    assert f"time left {left} " in Page(live_page(rows, facts(), [])).words


def test_the_newest_grid_is_large_and_earlier_ones_lead_to_their_files():
    page = Page(live_page([], facts(), grids(4)))
    newest, *earlier = page.all("img")
    assert newest["class"] == "newest"
    assert newest["src"] == "samples/step-00000300.png"
    assert [image["src"] for image in earlier] == [address for _, address in grids(3)][::-1]
    assert [link["href"] for link in page.all("a")] == [
        image["src"] for image in (newest, *earlier)
    ]


@given(st.integers(0, 100), st.integers(2, 20))
def test_evenly_takes_the_first_and_the_last(count, most):
    taken = evenly(range(count), most)
    assert len(taken) == min(count, most)
    assert taken == sorted(set(taken))
    assert taken[:1] == [0][:count]
    assert taken[-1:] == [count - 1][:count]


@pytest.fixture
def run(tmp_path):
    run = Run.create(tmp_path / "glasses-1")
    run.write_config(TrainConfig.of(attr="glasses", image_size=32, batch_size=4, steps=10))
    run.write_data({"attributes": [{"column": "Eyeglasses"}]})
    return run


def page_of(run):
    return Page(run.page_path.read_text(encoding="utf-8"))


def test_the_page_is_there_before_the_first_step_and_says_how_it_ended(run):
    page = LivePage(run, 0, FAMILY.terms(run.edits))
    page.on_train_begin()
    assert "training" in page_of(run).words
    assert "0 of 10" in page_of(run).words
    page.set_model(types.SimpleNamespace(stop_training=False))
    for _ in range(4):
        page.on_train_batch_end(0, {})
    page.on_train_end()
    assert "training" in page_of(run).words, "the next phase goes on from here"
    page.model.stop_training = True
    page.on_train_end()
    assert "stopped" in page_of(run).words
    assert "4 of 10" in page_of(run).words
    page = LivePage(run, 4, FAMILY.terms(run.edits))
    page.set_model(types.SimpleNamespace(stop_training=False))
    page.on_train_begin()
    assert "training" in page_of(run).words
    for _ in range(6):
        page.on_train_batch_end(0, {})
    page.on_train_end()
    assert "finished" in page_of(run).words
    assert "10 of 10" in page_of(run).words
    assert "batch_size 4" in page_of(run).words
    assert not list(run.folder.glob("partial-*"))


def test_the_page_is_written_at_each_grid_and_every_few_seconds(run, monkeypatch):
    clock = types.SimpleNamespace(now=7.0, monotonic=lambda: clock.now)
    monkeypatch.setattr(module, "time", clock)
    page = LivePage(run, 0, FAMILY.terms(run.edits), seconds=10)
    page.on_train_begin()
    written = []
    for step in range(1, 41):
        clock.now += 1
        if step == 14:
            run.sample_path(step).write_bytes(b"png")
        before = run.page_path.stat().st_ino
        page.on_train_batch_end(0, {})
        if run.page_path.stat().st_ino != before:
            written.append(step)
    assert written == [10, 14, 24, 34]
    assert page_of(run).all("img", src="samples/step-00000014.png")


def test_the_page_shows_rows_and_warnings_of_the_run(run):
    run.metrics_path.write_text("".join(json.dumps(row) + "\n" for row in some_rows(3)))
    run.write_config(dataclasses.replace(run.config, steps=100))
    advice = Advice(FAMILY.alarms)
    advice.given.append("step 120: more images help")
    page = LivePage(run, 60, FAMILY.terms(run.edits), advice)
    page.on_train_begin()
    shown = page_of(run)
    assert "step 120: more images help" in shown.words
    assert len(shown.charts) == 6
    # 40 steps of 4 pairs at 80 pairs per second.
    assert "time left 2 s" in shown.words
