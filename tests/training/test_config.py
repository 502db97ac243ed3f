import dataclasses

import pytest

from faceattr.errors import UserError
from faceattr.training.config import PRESETS, TrainConfig, preset_config, resumed_config


def test_the_paper_preset_adds_nothing():
    config = preset_config("paper", {"attr": "glasses"})
    assert (config.image_size, config.width) == (128, 64)
    assert config.alpha is None, "the paper's weight, by scope"
    assert config.residual
    assert config.dual


def test_the_preset_follows_the_data():
    assert preset_config(None, {"attr": "young"}).image_size == PRESETS["quick"]["image_size"]
    real = preset_config(None, {"attr": "young", "data": "celeba", "data_dir": "x"})
    assert real.image_size == PRESETS["paper"]["image_size"]


def test_settings_win_over_the_preset():
    assert preset_config("paper", {"attr": "young", "image_size": 32}).image_size == 32


@pytest.mark.parametrize(
    ("settings", "flag"),
    [
        ({"image_size": 48}, "--image_size 48: choose a power of two from 32 to 256"),
        ({"image_size": 512}, "--image_size 512"),
        ({"width": 0}, "--width 0: must be a number of at least 1"),
        ({"batch_size": 0}, "--batch_size 0"),
        ({"steps": -5}, "--steps -5"),
        ({"test_per_class": 0}, "--test_per_class 0"),
        ({"alpha": -1.0}, "--alpha -1.0"),
        ({"alpha": float("nan")}, "--alpha nan"),
        ({"alpha": float("inf")}, "--alpha inf"),
        ({"jitter": 1.5}, "--jitter 1.5: must be from 0 to 1"),
        ({"cache": "disk"}, "--cache disk: choose one of auto, memory, none"),
        ({"seed": -1}, "--seed -1"),
        ({"checkpoint_every": 0}, "--checkpoint_every 0"),
        (
            {"data": "imagenet"},
            "--data imagenet: choose one of synthetic, celeba, lfw, tfds, csv, folders",
        ),
        ({"data": "celeba"}, "--data celeba needs --data_dir"),
        ({"data": "folders"}, "--data folders needs --data_dir"),
        ({"data": "csv", "data_dir": "x"}, "--data csv needs --labels"),
        ({"data_dir": "x"}, "name their --data"),
        ({"labels": "x.csv"}, "--labels is for --data csv, not for --data synthetic"),
        (
            {"data": "celeba", "data_dir": "x", "image_column": "file"},
            "--image_column is for --data csv, not for --data celeba",
        ),
        (
            {"data": "celeba", "data_dir": "x", "min_confidence": 0.9},
            "--min_confidence is for --data lfw or csv, not for --data celeba",
        ),
        ({"label_overrides": "x.csv"}, "--label_overrides is for --data celeba or lfw"),
        ({"crop": "lfw"}, "--crop is for --data celeba"),
        (
            {"data": "csv", "labels": "x.csv", "crop": "tight"},
            "--crop tight: choose one of none, celeba, lfw",
        ),
        (
            {"data": "csv", "labels": "x.csv", "min_confidence": 1.0},
            "--min_confidence 1.0: choose from 0.5 to below 1",
        ),
        (
            {"data": "csv", "labels": "x.csv", "min_confidence": 0.4},
            "--min_confidence 0.4: choose from 0.5",
        ),
        (
            {"data": "lfw", "data_dir": "x", "min_confidence": -1.0},
            "--min_confidence -1.0: must be a number of at least 0",
        ),
        ({"split": "half"}, "--split half: choose one of random, official, person"),
        ({"on_bad_image": "mend"}, "--on_bad_image mend: choose one of error, skip"),
    ],
)
def test_settings_out_of_range_are_named(settings, flag):
    with pytest.raises(UserError) as caught:
        preset_config(None, {"attr": "young", **settings})
    assert flag in str(caught.value)


def test_an_unknown_preset_lists_the_known():
    with pytest.raises(UserError, match="--preset best: choose one of paper, quick"):
        preset_config("best", {"attr": "young"})


def test_settings_survive_the_file(tmp_path):
    config = TrainConfig(
        attr="male",
        data="csv",
        labels="faces.csv",
        min_confidence=0.9,
        crop="celeba",
        split="person",
        on_bad_image="skip",
        alpha=0.5,
        dual=False,
    )
    path = tmp_path / "config.json"
    path.write_text(config.to_json())
    assert TrainConfig.read(path) == config


def test_images_of_a_csv_may_lie_beside_it():
    assert TrainConfig(attr="smile", data="csv", labels="faces.csv").data_dir is None


@pytest.mark.parametrize("text", ["", "[]", '{"attr": "young", "colour": 3}', "{"])
def test_a_file_that_is_no_settings_is_named(tmp_path, text):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(UserError, match=r"config\.json: not the settings"):
        TrainConfig.read(path)


def test_a_missing_settings_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"config\.json: no such file"):
        TrainConfig.read(tmp_path / "config.json")


def test_a_run_goes_on_only_with_its_own_settings():
    saved = TrainConfig(attr="young", steps=100)
    assert resumed_config(saved, {}) == saved
    assert resumed_config(saved, {"attr": "young"}) == saved
    longer = resumed_config(saved, {"steps": 200, "sample_every": 7})
    assert longer == dataclasses.replace(saved, steps=200, sample_every=7)
    with pytest.raises(UserError, match="--width is 64 in the run, not 32") as caught:
        resumed_config(saved, {"width": 32, "seed": 5})
    assert "--seed is 0 in the run, not 5" in str(caught.value)
