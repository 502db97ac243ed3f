import json
import os
import shutil
import signal
import time

import commands
import keras
import numpy as np
import pytest
import warm_start
from PIL import Image

from faceattr import pixels
from faceattr.errors import UserError
from faceattr.models.residual_gan.family import FAMILY
from faceattr.pictures.similarity import psnr
from faceattr.runs.run import Run
from faceattr.runs.settings import TrainConfig
from faceattr.runs.weights import finished_model
from faceattr.training.data import TrainingData
from faceattr.training.train import train
from faceattr.training.watching.guards import Advice, GivenAdvice, TrainingDiverged

TINY = {"image_size": 32, "width": 4, "batch_size": 4, "synthetic_faces": 40}


def rows(run):
    return [json.loads(line) for line in run.metrics_path.read_text().splitlines()]


def test_a_run_directory_explains_itself(finished_run):
    folder = finished_run.folder
    assert finished_run.config == TrainConfig.of(
        attr="glasses", image_size=32, width=4, batch_size=4, steps=3, synthetic_faces=24
    )
    data = finished_run.data
    assert data["attributes"][0]["edits"] == ["add_glasses", "remove_glasses"]
    assert data["images"] == 24
    names = {path.stem: path.read_text().split() for path in (folder / "split").iterdir()}
    assert (
        len(names["train_negative"])
        == len(names["train_positive"])
        == data["attributes"][0]["train_per_class"]
    )
    everything = [name for members in names.values() for name in members]
    assert len(set(everything)) == len(everything)
    assert rows(finished_run)[-1]["step"] == 3
    with Image.open(folder / "samples" / "step-00000003.png") as grid:
        assert grid.width > grid.height / 2
    truth = json.loads((folder / "results.json").read_text())["truth"]
    assert set(truth) == {"add_glasses", "remove_glasses"}
    data = TrainingData.load(finished_run.config)
    unedited = psnr(data.test_crops(data.edits[0], 32), data.counterfactuals(data.edits[0])).mean()
    assert truth["add_glasses"]["unedited_psnr"] == pytest.approx(unedited)
    model = keras.models.load_model(finished_run.model_path)
    x = pixels.to_float(data.test_crops(data.edits[1], 32))
    edited = pixels.to_uint8(np.asarray(model.edit(x, data.attributes[0].removing)))
    wanted = psnr(edited, data.counterfactuals(data.edits[1])).mean()
    assert truth["remove_glasses"]["edited_psnr"] == pytest.approx(wanted, abs=0.01)
    assert not list(folder.rglob("partial-*"))


@pytest.fixture(scope="module")
def four_steps(tmp_path_factory):
    """A finished run with two checkpoints, to be copied."""
    return train(of_steps(4), tmp_path_factory.mktemp("runs") / "smile").folder


def of_steps(steps):
    return TrainConfig.of(attr="smile", steps=steps, checkpoint_every=2, **TINY)


@pytest.fixture
def finished(four_steps, tmp_path):
    shutil.copytree(four_steps, tmp_path / "run")
    return Run.open(tmp_path / "run")


def test_a_finished_run_cannot_be_made_shorter(finished):
    with pytest.raises(UserError, match="steps 3: the run is at step 4 already"):
        train(of_steps(3), finished.folder, resume=True)
    assert finished.config.steps == 4, "a refused resume changes nothing"


def test_rows_after_the_checkpoint_are_dropped_and_a_cut_row_is_forgiven(tmp_path):
    run = Run(tmp_path)
    run.metrics_path.write_text('{"step": 20}\n{"step": 40}\n{"step": 60}\n{"ste')
    run.keep_metrics_until(40)
    assert [row["step"] for row in rows(run)] == [20, 40]


