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
        ({"width": 0}, "--width 0: must be at least 1"),
        ({"batch_size": 0}, "--batch_size 0"),
        ({"steps": -5}, "--steps -5"),
        ({"test_per_class": 0}, "--test_per_class 0"),
        ({"alpha": -1.0}, "--alpha -1.0"),
        ({"alpha": float("nan")}, "--alpha nan"),
        ({"seed": -1}, "--seed -1"),
        ({"checkpoint_every": 0}, "--checkpoint_every 0"),
        ({"data": "imagenet"}, "--data imagenet: choose one of synthetic, celeba, lfw"),
        ({"data": "celeba"}, "--data celeba needs --data_dir"),
        ({"data_dir": "x"}, "name their --data"),
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
    config = TrainConfig(attr="male", alpha=0.5, dual=False)
    path = tmp_path / "config.json"
    path.write_text(config.to_json())
    assert TrainConfig.read(path) == config


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
