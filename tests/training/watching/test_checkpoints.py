import itertools
import os
import pathlib
import shutil
import tempfile
import types

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceattr.errors import UserError
from faceattr.files import finished_name
from faceattr.runs.checkpoint_files import Best
from faceattr.runs.run import Run
from faceattr.training.watching import checkpoints
from faceattr.training.watching.callbacks import ROW_EVERY
from faceattr.training.watching.checkpoints import Checkpoints


class Model:
    """Stands in for a ResidualGAN whose file is the step it was saved at, and its name whole."""

    def __init__(self):
        self.step = 0

    def save(self, path):
        path.write_text(f"step {self.step}, ")
        with path.open("a") as file:
            file.write("whole")


def loadable(path):
    return path.is_file() and path.read_text().endswith("whole")


def train(callback, values, first_step=0, each_step=lambda step: None):
    """The steps of a training whose term has these values, and which ends then."""
    model = Model()
    callback.set_model(model)
    callback.on_train_begin()
    since_reset = []
    for step, value in enumerate(values, first_step + 1):
        model.step = step
        since_reset.append(value)
        each_step(step)
        callback.on_train_batch_end(0, {"term": np.mean(since_reset), "other": 0.0})
        if step % ROW_EVERY == 0:
            since_reset = []
    callback.on_train_end()


def steps_kept(run):
    return [step for step, _ in run.checkpoints]


@pytest.fixture
def run(tmp_path):
    return Run.create(tmp_path / "run")


@pytest.fixture
def clock(monkeypatch):
    clock = types.SimpleNamespace(now=5000.0, monotonic=lambda: clock.now)
    monkeypatch.setattr(checkpoints, "time", clock)
    return clock


@pytest.mark.parametrize(
    ("keep", "kept"), [(1, [25]), (2, [20, 25]), (3, [10, 20, 25]), (9, [10, 20, 25])]
)
def test_the_newest_few_are_kept_and_the_last_step_is_saved(run, keep, kept):
    train(Checkpoints(run, 0, every=10, keep=keep), [1.0] * 25)
    assert steps_kept(run) == kept
    assert all(path.read_text() == f"step {step}, whole" for step, path in run.checkpoints)
    assert run.best is None
    assert not run.best_path.exists()


def test_the_last_step_is_not_saved_twice(run):
    saved = []
    callback = Checkpoints(run, 0, every=10)
    run_model = Model()
    run_model.save = lambda path: (saved.append(finished_name(path.name)), path.write_text("whole"))
    callback.set_model(run_model)
    callback.on_train_begin()
    for _ in range(20):
        callback.on_train_batch_end(0, {})
    callback.on_train_end()
    assert saved == ["step-00000010.keras", "step-00000020.keras"]


def test_the_clock_saves_between_the_steps(run, clock):
    def pass_time(step):
        clock.now += 60 if step <= 10 else 1

    train(Checkpoints(run, 0, every=8, minutes=3, keep=9), [1.0] * 14, each_step=pass_time)
    # Every three minutes, counted from the last checkpoint of any kind; then at the end.
    assert steps_kept(run) == [3, 6, 8, 14]


def test_without_minutes_there_is_no_clock(run, clock):
    def pass_time(step):
        clock.now += 1e6

    train(Checkpoints(run, 0, every=8, keep=9), [1.0] * 10, each_step=pass_time)
    assert steps_kept(run) == [8, 10]


def test_the_clock_starts_with_the_training(run, clock):
    callback = Checkpoints(run, 0, every=100, minutes=1, keep=9)
    clock.now += 1000
    train(callback, [1.0] * 3)
    assert steps_kept(run) == [3], "only the end"


@settings(max_examples=50)
@given(
    values=st.lists(st.floats(-100, 100), min_size=1, max_size=90),
    first_step=st.integers(0, 45),
    every=st.integers(1, 50),
)
def test_the_best_is_that_of_the_lowest_mean_over_the_steps_since_the_one_before(
    values, first_step, every
):
    with tempfile.TemporaryDirectory() as folder:
        run = Run.create(pathlib.Path(folder) / "run")
        train(Checkpoints(run, first_step, every, best_by="term"), values, first_step)
        last = first_step + len(values)
        due = [step for step in range(first_step + 1, last + 1) if step % every == 0]
        ends = [first_step, *dict.fromkeys([*due, last])]
        means, judged = {}, first_step
        for step in ends[1:]:
            if step - judged >= min(every, ROW_EVERY):
                means[step] = np.mean(values[judged - first_step : step - first_step])
                judged = step
        if not means:
            assert run.best is None
            return
        assert run.best.term == "term"
        assert run.best.value == pytest.approx(min(means.values()), abs=1e-9)
        assert run.best.value == pytest.approx(means[run.best.step], abs=1e-9)
        assert run.best_path.read_text() == f"step {run.best.step}, whole"


def test_the_best_outlives_the_checkpoints_that_are_kept(run):
    train(Checkpoints(run, 0, every=20, keep=2, best_by="term"), [3.0] * 20 + [1.0] * 20 + [2] * 60)
    assert steps_kept(run) == [80, 100]
    assert run.best == Best(40, "term", 1.0)
    assert run.best_path.read_text() == "step 40, whole"


def test_a_short_stretch_before_a_stop_is_not_judged(run):
    train(Checkpoints(run, 0, every=50, best_by="term"), [2.0] * 50 + [0.0] * 3)
    assert steps_kept(run) == [50, 53]
    assert run.best == Best(50, "term", 2.0)


