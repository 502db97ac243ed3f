import json
import logging
import types

import keras
import numpy as np
import pytest
from PIL import Image

from faceattr.data import choice, synthetic
from faceattr.errors import UserError
from faceattr.runs.run import Run
from faceattr.runs.settings import TrainConfig
from faceattr.training.data import TrainingData
from faceattr.training.plan import new_configs, read_several, resumed_configs
from faceattr.training.several import train_several as several
from faceattr.training.several.train_several import load_each, train_several
from faceattr.training.train import TrainingStopped
from faceattr.training.watching.guards import TrainingDiverged

TINY = {"image_size": 32, "width": 4, "batch_size": 4, "synthetic_faces": 40, "steps": 4}
NAMES = ["young", "Smiling", "glasses"]
FOLDERS = ["young", "smile", "glasses"]


def configs(names=NAMES, **settings):
    return new_configs({"attr": names, **TINY, **settings})


class FakeTraining:
    """Leaves what a training leaves, but for the learning."""

    def __init__(self):
        self.calls = []
        self.forgotten = 0
        self.stops = set()
        self.diverges = set()

    def start_again(self, stops=()):
        self.calls, self.forgotten = [], 0
        self.stops, self.diverges = set(stops), set()

    def forget(self):
        self.forgotten += 1

    def __call__(self, config, run_dir, resume=False, strategy=None):
        assert self.forgotten == len(self.calls), "the one before is still in memory"
        self.calls.append((config.attr, resume))
        data = TrainingData.load(config, Run.open(run_dir).split_folder if resume else None)
        run = Run(run_dir) if resume else Run.create(run_dir)
        run.write_data(data.describe(config))
        data.split.write(run.split_folder, data.table)
        run.write_config(config)
        if config.attr in self.diverges:
            raise TrainingDiverged(2, "gan_loss")
        step = 1 if config.attr in self.stops else config.steps
        row = {"step": step, "pairs_per_second": 2.0, "gan_loss": 1.5, "residual_to_positive": 0.1}
        with run.metrics_path.open("a") as file:
            file.write(json.dumps(row) + "\n")
        (run.folder / "checkpoints" / f"step-{step:08d}.keras").write_text("weights")
        if config.attr in self.stops:
            raise TrainingStopped(step)
        run.model_path.write_text("weights")
        truth = {"edited_psnr": 20.126, "unedited_psnr": 17.0, "faces": 3}
        results = {"objective": row, "truth": {data.attributes[0].adding.name: truth}}
        run.write_results(results, config.steps)
        return run


class FakeModel:
    """Makes every face brighter; G1 darker."""

    def residual_image(self, images, edit):
        return np.full_like(images, 0.25 if edit.adds else -0.25)


@pytest.fixture
def training(monkeypatch):
    fake = FakeTraining()
    monkeypatch.setattr(several, "train", fake)
    monkeypatch.setattr(keras.utils, "clear_session", fake.forget)
    monkeypatch.setattr(keras.models, "load_model", lambda path: FakeModel())
    return fake


def test_each_attribute_is_a_run_of_its_own(training, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    folder = tmp_path / "runs" / "three"
    outcomes = train_several(configs(), folder)
    assert training.calls == [(name, False) for name in NAMES]
    assert [outcome.run.folder for outcome in outcomes] == [folder / name for name in FOLDERS]
    assert [outcome.problem for outcome in outcomes] == [None] * 3
    assert read_several(folder) == configs()
    headings = [line for line in caplog.text.splitlines() if line.startswith("===")]
    assert headings[0] == "=== attribute 1 of 3: young"
    assert headings[1].startswith("=== attribute 2 of 3: Smiling, about ")
    assert headings[1].endswith(" left in all")
    assert {path.name for path in folder.iterdir()} == {
        *FOLDERS,
        "several.json",
        "summary.json",
        "summary.md",
        "montage.png",
    }


def test_the_report_tells_what_came_of_each_edit(training, tmp_path):
    training.diverges = {"Smiling"}
    outcomes = train_several(configs(), tmp_path / "three")
    assert [name for name, _ in training.calls] == NAMES, "the others are trained all the same"
    problem = "gan_loss is not finite after step 2"
    assert [outcome.problem for outcome in outcomes] == [None, problem, None]
    lines = (tmp_path / "three" / "summary.md").read_text().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[:8]]
    assert cells[0][:4] == ["attribute", "edit", "steps", "time"]
    assert cells[2] == ["young", "make_young", "4", "8 s", "1.5", "-", "-", "0.1", "20.13", "17.00"]
    assert cells[3][:2] == ["young", "make_old"]
    assert cells[3][-2:] == ["-", "-"], "no truth was measured"
    assert cells[4][:3] == ["Smiling", "add_smile", "0, diverged"]
    assert [line[0] for line in cells[2:8]] == [name for name in NAMES for _ in range(2)]
    assert lines[-1] == f"Smiling: {problem}"
    summary = json.loads((tmp_path / "three" / "summary.json").read_text())["attributes"]
    assert [part["attribute"] for part in summary] == NAMES
    assert [part["problem"] for part in summary] == [None, problem, None]
    assert summary[0]["seconds"] == 4 * 4 / 2.0
    assert summary[0]["edits"]["make_young"]["edited_psnr"] == 20.126
    assert summary[0]["results"]["truth"]["make_young"]["faces"] == 3
    assert summary[1]["results"] is None


