import dataclasses

import pytest

from faceattr.errors import UserError
from faceattr.reproduction.settings import (
    FILE_NAME,
    QUICK,
    ReproductionSettings,
    keep_settings,
)
from faceattr.reproduction.trainings import BASELINE, NO_DUAL, NO_RESIDUAL, SIX, training_config

_QUICK = ReproductionSettings(**QUICK)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"steps": 0}, "steps 0: must be a number of at least 1"),
        ({"faces": 3}, "faces 3: must be a number of at least 10"),
        ({"seed": -1}, "seed -1"),
        ({"data": "celeba"}, "data celeba needs data_dir"),
    ],
)
def test_settings_that_cannot_be(changed, message):
    with pytest.raises(UserError, match=message):
        dataclasses.replace(_QUICK, **changed)


def test_a_folder_keeps_the_settings_it_began_with(tmp_path):
    keep_settings(_QUICK, tmp_path / "out")
    keep_settings(_QUICK, tmp_path / "out")

    with pytest.raises(UserError, match="steps is 30 there, not 31; name another out"):
        keep_settings(dataclasses.replace(_QUICK, steps=31), tmp_path / "out")


def test_damaged_settings(tmp_path):
    (tmp_path / FILE_NAME).write_text("{")

    with pytest.raises(UserError, match="damaged"):
        keep_settings(_QUICK, tmp_path)


def test_all_trainings_have_the_same_data_budget_and_seed(tmp_path):
    names = (*SIX, BASELINE, NO_RESIDUAL, NO_DUAL)
    configs = {name: training_config(name, _QUICK, tmp_path) for name in names}

    for shared in (
        "data",
        "data_dir",
        "split",
        "image_size",
        "width",
        "batch_size",
        "steps",
        "seed",
    ):
        assert len({getattr(config, shared) for config in configs.values()}) == 1, shared
    glasses = configs["glasses"]
    ours = glasses.settings()
    assert {**ours, "residual": False} == configs[NO_RESIDUAL].settings()
    assert {**ours, "dual": False} == configs[NO_DUAL].settings()
    assert configs[BASELINE].model == "vae_gan"
    assert [configs[name].attr for name in SIX] == list(SIX)


def test_extras_are_for_ours_and_not_for_the_baseline(tmp_path):
    settings = dataclasses.replace(_QUICK, spectral_norm=True, ema_decay=0.99)

    ours = training_config("glasses", settings, tmp_path)
    extras = {"spectral_norm": True, "ema_decay": 0.99, "alpha": 5e-4}
    assert {name: getattr(ours.options, name) for name in extras} == extras
    baseline = training_config(BASELINE, settings, tmp_path)
    assert not baseline.settings().keys() & extras.keys()
