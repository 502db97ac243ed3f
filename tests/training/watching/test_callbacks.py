import json
import os
import signal
import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from faceattr import pixels
from faceattr.attributes import find_attribute
from faceattr.models.residual_gan.family import FAMILY
from faceattr.runs.run import Run
from faceattr.training.watching import callbacks
from faceattr.training.watching.callbacks import (
    ROW_EVERY,
    MetricsLog,
    Progress,
    ResetMeans,
    Samples,
    StepCallback,
    mean_covers,
    sample_grid,
)
from faceattr.training.watching.guards import (
    Advice,
    FiniteLosses,
    GivenAdvice,
    GracefulStop,
    TrainingDiverged,
)

GLASSES = find_attribute("glasses", ["Eyeglasses"])
TERMS = FAMILY.terms(GLASSES.edits)
MAIN_TERMS = (
    "generator_loss",
    "gan_loss",
    "dual_loss",
    "discriminator_loss",
    "residual_to_positive",
    "residual_to_negative",
)


def new_run(folder):
    return Run.create(folder / "run")


def rows(run):
    return [json.loads(line) for line in run.metrics_path.read_text().splitlines()]


def do_steps(callback, count, logs=None):
    for _ in range(count):
        callback.on_train_batch_end(0, logs)


class Recorder(StepCallback):
    def __init__(self, first_step=0):
        super().__init__(first_step)
        self.seen = []

    def on_step(self, step, logs):
        self.seen.append((step, logs))


class MeanOfBatches(keras.Model):
    """Logs the running mean of its batches, as the training step does with its terms."""

    def __init__(self):
        super().__init__()
        self.mean = keras.metrics.Mean(name="term")

    def train_step(self, batch):
        self.mean.update_state(batch)
        return {"term": self.mean.result()}


class Editor:
    """Stands in for a model: adding brightens by 0.5, removing darkens by 0.25."""

    def residual_image(self, images, edit):
        return np.full_like(images, 0.5 if edit.adds else -0.25)

    def shown(self, images):
        return []


def test_steps_are_counted_over_the_whole_run_and_logs_come_as_numbers():
    recorder = Recorder(first_step=7)
    logs = {"a": 1.5, "b": np.float32(2), "c": tf.constant(3.0), "d": tf.constant([4.0])}
    do_steps(recorder, 2, logs)
    wanted = {"a": 1.5, "b": 2.0, "c": 3.0, "d": 4.0}
    assert recorder.seen == [(8, wanted), (9, wanted)]
    assert all(type(value) is float for value in recorder.seen[0][1].values())
    with pytest.raises(ValueError, match="reshape"):
        recorder.on_train_batch_end(0, {"a": np.zeros(2)})


@given(first_step=st.integers(0, 1000), count=st.integers(1, 100))
def test_a_running_mean_covers_the_steps_since_the_last_reset(first_step, count):
    covered = 0
    for step in range(first_step + 1, first_step + count + 1):
        covered += 1
        assert mean_covers(step, first_step) == covered
        if step % ROW_EVERY == 0:
            covered = 0


@pytest.mark.parametrize("first_step", [0, 7])
def test_rows_hold_the_means_of_every_term_since_the_row_before(tmp_path, first_step):
    steps = 47
    values = np.random.default_rng(0).normal(size=steps).astype(np.float32)
    model = MeanOfBatches()
    model.compile(run_eagerly=True)
    run = new_run(tmp_path)
    model.fit(
        tf.data.Dataset.from_tensor_slices(values[first_step:]),
        steps_per_epoch=steps - first_step,
        verbose=0,
        callbacks=[MetricsLog(run, first_step, steps, batch_size=4), ResetMeans(first_step)],
    )
    assert [row["step"] for row in rows(run)] == [20, 40, 47]
    means = [values[first_step:20].mean(), values[20:40].mean(), values[40:].mean()]
    np.testing.assert_allclose([row["term"] for row in rows(run)], means, atol=1e-6)