def test_the_montage_shows_faces_residuals_and_edits(training, tmp_path):
    training.diverges = {"Smiling"}
    train_several(configs(), tmp_path / "three")
    strips = [tmp_path / "three" / name / "strip.png" for name in FOLDERS]
    assert [path.is_file() for path in strips] == [True, False, True]
    pictures = [np.asarray(Image.open(path)) for path in (strips[0], strips[2])]
    montage = np.asarray(Image.open(tmp_path / "three" / "montage.png"))
    np.testing.assert_array_equal(montage[: len(pictures[0]), : pictures[0].shape[1]], pictures[0])
    assert len(montage) > sum(map(len, pictures))
    data = TrainingData.load(configs()["young"])
    face = Image.fromarray(data.test_crops(data.edits[0], 32)[0]).resize(
        (96, 96), Image.Resampling.BICUBIC
    )
    (top, left), *others = places(pictures[0], np.asarray(face))
    assert not others
    residual = pictures[0][top + 98 : top + 98 + 96, left : left + 96]
    np.testing.assert_array_equal(residual, np.full((96, 96, 3), 159)), "0.25 above grey"
    edited = pictures[0][top + 2 * 98 : top + 2 * 98 + 96, left : left + 96]
    assert edited.mean() > np.asarray(face).mean() + 20


def places(picture, patch):
    """(top, left) wherever `patch` is in `picture`."""
    windows = np.lib.stride_tricks.sliding_window_view(picture, patch.shape)[..., 0, :, :, :]
    corner = (windows[:, :, 0, 0] == patch[0, 0]).all(axis=-1)
    found = np.argwhere(corner)
    return [(y, x) for y, x in found if np.array_equal(windows[y, x], patch)]


def test_a_stopped_training_goes_on_as_a_whole(training, tmp_path):
    folder = tmp_path / "three"
    training.stops = {"Smiling"}
    with pytest.raises(TrainingStopped):
        train_several(configs(), folder)
    assert training.calls == [("young", False), ("Smiling", False)]
    assert not (folder / "summary.md").exists()
    training.start_again()
    outcomes = train_several(resumed_configs(folder, {}), folder, resume=True)
    assert training.calls == [("Smiling", True), ("glasses", False)]
    assert [outcome.config.attr for outcome in outcomes] == NAMES
    assert (folder / "summary.md").read_text().count("make_young") == 1
    assert (folder / "montage.png").is_file()
    training.start_again()
    train_several(resumed_configs(folder, {}), folder, resume=True)
    assert not training.calls, "all are finished"


def test_a_diverged_training_is_tried_again(training, tmp_path):
    folder = tmp_path / "three"
    training.diverges = {"young"}
    train_several(configs(), folder)
    training.start_again()
    outcomes = train_several(resumed_configs(folder, {}), folder, resume=True)
    assert training.calls == [("young", True)]
    assert [outcome.problem for outcome in outcomes] == [None] * 3


def test_finished_trainings_can_be_made_longer_but_not_shorter(training, tmp_path):
    folder = tmp_path / "three"
    train_several(configs(), folder)
    with pytest.raises(UserError, match="steps 3: young is at step 4 already"):
        train_several(resumed_configs(folder, {"steps": 3}), folder, resume=True)
    assert read_several(folder) == configs(), "a refused resume changes nothing"
    training.start_again(stops={"young"})
    longer = resumed_configs(folder, {"steps": 6})
    with pytest.raises(TrainingStopped):
        train_several(longer, folder, resume=True)
    assert read_several(folder) == longer
    training.start_again()
    train_several(resumed_configs(folder, {}), folder, resume=True)
    assert training.calls == [(name, True) for name in NAMES]


def test_measurements_of_before_the_last_step_do_not_make_a_run_finished(training, tmp_path):
    folder = tmp_path / "three"
    train_several(configs(), folder)
    results = folder / "young" / "results.json"
    results.write_text(results.read_text().replace('"steps": 4', '"steps": 3'))
    training.start_again()
    train_several(resumed_configs(folder, {}), folder, resume=True)
    assert training.calls == [("young", True)]


def test_a_finished_run_may_lose_its_checkpoints(training, tmp_path):
    folder = tmp_path / "three"
    train_several(configs(), folder)
    for path in folder.rglob("step-*.keras"):
        path.unlink()
    training.start_again()
    train_several(resumed_configs(folder, {}), folder, resume=True)
    assert not training.calls


