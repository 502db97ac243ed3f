import dataclasses
import json

import hypothesis
import pytest
from hypothesis import strategies as st

from faceattr.attributes import PAPER_ATTRIBUTES
from faceattr.errors import UserError
from faceattr.runs.run import Run
from faceattr.runs.settings import TrainConfig, all_options
from faceattr.training.plan import (
    attribute_names,
    is_several,
    merged_settings,
    new_configs,
    read_settings_file,
    read_several,
    resumed_config,
    resumed_configs,
    write_several,
)

SIX = ["glasses", "mouth_open", "smile", "no_beard", "young", "male"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("young", ["young"]),
        ("all", SIX),
        (" glasses, smile ,Wearing_Hat", ["glasses", "smile", "Wearing_Hat"]),
        ('smile,"hat, red"', ["smile", "hat, red"]),
        ("photos/hat", ["photos/hat"]),
        ("5 o'clock shadow", ["5 o'clock shadow"]),
    ],
)
def test_the_flag_names_one_attribute_or_several(text, names):
    assert attribute_names(text) == names


@pytest.mark.parametrize("text", ["", " ", "glasses,,smile", "glasses,", ","])
def test_a_missing_name_is_refused(text):
    with pytest.raises(UserError, match=r"attr .*: a name is missing"):
        attribute_names(text)


def test_a_missing_quote_is_refused():
    with pytest.raises(UserError, match="a name with a comma in it stands in double quotes"):
        attribute_names('smile,"hat, red')


def write(tmp_path, text):
    path = tmp_path / "settings.json"
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    return path


def test_flags_win_over_the_file_and_the_file_over_the_preset(tmp_path):
    file = write(tmp_path, {"preset": "quick", "attr": "young", "steps": 700, "seed": 3})
    settings = merged_settings({"seed": 4, "dual": False}, file)
    config = new_configs(settings)["young"]
    assert (config.seed, config.options.dual) == (4, False), "the flags'"
    assert config.steps == 700, "the file's"
    assert (config.image_size, config.options.alpha) == (64, 5e-4), "the preset's"
    paper = new_configs(merged_settings({"preset": "paper", "attr": "smile"}, file))["smile"]
    assert (paper.image_size, paper.options.alpha, paper.steps) == (128, None, 700)


def test_a_null_in_the_file_wins_over_the_preset(tmp_path):
    file = write(tmp_path, {"preset": "quick", "attr": "young", "alpha": None})
    assert new_configs(merged_settings({}, file))["young"].options.alpha is None


@pytest.mark.parametrize("attr", ["young", "hat, red", "all the rest", "photos/hat"])
def test_the_settings_of_a_run_are_a_settings_file(tmp_path, attr):
    config = TrainConfig.of(attr=attr, image_size=32, r1=1.0, learning_rate_decay="linear")
    (again,) = new_configs(merged_settings({}, write(tmp_path, config.to_json()))).values()
    assert again == config


@pytest.mark.parametrize(
    ("attr", "names"), [("all", SIX), (["all"], ["all"]), (["smile", "hat, red"],) * 2]
)
def test_a_file_may_name_several_attributes(tmp_path, attr, names):
    assert read_settings_file(write(tmp_path, {"attr": attr}))["attr"] == names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"steps": 1,\n "seed" 2}', "line 2: not JSON"),
        ('{"preset": "fast"}', 'preset "fast": choose one of paper, quick, best'),
        ('{"preset": null}', "preset null: must be text"),
        ('{"atr": "young"}', "'atr' is no setting; nearest: attr"),
        ('{"run_dir": "runs/x"}', "'run_dir' is no setting"),
        ('{"ema_decay": 1}', "ema_decay 1: must be from 0 to below 1"),
        ('{"steps": [600]}', "steps [600]: must be a whole number"),
        ('{"attr": null}', "attr must be a name"),
        ('{"attr": [""]}', "attr must be a name"),
        ('{"attr": ["young", 3]}', "attr must be a name"),
        ('{"attr": {"young": 3}}', "attr must be a name"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(UserError) as caught:
        merged_settings({"attr": "young", "steps": 5}, path)
    assert str(caught.value).startswith(f"{path}: {message}")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"gone\.json: no such file"):
        merged_settings({}, tmp_path / "gone.json")


def test_settings_that_do_not_go_together_say_where_they_may_be_from(tmp_path):
    file = write(tmp_path, {"data": "csv", "labels": "faces.csv", "attr": "hat"})
    settings = merged_settings({"data": "celeba", "data_dir": "x"}, file)
    with pytest.raises(UserError, match=r"labels is for .* \(with the settings of .*\.json\)"):
        new_configs(settings, file)


@pytest.mark.parametrize("settings", [{}, {"attr": []}])
def test_an_attribute_is_needed(settings):
    with pytest.raises(UserError, match="attr is needed"):
        new_configs(settings)


def test_the_command_that_began_a_run_goes_on_with_it(tmp_path):
    command = {"attr": ["smile", "young"], "preset": "best", "width": 8, "steps": 70}
    (config,) = new_configs(command).values()
    Run.create(tmp_path / "run").write_config(config)
    assert list(resumed_configs(tmp_path / "run", command).values()) == [config]
    with pytest.raises(UserError, match="width is 8 in the run, not 48"):
        resumed_configs(tmp_path / "run", {**command, "width": 48})
    with pytest.raises(UserError, match="model is shared_gan in the run, not residual_gan"):
        resumed_configs(tmp_path / "run", {**command, "preset": "paper"})