def test_a_folder_in_use_is_not_overwritten(tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(UserError, match="is not empty; add resume"):
        train(TrainConfig.of(attr="smile", steps=1, **TINY), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_bad_data_leave_no_run_behind(tmp_path):
    config = TrainConfig.of(attr="moustache", steps=1, **TINY)
    with pytest.raises(UserError, match=r"unknown attribute 'moustache'.*Mustache"):
        train(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_that_is_made_longer_keeps_the_split_of_its_first_day(finished, untraced):
    listed = finished.split_folder / "test_positive.txt"
    moved = listed.read_text().splitlines()[0]
    train_list = finished.split_folder / "train_positive.txt"
    swapped = train_list.read_text().splitlines()[0]
    listed.write_text(listed.read_text().replace(moved, swapped))
    train_list.write_text(train_list.read_text().replace(swapped, moved))
    before = listed.read_text()
    with untraced():
        train(of_steps(5), finished.folder, resume=True)
    assert listed.read_text() == before
    assert [row["step"] for row in rows(finished)] == [4, 5]


def test_a_damaged_checkpoint_falls_back_to_the_one_before(finished, caplog, untraced):
    (first, _), (last, newest) = finished.checkpoints
    assert (first, last) == (2, 4)
    newest.write_bytes(newest.read_bytes()[:5000])
    with untraced():
        train(of_steps(5), finished.folder, resume=True)
    assert "step-00000004.keras is damaged" in caplog.text
    model = keras.models.load_model(finished.model_path)
    assert model.steps_done == 5
    for _, path in finished.checkpoints:
        path.write_bytes(b"")
    with pytest.raises(UserError, match="no checkpoint can be loaded"):
        train(of_steps(5), finished.folder, resume=True)


def test_losses_that_are_not_finite_stop_the_training_and_save_nothing(tmp_path, untraced):
    config = TrainConfig.of(attr="smile", steps=4, checkpoint_every=1, alpha=1e38, **TINY)
    before = signal.getsignal(signal.SIGINT)
    with untraced(), pytest.raises(TrainingDiverged) as caught:
        train(config, tmp_path / "run")
    assert caught.value.step == 1
    assert caught.value.term == "generator_loss"
    run = Run(tmp_path / "run")
    assert not run.checkpoints
    assert not run.model_path.exists()
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("residual", "discriminator_loss", "advice"),
    [(1e-3, 0.5, "smaller --alpha"), (0.1, 1e-4, "without error"), (0.1, 0.5, None)],
)
def test_a_failing_training_gets_advice_once(caplog, residual, discriminator_loss, advice):
    callback = GivenAdvice(0, Advice(FAMILY.alarms))
    logs = {
        "residual_to_positive": residual,
        "residual_to_negative": residual,
        "discriminator_loss": discriminator_loss,
    }
    for _ in range(Advice.FIRST_STEP - 1):
        callback.on_train_batch_end(0, logs)
    assert not caplog.records, "too early to tell"
    for _ in range(5):
        callback.on_train_batch_end(0, logs)
    assert [advice in record.message for record in caplog.records] == [True] * bool(advice)


# FACEATTR_KILLS=10 kills ten runs, each at a moment of its own.
KILLS = int(os.environ.get("FACEATTR_KILLS", "1"))


@pytest.mark.exhaustive
@pytest.mark.slow
def test_a_run_that_is_killed_and_resumed_ends_with_the_same_bits(tmp_path):
    settings = "--attr glasses --image_size 32 --width 4 --batch_size 4 --synthetic_faces 40"
    settings += " --steps 120 --checkpoint_every 12 --deterministic"

    def weights(folder):
        return [weight.numpy() for weight in finished_model(Run.open(folder)).weights]

    whole = warm_start.run(["train.py", *settings.split(), "--run_dir", tmp_path / "whole"])
    assert whole.returncode == 0, whole.stderr
    for number in range(KILLS):
        folder = tmp_path / f"killed-{number}"
        killed = ["train.py", *settings.split(), "--run_dir", folder]
        with warm_start.Process(killed) as process:
            deadline = time.monotonic() + 120
            while not Run(folder).checkpoints and time.monotonic() < deadline:
                time.sleep(0.05)
            time.sleep(np.random.default_rng().uniform(0, 1))
            process.kill()
        last, _ = Run(folder).checkpoints[-1]
        assert last < 120, "killed too late to prove anything"
        # In a process of its own start, which orders sets in another way.
        resumed = commands.run(["train.py", "--run_dir", folder, "--resume"])
        assert resumed.returncode == 0, resumed.stderr
        print(f"killed after the checkpoint of step {last}")
        for weight, same in zip(weights(tmp_path / "whole"), weights(folder), strict=True):
            np.testing.assert_array_equal(weight, same)


@pytest.mark.slow
def test_sixty_steps_bring_edits_nearer_to_the_truth(tmp_path):
    """A tiny training really learns: on held-out faces the edit beats the untrained network, and
    moves towards the true counterfactual, not just back to the input."""
    config = TrainConfig.of(
        attr="young",
        image_size=32,
        width=16,
        batch_size=16,
        steps=60,
        alpha=2e-4,
        synthetic_faces=300,
        sample_every=60,
    )
    run = train(config, tmp_path / "run")
    model = keras.models.load_model(run.model_path)
    data = TrainingData.load(config)
    for edit in data.edits:
        gain = towards_truth(model, data, edit)
        print(f"{edit.name}: {gain:.3f}")
        assert gain > 0.1


def towards_truth(model, data, edit):
    """Mean correlation over held-out faces of the residual with the true change."""
    x = data.test_crops(edit, 32)
    truth = data.counterfactuals(edit)
    residual = np.asarray(model.edit(x / np.float32(127.5) - 1, edit)) * 127.5 + 127.5 - x
    change = truth.astype(np.float32) - x
    return np.mean(
        [np.corrcoef(r.ravel(), c.ravel())[0, 1] for r, c in zip(residual, change, strict=True)]
    )
