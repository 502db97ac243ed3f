"""Trainings that begin with a finished run, as `train.py --from` does it."""

import dataclasses
import re
import shutil

import numpy as np
import pytest
import warm_start
from commands import assert_one_line_error

from faceattr.bundles.loading import load as read_bundle
from faceattr.errors import UserError
from faceattr.exporting.export import export
from faceattr.models.registry import DEFAULT, families
from faceattr.runs.run import Run
from faceattr.runs.settings import TrainConfig
from faceattr.runs.weights import load, newest_model
from faceattr.training.beginning import added_configs, fine_tuned_configs, kept_split
from faceattr.training.train import train

EXTENDED = next(name for name, each in families().items() if each.extends)
TINY = {"image_size": 32, "width": 4, "batch_size": 4, "steps": 3, "synthetic_faces": 60}


def run_of(folder, model=EXTENDED, finished=True, attr="glasses,smile"):
    """The folder of a run, as far as settings are asked."""
    run = Run.create(folder)
    run.write_config(TrainConfig.of(model=model, attr=attr, seed=3, clip_norm=4.0, **TINY))
    run.write_data({"attributes": [{"column": "Eyeglasses"}, {"column": "Smiling"}]})
    if finished:
        run.model_path.touch()
        run.write_results({}, TINY["steps"])
    return run


def test_the_settings_are_those_of_the_run_but_for_flags(tmp_path):
    base = run_of(tmp_path / "base")
    ((folder, config),) = added_configs(base, "Wearing_Hat", {"steps": 9}).items()
    assert folder == "wearing_hat"
    assert config == dataclasses.replace(base.config, attr="Wearing_Hat", steps=9)
    ((folder, config),) = added_configs(base, 'young,"hat, red"', {}).items()
    assert (folder, config.attribute_names) == ("young", ("young", "hat, red"))


@pytest.mark.parametrize("model", [EXTENDED, DEFAULT])
def test_what_is_fine_tuned_has_the_edits_and_settings_of_the_run(tmp_path, model):
    several = families()[model].several
    names = ["glasses", "smile"] if several else ["glasses"]
    base = run_of(tmp_path / "base", model=model, attr=",".join(names))
    if not several:
        base.write_data({"attributes": [{"column": "Eyeglasses"}]})
    ((folder, config),) = fine_tuned_configs(base, {"steps": 9, "attr": names}).items()
    assert folder == (model if several else "glasses")
    assert config.settings() == {**base.config.settings(), "steps": 9, "attr": config.attr}
    assert len(config.attribute_names) == len(names)
    with pytest.raises(UserError) as caught:
        fine_tuned_configs(base, {"attr": ["young"]})
    message = caught.value.for_command_line
    assert re.search("--attr young: the networks of .* are for Eyeglasses.*; leave it", message)
    assert ("--add_attr" in message) == several


def test_networks_that_grow_begin_with_those_of_half_the_size(tmp_path):
    base = run_of(tmp_path / "base")
    (config,) = fine_tuned_configs(base, {"image_size": 64}).values()
    assert (config.image_size, config.width) == (64, TINY["width"])
    with pytest.raises(UserError, match="have 32; leave it out, name 64, to which they can grow"):
        fine_tuned_configs(base, {"image_size": 128})
    with pytest.raises(UserError, match=r"width 8: the networks of .* have 4; leave it out, or"):
        fine_tuned_configs(base, {"width": 8, "image_size": 64})
    other = run_of(tmp_path / "other", model=DEFAULT, attr="glasses")
    with pytest.raises(UserError, match="have 32; leave it out, or train others"):
        fine_tuned_configs(other, {"image_size": 64})


def test_whom_the_run_held_out_stays_held_out(tmp_path):
    base = run_of(tmp_path / "base")
    config = dataclasses.replace(base.config, attr="young")
    assert kept_split(config, base) == base.split_folder
    for other in ({"seed": 4}, {"synthetic_faces": 50}, {"test_per_class": 3}):
        assert kept_split(dataclasses.replace(config, **other), base) is None
    photos = {"data": "celeba", "data_dir": "photos", "seed": 4}
    assert kept_split(dataclasses.replace(config, **photos), base) is None