def test_every_attribute_gets_a_folder_and_the_same_settings():
    configs = new_configs({"attr": [*SIX, "Wearing_Hat"], "alpha": 0.5, "steps": 7})
    assert list(configs) == [*SIX, "wearing_hat"]
    assert [config.attr for config in configs.values()] == [*SIX, "Wearing_Hat"]
    assert {(config.options.alpha, config.steps) for config in configs.values()} == {(0.5, 7)}


@hypothesis.given(st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=4))
@hypothesis.example(["Smiling", "hat, red", "hat/red", "../..", "\u5e3d\u5b50", "con."])
def test_any_name_gets_a_folder_that_is_safe_and_its_own(names):
    try:
        configs = new_configs({"attr": names})
    except UserError as error:
        assert "are the same attribute" in str(error)  # noqa: PT017
        return
    assert len(configs) == len(names)
    assert len({name.lower() for name in configs}) == len(names)
    for name in configs:
        assert name
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")


@pytest.mark.parametrize("names", [["smile", "Smiling"], ["hat", "young", "Hat"]])
def test_an_attribute_that_is_named_twice_is_refused(names):
    with pytest.raises(UserError, match=f"{names[0]} and {names[-1]} are the same attribute"):
        new_configs({"attr": names})


@pytest.fixture
def folder(tmp_path):
    """The folder of three trainings, none of which has begun."""
    configs = new_configs({"attr": ["smile", "hat, red", "young"], "steps": 7})
    write_several(tmp_path, configs)
    return tmp_path


def test_several_are_read_as_they_were_written(folder):
    assert is_several(folder)
    assert not is_several(folder / "smile")
    configs = new_configs({"attr": ["smile", "hat, red", "young"], "steps": 7})
    assert read_several(folder) == configs
    assert resumed_configs(folder, {}) == configs


def test_several_go_on_as_one(folder):
    longer = resumed_configs(folder, {"steps": 9, "attr": ["smile", "hat, red", "young"]})
    assert [config.steps for config in longer.values()] == [9, 9, 9]
    with pytest.raises(UserError, match="width is 32 in the run, not 8"):
        resumed_configs(folder, {"width": 8})
    with pytest.raises(UserError, match=r"attr smile: .* trains smile,hat, red,young"):
        resumed_configs(folder, {"attr": ["smile"]})
    with pytest.raises(UserError, match="image_size is 64 in the run, not 128"):
        resumed_configs(folder, {"preset": "paper"})


def test_one_run_goes_on_by_itself(tmp_path):
    config = TrainConfig.of(attr="hat, red", steps=5)
    Run(tmp_path).write_config(config)
    (same,) = resumed_configs(tmp_path, {"attr": ["hat, red"], "steps": 6}).values()
    assert same == dataclasses.replace(config, steps=6)
    with pytest.raises(UserError, match=r"attr smile,young: .* trains hat, red"):
        resumed_configs(tmp_path, {"attr": ["smile", "young"]})
    with pytest.raises(UserError, match="no run here"):
        resumed_configs(tmp_path / "gone", {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "line 1: not JSON"),
        ("{}", "must hold attributes and settings"),
        ('{"attributes": [], "settings": {}}', "must hold attributes and settings"),
        ('{"attributes": {"a": 1}, "settings": {}}', "attr 1: must be text"),
        ('{"attributes": {"a": "b"}, "settings": {"step": 1}}', "'step' is no setting"),
        ('{"attributes": {"../a": "b"}, "settings": {}}', "'../a' is no folder"),
    ],
)
def test_a_damaged_list_is_named(tmp_path, text, message):
    (tmp_path / "several.json").write_text(text)
    with pytest.raises(UserError) as caught:
        read_several(tmp_path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'several.json'}: ")


def test_the_paper_has_six():
    assert [attribute.name for attribute in PAPER_ATTRIBUTES] == SIX


def test_a_run_goes_on_only_with_its_own_settings():
    saved = TrainConfig.of(attr="young", steps=100)
    assert resumed_config(saved, {}) == saved
    assert resumed_config(saved, {"attr": "young"}) == saved
    longer = resumed_config(saved, {"steps": 200, "sample_every": 7})
    assert longer == dataclasses.replace(saved, steps=200, sample_every=7)
    with pytest.raises(UserError, match="width is 64 in the run, not 32") as caught:
        resumed_config(saved, {"width": 32, "seed": 5})
    assert "seed is 0 in the run, not 5" in str(caught.value)


def test_what_does_not_change_a_training_may_change_when_it_goes_on():
    saved = TrainConfig.of(attr="young")
    changes = {
        "steps": 30_000,
        "checkpoint_every": 50,
        "checkpoint_minutes": 0.0,
        "keep_checkpoints": 9,
        "best_by": "dual_loss",
        "sample_every": 10,
        "xla": "on",
    }
    assert resumed_config(saved, changes) == dataclasses.replace(saved, **changes)
    for name in all_options().keys() - changes.keys():
        with pytest.raises(UserError, match=f"{name} is .* in the run, not other"):
            resumed_config(saved, {name: "other"})


def test_a_learning_rate_that_decays_fixes_the_length():
    saved = TrainConfig.of(attr="young", steps=100, learning_rate_decay="cosine")
    assert resumed_config(saved, {"steps": 100, "xla": "off"}).steps == 100
    with pytest.raises(UserError, match=r"steps 200: the learning rate .* over its 100 steps"):
        resumed_config(saved, {"steps": 200})