def test_the_best_stays_in_the_running_after_a_resume(run):
    train(Checkpoints(run, 0, every=20, best_by="term"), [2.0] * 20)
    train(Checkpoints(run, 20, every=20, best_by="term"), [3.0] * 20, first_step=20)
    assert run.best == Best(20, "term", 2.0)
    train(Checkpoints(run, 40, every=20, best_by="term"), [1.0] * 20, first_step=40)
    assert run.best == Best(60, "term", 1.0)
    assert run.best_path.read_text() == "step 60, whole"


def test_a_best_of_a_step_that_is_seen_again_is_forgotten(run):
    train(Checkpoints(run, 0, every=20, best_by="term"), [2.0] * 20 + [1.0] * 20)
    assert run.best.step == 40
    again = Checkpoints(run, 20, every=20)
    again.on_train_begin()
    assert run.best is None
    assert not run.best_path.exists()
    train(Checkpoints(run, 20, every=20, best_by="term"), [5.0] * 20, first_step=20)
    assert run.best == Best(40, "term", 5.0)


def test_the_best_by_another_term_is_replaced(run):
    train(Checkpoints(run, 0, every=20, best_by="other"), [7.0] * 20)
    assert run.best == Best(20, "other", 0.0)
    train(Checkpoints(run, 20, every=20, best_by="term"), [7.0] * 20, first_step=20)
    assert run.best == Best(40, "term", 7.0)


@pytest.mark.parametrize("record", ["", '{"step": 20}', "[1]", "null"])
def test_a_damaged_record_counts_as_none(run, record):
    train(Checkpoints(run, 0, every=20, best_by="term"), [1.0] * 20)
    (run.folder / "checkpoints" / "best.json").write_text(record)
    assert run.best is None
    train(Checkpoints(run, 20, every=20, best_by="term"), [2.0] * 20, first_step=20)
    assert run.best == Best(40, "term", 2.0)


def test_a_term_that_is_none_is_named(run):
    callback = Checkpoints(run, 0, every=10, best_by="gan_los")
    with pytest.raises(UserError, match="best_by gan_los: no such term; choose one of other, te"):
        train(callback, [1.0])


def test_the_best_takes_no_space_of_its_own_while_its_checkpoint_is_there(run):
    train(Checkpoints(run, 0, every=20, best_by="term"), [1.0] * 20)
    (_, newest), *_ = run.checkpoints
    assert run.best_path.samefile(newest)
    assert steps_kept(run) == [20], "best.keras is not listed as a checkpoint"


def test_the_best_is_copied_where_files_cannot_be_linked(run, monkeypatch):
    def refuse(*paths, **options):
        raise OSError("this file system has no hard links")

    monkeypatch.setattr(os, "link", refuse)
    train(Checkpoints(run, 0, every=20, best_by="term"), [1.0] * 20 + [2.0] * 20)
    assert not run.best_path.samefile(run.checkpoints[0][1])
    assert run.best_path.read_text() == "step 20, whole"
    assert not list(run.folder.rglob("partial-*"))


def test_a_checkpoint_of_a_later_step_does_not_push_out_the_new_one(run):
    """The newest was damaged, so the run went on from the one before."""
    folder = run.folder / "checkpoints"
    (folder / "step-00000020.keras").write_text("step 20, whole")
    (folder / "step-00000040.keras").write_text("damaged")
    train(Checkpoints(run, 20, every=10, keep=1), [1.0] * 10, first_step=20)
    assert steps_kept(run) == [30]
    assert loadable(run.checkpoints[0][1])


def test_what_a_killed_training_was_writing_is_cleared_away(run):
    partial = run.folder / "checkpoints" / "partial-0123abcd-step-00000017.keras"
    mine = run.folder / "checkpoints" / "partial-thoughts.keras"
    for path in (partial, mine):
        path.write_text("ha")
    train(Checkpoints(run, 10, every=10), [1.0] * 10, first_step=10)
    assert not partial.exists()
    assert mine.exists()


@pytest.mark.parametrize("keep", [1, 2])
def test_whatever_fails_a_checkpoint_can_be_loaded(tmp_path, monkeypatch, keep):
    """Every write, rename, link, sync and deletion of a training is made to fail in turn."""
    countdown = itertools.count()

    def failing(function):
        def maybe(*arguments, **options):
            if next(countdown) == fails_at:
                raise OSError("disk full")
            return function(*arguments, **options)

        return maybe

    monkeypatch.setattr(Model, "save", failing(Model.save))
    for owner, name in (
        (pathlib.Path, "replace"),
        (pathlib.Path, "unlink"),
        (pathlib.Path, "hardlink_to"),
        (pathlib.Path, "write_text"),
        (shutil, "copyfile"),
        (os, "fsync"),
    ):
        monkeypatch.setattr(owner, name, failing(getattr(owner, name)))
    failures = 0
    for fails_at in itertools.count():
        run = Run.create(tmp_path / str(fails_at))
        before = run.folder / "checkpoints" / "step-00000010.keras"
        with before.open("w") as file:
            file.write("step 10, whole")
        countdown = itertools.count()
        callback = Checkpoints(run, 10, every=10, keep=keep, best_by="term")
        try:
            train(callback, [5.0] * 10 + [4.0] * 10 + [3.0] * 10, first_step=10)
        except OSError:
            failures += 1
        else:
            if next(countdown) <= fails_at:
                break
        assert any(loadable(path) for _, path in run.checkpoints)
        assert all(loadable(path) for _, path in run.checkpoints)
        if run.best is not None:
            assert run.best_path.read_text() == f"step {run.best.step}, whole"
    assert failures > 20
    assert steps_kept(run) == [20, 30, 40][-keep:]


def test_the_best_is_a_model_that_keras_loads(run):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    path = run.save_checkpoint(model, 3)
    run.keep_best(path, Best(3, "term", 0.5))
    loaded = keras.models.load_model(run.best_path)
    for weight, same in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, same)