def test_rows_tell_the_pairs_per_second_since_the_row_before(tmp_path, monkeypatch):
    clock = types.SimpleNamespace(now=100.0, monotonic=lambda: clock.now)
    monkeypatch.setattr(callbacks, "time", clock)
    run = new_run(tmp_path)
    log = MetricsLog(run, 10, 47, batch_size=4)
    clock.now += 1000  # data are loaded, the graph is made
    log.on_train_begin()
    for _ in range(10, 47):
        clock.now += 0.5 if log.step < 40 else 0.25
        do_steps(log, 1)
    assert [(row["step"], row["pairs_per_second"]) for row in rows(run)] == [
        (20, 8.0),
        (40, 8.0),
        (47, 16.0),
    ]


def test_a_resumed_log_drops_the_rows_it_will_write_again(tmp_path):
    run = new_run(tmp_path)
    run.metrics_path.write_text('{"step": 20}\n{"step": 40}\n{"step": 60}\n{"ste')
    log = MetricsLog(run, 40, 60, batch_size=4)
    log.on_train_begin()
    do_steps(log, 20, {"a": 1})
    assert [(row["step"], row.get("a")) for row in rows(run)] == [(20, None), (40, None), (60, 1)]


def test_metrics_are_read_on_from_where_they_ended(tmp_path):
    run = new_run(tmp_path)
    assert run.read_metrics() == ([], 0)
    run.metrics_path.write_text('{"step": 20}\n{"step": 40}\n{"st')
    read, end = run.read_metrics()
    assert [row["step"] for row in read] == [20, 40]
    with run.metrics_path.open("a") as file:
        file.write('ep": 60}\n')
    assert run.read_metrics(end) == ([{"step": 60}], run.metrics_path.stat().st_size)


@pytest.mark.parametrize(
    ("state", "images_per_second"),
    [
        ({"rate": 2.5, "n": 0, "initial": 0, "elapsed": 1.0}, "40"),
        ({"rate": None, "n": 103, "initial": 100, "elapsed": 2.0}, "32"),
        ({"rate": 0.123456, "n": 0, "initial": 0, "elapsed": 1.0}, "1.98"),
        ({"rate": 123.456, "n": 0, "initial": 0, "elapsed": 1.0}, "1975"),
    ],
)
def test_the_bar_shows_images_per_second_and_the_main_terms(state, images_per_second):
    shown = {}
    progress = Progress(103, 200, 16, TERMS)
    progress.bar = types.SimpleNamespace(
        format_dict=state,
        set_postfix=lambda terms, refresh: shown.update(terms),
        update=lambda: None,
    )
    do_steps(progress, 1, dict.fromkeys(MAIN_TERMS, 0.12345) | {"pixel_loss": 9.0})
    assert next(iter(shown.items())) == ("img/s", images_per_second)
    assert set(shown.values()) == {images_per_second, "0.123"}
    assert len(shown) == 1 + len(MAIN_TERMS)


def test_the_bar_stands_at_the_steps_of_the_whole_run(capsys):
    progress = Progress(5, 10, 16, TERMS)
    progress.on_train_begin()
    do_steps(progress, 5, dict.fromkeys(MAIN_TERMS, 1.0))
    progress.on_train_end()
    assert progress.bar.n == 10
    shown = capsys.readouterr().err
    assert "10/10" in shown
    assert "img/s=" in shown


def test_grids_are_drawn_every_few_steps_and_at_the_end(tmp_path):
    run = new_run(tmp_path)
    faces = {
        edit: np.full((2, 8, 8, 3), value, np.uint8)
        for edit, value in zip(GLASSES.edits, (100, 200), strict=True)
    }
    samples = Samples(run, faces, first_step=0, every=4, steps=10)
    samples.set_model(Editor())
    samples.on_train_begin()
    do_steps(samples, 10)
    assert [step for step, _ in run.samples] == [0, 4, 8, 10]
    with Image.open(run.sample_path(10)) as grid:
        np.testing.assert_array_equal(np.asarray(grid), sample_grid(Editor(), faces))