@pytest.mark.parametrize(
    ("names", "settings", "message"),
    [
        ("smile", {}, "--add_attr smile: .* has learned it already"),
        (" EYEGLASSES", {}, "--add_attr EYEGLASSES: .* has learned it already"),
        ("young,Young", {}, "--add_attr: young and Young are the same attribute"),
        ("young,", {}, "--add_attr 'young,': a name is missing"),
        ("young", {"image_size": 64}, "--image_size 64: the networks of .* have 32"),
        ("young", {"width": 8}, "--width 8: the networks of .* have 4"),
        ("young", {"model": DEFAULT}, f"--model {DEFAULT}: the networks of"),
        ("young", {"preset": "best"}, "--preset: the settings are those of the run"),
        ("young", {"attr": ["young"]}, "--attr: --add_attr says what is learned"),
        ("young", {"steps": 0}, "steps 0: must be"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, names, settings, message):
    base = run_of(tmp_path / "base")
    with pytest.raises(UserError) as caught:
        added_configs(base, names, settings)
    assert re.search(message, caught.value.for_command_line)


def test_a_run_that_is_not_finished_or_of_another_model_is_refused(tmp_path):
    with pytest.raises(UserError, match="the training is not finished; first go on with"):
        added_configs(run_of(tmp_path / "begun", finished=False), "young", {})
    with pytest.raises(UserError, match="the training is not finished; first go on with"):
        fine_tuned_configs(Run.open(tmp_path / "begun"), {})
    other = run_of(tmp_path / "other", model=DEFAULT)
    with pytest.raises(UserError, match="learns each attribute by itself"):
        added_configs(other, "young", {})


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--add_attr", "hat"], "--add_attr needs --from"),
        (["--from", "{base}", "--width", "5"], "--width 5: the networks of"),
        (["--add_attr", "hat", "--from", "{base}/gone"], "no run here"),
        (["--add_attr", "hat", "--from", "{base}", "--resume"], "--resume: --from begins a run"),
        (
            ["--add_attr", "hat", "--from", "{base}", "--config", "x"],
            "--config: --from begins a run",
        ),
        (["--add_attr", "Hats", "--from", "{base}"], "unknown attribute 'Hats'"),
    ],
)
def test_a_mistake_is_one_line(tmp_path, flags, message):
    run_of(tmp_path / "base")
    flags = [flag.format(base=tmp_path / "base") for flag in flags]
    process = warm_start.run(["train.py", *flags, "--run_dir", tmp_path / "new"])
    assert_one_line_error(process, message)
    assert not (tmp_path / "new").exists()


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    config = TrainConfig.of(model=EXTENDED, attr="glasses,smile", deterministic=True, **TINY)
    return train(config, tmp_path_factory.mktemp("adding") / "base")


@pytest.fixture(scope="module")
def added(base):
    folder = base.folder.with_name("young")
    flags = ["--add_attr", "young", "--from", base.folder, "--checkpoint_every", 1]
    process = warm_start.run(["train.py", *flags, "--keep_checkpoints", 9, "--run_dir", folder])
    assert process.returncode == 0, process.stderr
    assert "make_young: against the true counterfactual of" in process.stdout
    return Run.open(folder)


