import importlib
import io
import itertools
import json
import sys
import types

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.summary.writer import event_file_writer

from faceattr.attributes import find_attribute
from faceattr.models.registry import families
from faceattr.models.residual_gan.family import FAMILY
from faceattr.runs.run import Run
from faceattr.training.watching.callbacks import ROW_EVERY, MetricsLog
from faceattr.training.watching.tensorboard_log import TensorBoardLog, tensorboard_is_installed

GRID_EVERY = 30
TERMS = FAMILY.terms(find_attribute("glasses", ["Eyeglasses"]).edits)
TAGS = {
    "gan_loss": "generator/gan_loss",
    "discriminator_loss": "discriminator/discriminator_loss",
    "pairs_per_second": "speed/pairs_per_second",
}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """TensorBoard reads event files in the order of the second that each was begun in."""
    seconds = itertools.count(2_000_000_000)
    clock = types.SimpleNamespace(time=lambda: float(next(seconds)))
    monkeypatch.setattr(event_file_writer, "time", clock)
    return Run.create(tmp_path / "run")


def grid_of(step):
    return np.random.default_rng(step).integers(0, 256, (6, 9, 3), dtype=np.uint8)


def draw(run, step):
    Image.fromarray(grid_of(step)).save(run.sample_path(step))


def train(run, first_step, last_step, steps, seed=0, finish=True, log=True):
    """Steps with a term of random values; without `finish` the training is killed."""
    random = np.random.default_rng(seed)
    metrics = MetricsLog(run, first_step, steps, batch_size=4)
    board = TensorBoardLog(run, first_step, TERMS) if log else None
    metrics.on_train_begin()
    for _, path in [sample for sample in run.samples if sample[0] > first_step]:
        path.unlink()  # as Samples does
    if first_step == 0:
        draw(run, 0)
    if board:
        board.on_train_begin()
    for step in range(first_step + 1, last_step + 1):
        logs = {"gan_loss": random.normal(), "discriminator_loss": random.normal()}
        metrics.on_train_batch_end(0, logs)
        if step % GRID_EVERY == 0 or step == steps:
            draw(run, step)
        if board:
            board.on_train_batch_end(0, logs)
    if board and finish:
        board.on_train_end()


def read(run):
    everything = dict.fromkeys(("scalars", "images", "tensors"), 0)
    events = EventAccumulator(str(run.tensorboard_folder), size_guidance=everything)
    return events.Reload()


def rows(run):
    return [json.loads(line) for line in run.metrics_path.read_text().splitlines()]


def assert_shows_the_run(run):
    """TensorBoard has each row and each grid of the run's files once, and nothing else."""
    events = read(run)
    wanted = rows(run)
    tags = {term: TAGS[term] for term in wanted[0] if term != "step"}
    assert set(events.Tags()["scalars"]) == set(tags.values())
    for term, tag in tags.items():
        scalars = events.Scalars(tag)
        assert [scalar.step for scalar in scalars] == [row["step"] for row in wanted]
        found = np.array([scalar.value for scalar in scalars], np.float32)
        np.testing.assert_array_equal(found, np.array([row[term] for row in wanted], np.float32))
    images = events.Images("samples")
    assert [image.step for image in images] == [step for step, _ in run.samples]
    for image in images:
        with Image.open(io.BytesIO(image.encoded_image_string)) as grid:
            np.testing.assert_array_equal(np.asarray(grid), grid_of(image.step))
        assert (image.width, image.height) == (9, 6)


def test_tensorboard_shows_the_rows_and_grids_of_the_run(run):
    train(run, 0, 70, steps=70)
    assert [row["step"] for row in rows(run)] == [20, 40, 60, 70]
    assert [step for step, _ in run.samples] == [0, 30, 60, 70]
    assert_shows_the_run(run)


def test_a_killed_training_has_shown_every_row_and_grid(run):
    train(run, 0, 65, steps=200, finish=False)
    assert [row["step"] for row in rows(run)][-1] == 60
    assert_shows_the_run(run)


@pytest.mark.parametrize("first_step", [0, ROW_EVERY - 1, 50, 60, 79, 80])
def test_steps_that_are_seen_again_are_shown_once(run, first_step):
    train(run, 0, 90, steps=200, seed=1, finish=False)
    train(run, first_step, 130, steps=200, seed=2)
    train(run, 130, 150, steps=200, seed=3)
    assert [row["step"] for row in rows(run)] == [20, 40, 60, 80, 100, 120, 140]
    assert_shows_the_run(run)


def test_a_run_resumed_and_stopped_at_once_shows_nothing_that_was_dropped(run):
    train(run, 0, 90, steps=200)
    train(run, 50, 51, steps=200)
    assert [row["step"] for row in rows(run)] == [20, 40]
    assert_shows_the_run(run)


def test_a_run_that_gets_tensorboard_later_shows_its_whole_past(run):
    train(run, 0, 70, steps=200, log=False)
    train(run, 50, 100, steps=200)
    assert [row["step"] for row in rows(run)] == [20, 40, 60, 80, 100]
    assert_shows_the_run(run)


def test_terms_are_filed_under_whose_they_are():
    of = {
        name: {term.name: term.group for term in each.terms()} for name, each in families().items()
    }
    assert of["residual_gan"]["r1_penalty"] == "discriminator"
    assert of["vae_gan"]["prior_loss"] == "encoder", "it is no generator's"


def test_a_training_may_do_without_the_package(monkeypatch):
    assert tensorboard_is_installed()
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "tensorboard")
    importlib.invalidate_caches()
    assert not tensorboard_is_installed()