def test_a_resumed_training_deletes_the_grids_it_will_draw_again(tmp_path):
    run = new_run(tmp_path)
    for step in (0, 4, 8):
        run.sample_path(step).write_bytes(b"old")
    faces = {edit: np.zeros((2, 8, 8, 3), np.uint8) for edit in GLASSES.edits}
    samples = Samples(run, faces, first_step=4, every=3, steps=10)
    samples.set_model(Editor())
    samples.on_train_begin()
    assert [step for step, _ in run.samples] == [0, 4]
    assert run.sample_path(4).read_bytes() == b"old", "not drawn again"
    do_steps(samples, 2)
    assert [step for step, _ in run.samples] == [0, 4, 6]


def test_a_grid_shows_input_residual_and_edit_of_both_directions():
    faces = {
        edit: np.full((3, 8, 8, 3), value, np.uint8)
        for edit, value in zip(GLASSES.edits, (100, 200), strict=True)
    }
    grid = sample_grid(Editor(), faces)
    # The middle of the first image of each row; gaps of two pixels, a margin for the names.
    middles = grid[2 + 4 :: 10, -3 * 10 - 2 + 4]
    residuals = [pixels.residual_to_uint8(np.float32(value)) for value in (0.5, -0.25)]
    edits = [round(100 + 0.5 * 127.5), round(200 - 0.25 * 127.5)]
    wanted = [100, residuals[0], edits[0], 200, residuals[1], edits[1]]
    np.testing.assert_array_equal(middles, np.repeat(np.array(wanted)[:, None], 3, axis=1))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), np.array([-np.inf])])
def test_a_loss_that_is_not_finite_names_its_step_and_term(bad):
    guard = FiniteLosses(first_step=6)
    do_steps(guard, 1, {"gan_loss": 1.0, "pixel_loss": 2.0})
    with pytest.raises(TrainingDiverged, match="pixel_loss is not finite after step 8") as caught:
        do_steps(guard, 1, {"gan_loss": 1.0, "pixel_loss": bad})
    assert (caught.value.step, caught.value.term) == (8, "pixel_loss")


def test_advice_is_kept_once_each_with_its_step(caplog):
    advice = Advice(FAMILY.alarms)
    callback = GivenAdvice(Advice.FIRST_STEP - 2, advice)
    fine = {
        "residual_to_positive": np.array([0.1]),
        "residual_to_negative": np.array([0.1]),
        "discriminator_loss": np.array([0.5]),
    }
    collapsed = fine | {"residual_to_positive": 1e-4, "residual_to_negative": 1e-4}
    certain = fine | {"discriminator_loss": 1e-4}
    for logs in (collapsed, fine, collapsed, collapsed, certain, certain):
        do_steps(callback, 1, logs)
    first, second = advice.given
    assert first.startswith(f"step {Advice.FIRST_STEP + 1}: the residuals have collapsed")
    assert second.startswith(f"step {Advice.FIRST_STEP + 3}: the discriminator tells")
    assert [record.message for record in caplog.records] == advice.given


def test_a_signal_ends_the_training_after_its_step_and_is_given_back():
    before = signal.getsignal(signal.SIGTERM)
    stop = GracefulStop()
    stop.set_model(types.SimpleNamespace(stop_training=False))
    with stop:
        stop.on_train_batch_end(0)
        assert not stop.model.stop_training
        os.kill(os.getpid(), signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is before, "a second one kills"
        stop.on_train_batch_end(1)
        assert stop.model.stop_training
    assert signal.getsignal(signal.SIGTERM) is before


def test_all_workers_stop_when_one_is_asked_to():
    others = []
    stop = GracefulStop(agree=lambda said: said or bool(others))
    stop.set_model(types.SimpleNamespace(stop_training=False))
    stop.on_train_batch_end(0)
    assert not stop.stopped
    others.append("stopped")
    stop.on_train_batch_end(1)
    assert stop.stopped
    assert stop.model.stop_training


def test_a_signal_that_comes_while_the_others_are_asked_is_not_lost():
    def agree(said):
        if not said:
            os.kill(os.getpid(), signal.SIGTERM)
        return said

    stop = GracefulStop(agree)
    stop.set_model(types.SimpleNamespace(stop_training=False))
    with stop:
        stop.on_train_batch_end(0)
        stop.on_train_batch_end(1)
    assert stop.stopped
    assert stop.model.stop_training