@pytest.mark.slow
def test_a_run_of_its_own_learns_and_exports_the_new_edits_alone(base, added, tmp_path):
    assert [edit.name for edit in added.edits] == ["make_young", "make_old"]
    assert added.columns == ("Eyeglasses", "Smiling", "Young")
    assert added.data["added_to"]["run"] == str(base.folder)
    assert added.state == "finished"
    for name in ("train", "test"):
        lists = [(run.split_folder / f"{name}.txt").read_text() for run in (base, added)]
        assert lists[0] == lists[1]
    assert [step for step, _ in added.checkpoints] == [0, 1, 2, 3]
    bundles = export(added.folder, tmp_path / "bundles", tflite_only=True)
    assert [bundle.name for bundle in bundles] == ["make_young", "make_old"]
    images = np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)).astype(np.float32)
    before, after = (load(run.model_path, run.config.family) for run in (base, added))
    for edit in base.edits:
        wanted = np.asarray(before.residual_image(images, edit))
        np.testing.assert_allclose(after.residual_image(images, edit), wanted, atol=1e-6)
    for bundle, edit in zip(bundles, added.edits, strict=True):
        manifest, runtime = read_bundle(bundle)
        assert (manifest.edit, manifest.attribute) == (edit, "young")
        wanted = np.asarray(after.residual_image(images, edit))
        found = np.stack([runtime.residual(image) for image in images])
        np.testing.assert_allclose(found, wanted, atol=1e-2)
        card = (bundle / "README.md").read_text("utf-8")
        assert f"python train.py --add_attr young --from {base.folder} --steps 3" in card


@pytest.mark.slow
def test_fine_tuned_it_is_another_run_of_the_same_edits(base, tmp_path):
    folders = [tmp_path / name for name in ("once", "twice")]
    for begun, folder, rate in zip([base.folder, folders[0]], folders, (1e-3, 5e-4), strict=True):
        flags = ["--from", begun, "--learning_rate", rate, "--steps", 2, "--run_dir", folder]
        process = warm_start.run(["train.py", *flags])
        assert process.returncode == 0, process.stderr
    run = Run.open(folders[1])
    assert run.columns == base.columns
    assert (run.split_folder / "test.txt").read_text() == (
        base.split_folder / "test.txt"
    ).read_text()
    before = run.data["fine_tuned"]
    assert [each["run"] for each in before] == [str(base.folder), str(folders[0])]
    assert before[0]["training"] == base.config.settings()
    assert before[1]["seconds"] == round(Run.open(folders[0]).seconds_trained())
    bundle = export(run.folder, tmp_path / "bundles", tflite_only=True)[0]
    card = (bundle / "README.md").read_text("utf-8")
    first, second, third = card.split("```")[5].strip().splitlines()
    assert "--attr glasses,smile" in first
    assert "--from" not in first
    assert first.endswith(f" --run_dir {base.folder}")
    assert second == (
        f"python train.py --from {base.folder} --steps 2 --learning_rate 0.001 "
        f"--run_dir {folders[0]}"
    )
    assert third == f"python train.py --from {folders[0]} --learning_rate 0.0005"
    assert "| before | 3 steps of 4 pairs, " in card


@pytest.mark.slow
def test_a_run_grows_from_one_of_half_the_size(base, tmp_path):
    flags = ["--from", base.folder, "--image_size", 64, "--steps", 1, "--head_start", 0]
    process = warm_start.run(["train.py", *flags, "--run_dir", tmp_path / "grown"])
    assert process.returncode == 0, process.stderr
    grown = Run.open(tmp_path / "grown")
    assert grown.config.image_size == 64
    assert grown.edits == base.edits
    assert grown.data["fine_tuned"][0]["training"]["image_size"] == 32
    assert load(grown.model_path, grown.config.family).image_size == 64


@pytest.mark.exhaustive
@pytest.mark.slow
def test_killed_it_goes_on_to_the_same_bits(added, tmp_path):
    killed = Run(shutil.copytree(added.folder, tmp_path / "killed"))
    for path in (killed.model_path, killed.folder / "results.json"):
        path.unlink()
    for _, path in killed.checkpoints[1:]:
        path.unlink()
    process = warm_start.run(["train.py", "--run_dir", killed.folder, "--resume"])
    assert process.returncode == 0, process.stderr
    for one, other in zip(newest_model(added).weights, newest_model(killed).weights, strict=True):
        np.testing.assert_array_equal(one, other)