def test_a_strip_that_is_missing_is_drawn_when_going_on(training, tmp_path):
    folder = tmp_path / "three"
    train_several(configs(), folder)
    (folder / "young" / "strip.png").unlink()
    training.start_again()
    train_several(resumed_configs(folder, {}), folder, resume=True)
    assert (folder / "young" / "strip.png").is_file()
    assert not training.calls


def test_what_was_killed_before_it_was_a_run_is_begun_anew(training, tmp_path):
    folder = tmp_path / "three"
    train_several(configs(), folder)
    (folder / "young" / "config.json").unlink()
    for path in (folder / "young").iterdir():
        if path.name not in ("data.json", "split", "samples", "checkpoints"):
            path.unlink()
    for path in folder.rglob("young/checkpoints/*"):
        path.unlink()
    training.start_again()
    train_several(resumed_configs(folder, {}), folder, resume=True)
    assert training.calls == [("young", False)]


def test_what_no_training_left_is_not_removed(training, tmp_path):
    folder = tmp_path / "three"
    training.stops = {"young"}
    with pytest.raises(TrainingStopped):
        train_several(configs(), folder)
    (folder / "smile").mkdir()
    (folder / "smile" / "notes.txt").write_text("mine")
    training.start_again()
    with pytest.raises(UserError, match="smile is not empty"):
        train_several(resumed_configs(folder, {}), folder, resume=True)
    assert (folder / "smile" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"names": ["young", "smile", "moustache"]}, "unknown attribute 'moustache'"),
        ({"test_per_class": 1000}, "test_per_class 1000 leaves nothing"),
        ({"split": "official"}, "split official"),
        ({"data": "celeba", "data_dir": "nowhere"}, "data_dir nowhere: no such folder"),
    ],
)
def test_problems_of_the_data_are_found_before_the_first_training(
    training, tmp_path, settings, message
):
    with pytest.raises(UserError, match=message):
        train_several(configs(**{"names": NAMES, **settings}), tmp_path / "three")
    assert not training.calls
    assert list(tmp_path.iterdir()) == []


def test_unreadable_images_are_found_before_the_first_training(training, tmp_path):
    synthetic.write_celeba(tmp_path / "celeba", 40, seed=0, size=32)
    next((tmp_path / "celeba" / "img_align_celeba").iterdir()).write_bytes(b"no picture")
    settings = {"data": "celeba", "data_dir": str(tmp_path / "celeba")}
    with pytest.raises(UserError, match="on_bad_image skip"):
        train_several(configs(**settings), tmp_path / "three")
    assert not training.calls
    train_several(configs(**settings, on_bad_image="skip"), tmp_path / "three")
    assert len(training.calls) == 3


def test_a_folder_in_use_is_not_overwritten(training, tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(UserError, match="is not empty; add resume"):
        train_several(configs(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_a_batch_that_devices_cannot_share_leaves_no_folder_behind(training, tmp_path):
    strategy = types.SimpleNamespace(num_replicas_in_sync=3)
    with pytest.raises(UserError, match="batch_size 4: 3 devices"):
        train_several(configs(), tmp_path / "three", strategy=strategy)
    assert list(tmp_path.iterdir()) == []


def test_only_the_first_of_many_machines_writes(training, monkeypatch, tmp_path):
    monkeypatch.setattr(several, "worker", lambda strategy: (1, 2))
    monkeypatch.setattr(several, "train", lambda config, *rest, **settings: None)
    outcomes = train_several(configs(), tmp_path / "three")
    assert len(outcomes) == 3
    assert list(tmp_path.iterdir()) == []


def test_faces_are_drawn_once_and_split_as_each_training_splits_them(monkeypatch):
    drawn = []
    draw = choice.draw_synthetic

    def counted(*arguments):
        drawn.append(arguments)
        return draw(*arguments)

    choice._drawn.cache_clear()
    monkeypatch.setattr(choice, "draw_synthetic", counted)
    looked_at = dict(load_each(configs()))
    assert len(drawn) == 1
    for name, config in configs().items():
        data = TrainingData.load(config)
        assert looked_at[name].attributes == data.attributes
        np.testing.assert_array_equal(looked_at[name].split.indices(), data.split.indices())
        assert looked_at[name].describe(config) == data.describe(config)


def test_a_run_that_has_begun_is_looked_at_with_its_own_split(tmp_path):
    config = configs()["smile"]
    other = TrainingData.load(TrainConfig.of(attr="smile", **{**TINY, "seed": 0}))
    other.split.write(tmp_path, other.table)
    listed = tmp_path / "test_positive.txt"
    listed.write_text("".join(listed.read_text().splitlines(keepends=True)[::-1]))
    both = dict(load_each({"young": configs()["young"], "smile": config}, {"smile": tmp_path}))
    np.testing.assert_array_equal(
        both["smile"].split.test_positive, other.split.test_positive[::-1]
    )
