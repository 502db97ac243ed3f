"""A training of the baseline, `--model vae_gan`, as a run like any other."""

import dataclasses
import json

import keras
import numpy as np
import pytest
import warm_start
from commands import TINY, assert_one_line_error, run
from PIL import Image

from faceattr import pixels
from faceattr.attributes import find_attribute
from faceattr.data.table import LeftOut
from faceattr.errors import UserError
from faceattr.exporting.export import export
from faceattr.models.residual_gan.model import ResidualGAN
from faceattr.models.vae_gan.model import VAEGAN, Terms
from faceattr.runs.presets import preset_config
from faceattr.runs.run import Run
from faceattr.runs.settings import TrainConfig
from faceattr.runs.weights import finished_model
from faceattr.training.data import TrainingData
from faceattr.training.train import check_backend, train
from faceattr.training.watching.callbacks import sample_grid

SETTINGS = {
    "attr": "glasses",
    "model": "vae_gan",
    "image_size": 32,
    "width": 2,
    "batch_size": 2,
    "synthetic_faces": 24,
    "steps": 4,
    "checkpoint_every": 2,
}
CONFIG = TrainConfig.of(**SETTINGS, best_by="reconstruction_error")


@pytest.fixture(scope="module")
def vae_gan_run(tmp_path_factory):
    return train(CONFIG, tmp_path_factory.mktemp("vae_gan") / "run")


def test_a_run_of_the_baseline_explains_itself(vae_gan_run):
    folder = vae_gan_run.folder
    assert vae_gan_run.config == CONFIG
    (row,) = [json.loads(line) for line in vae_gan_run.metrics_path.read_text().splitlines()]
    assert set(row) == {"step", "pairs_per_second", *Terms._fields}
    results = json.loads((folder / "results.json").read_text())
    assert set(results["objective"]) == set(Terms._fields)
    assert set(results["truth"]) == {"add_glasses", "remove_glasses"}
    page = (folder / "live.html").read_text()
    assert "VAE-GAN for <b>add_glasses</b>" in page
    assert "Divergence of the codes from the prior" in page
    assert "nothing measured yet" not in page
    assert "Mean |residual|" not in page
    assert not list(folder.rglob("partial-*"))


def test_samples_show_what_is_decoded_of_unmoved_codes_too(vae_gan_run):
    model = finished_model(vae_gan_run)
    data = TrainingData.load(vae_gan_run.config)
    faces = {edit: data.test_crops(edit, 32, 8) for edit in data.edits}
    wanted = sample_grid(model, faces)
    with Image.open(vae_gan_run.sample_path(0)) as first:
        assert first.size == wanted.shape[1::-1]
    # Four rows for each direction: input, decoded, residual, edited.
    assert wanted.shape[0] == 8 * (32 + 2) + 2
    decoded = pixels.to_uint8(np.asarray(model.reconstruct(pixels.to_float(faces[data.edits[0]]))))
    np.testing.assert_array_equal(wanted[2 + 34 : 34 + 34, -34:-2], decoded[-1])


def test_every_training_image_is_learned_from_and_the_same_are_held_out():
    found = TrainingData.load(TrainConfig.of(**SETTINGS))
    balanced = TrainingData.load(TrainConfig.of(**{**SETTINGS, "model": "residual_gan"}))
    for name in ("test_negative", "test_positive"):
        np.testing.assert_array_equal(getattr(found.split, name), getattr(balanced.split, name))
    positive = found.table.values("Eyeglasses")
    members = (found.split.train_negative, found.split.train_positive)
    assert not positive[members[0]].any()
    assert positive[members[1]].all()
    assert sorted(found.split.indices()) == list(range(24)), "all are in training or held out"
    assert len(members[0]) != len(members[1]), "the classes of these faces are not equal"
    (facts,) = found.describe(TrainConfig.of(**SETTINGS))["attributes"]
    assert facts["train_images"] == len(members[0]) + len(members[1])
    assert facts["train_per_class"] == min(map(len, members))
    crops = np.concatenate(list(found.train_crops(found.edits[1], 32, 1000)))
    np.testing.assert_array_equal(crops, found.table.crops(members[1], 32))
    assert len(np.concatenate(list(found.train_crops(found.edits[1], 32, 2)))) == 2


def split_of(config, table):
    glasses = find_attribute("glasses", table.columns)
    return config.family.split(
        config.split, table, [glasses], config.test_per_class, config.seed, {}
    )


@pytest.mark.parametrize("kind", ["person", "official"])
def test_nobody_who_is_held_out_is_learned_from(kind):
    table = TrainingData.load(TrainConfig.of(**SETTINGS)).table
    rng = np.random.default_rng(0)
    table = dataclasses.replace(
        table, identities=rng.integers(0, 12, 24), partition=np.repeat([0, 1, 2], 8).astype(np.int8)
    )
    config = TrainConfig.of(**SETTINGS, split=kind, test_per_class=2)
    split = split_of(config, table)
    test = np.concatenate([split.test_negative, split.test_positive])
    train_ = np.concatenate([split.train_negative, split.train_positive])
    assert not set(test) & set(train_)
    if kind == "person":
        assert not set(table.identities[test]) & set(table.identities[train_])
        others = ~np.isin(table.identities, table.identities[test])
        assert sorted(train_) == list(np.flatnonzero(others)), "all others"
    else:
        assert sorted(train_) == list(range(8)), "all of the partition's training images"


def test_images_that_were_left_out_stay_out():
    table = TrainingData.load(TrainConfig.of(**SETTINGS)).table
    unknown = dataclasses.replace(table, left_out=())
    config = TrainConfig.of(**SETTINGS)
    whole = split_of(config, unknown)
    bad = LeftOut(table.names[int(whole.train_negative[0])], "cannot be read")
    left_out = dataclasses.replace(table, left_out=(bad,))
    split = split_of(config, left_out)
    assert whole.train_negative[0] not in split.train_negative


def test_the_finished_model_has_the_vector_of_all_training_images(vae_gan_run):
    model = finished_model(vae_gan_run)
    data = TrainingData.load(vae_gan_run.config)
    crops = [
        data.table.crops(members, 32)
        for members in (data.split.train_negative, data.split.train_positive)
    ]
    wanted = model.attribute_vector(*crops)
    np.testing.assert_allclose(model.vector.numpy(), wanted, atol=1e-6)
    # Until then it followed the batches, which is another one.
    _, path = vae_gan_run.checkpoints[-1]
    assert np.abs(keras.models.load_model(path).vector.numpy() - wanted).max() > 1e-6


def test_the_finished_model_of_either_kind(vae_gan_run, finished_run):
    assert isinstance(finished_model(vae_gan_run), VAEGAN)
    assert isinstance(finished_model(finished_run), ResidualGAN)


def test_of_a_training_that_is_not_finished_the_newest_checkpoint_is_taken(
    vae_gan_run, tmp_path, caplog
):
    unfinished = Run.create(tmp_path / "run")
    unfinished.write_config(vae_gan_run.config)
    with pytest.raises(UserError, match=rf"{tmp_path}/run: a run without weights; .* --resume"):
        finished_model(unfinished)
    for step, path in vae_gan_run.checkpoints:
        unfinished.save_checkpoint(keras.models.load_model(path), step)
    assert finished_model(unfinished).steps_done == 4
    assert "not finished; this is its step 4" in caplog.text


def test_the_baseline_is_not_exported(vae_gan_run, tmp_path):
    with pytest.raises(UserError, match="its model is vae_gan"):
        export(vae_gan_run.folder, tmp_path / "bundles")
    assert not (tmp_path / "bundles").exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"residual": False}, "residual=False is for model residual_gan"),
        ({"dual": False}, "dual=False is for model residual_gan"),
        ({"alpha": 5e-4}, "alpha is for model residual_gan, not for model vae_gan"),
        ({"ema_decay": 0.9}, "ema_decay is for model residual_gan"),
        ({"spectral_norm": True}, "spectral_norm is for model residual_gan"),
        ({"r1": 1.0}, "r1 is for model residual_gan"),
        ({"precision": "mixed_float16"}, "precision mixed_float16 is not for model vae_gan"),
        ({"best_by": "dual_loss"}, "best_by dual_loss: model vae_gan has no such term"),
        ({"model": "gan"}, "model gan: no such model; nearest: vae_gan"),
        (
            {"model": "residual_gan", "best_by": "prior_loss"},
            "best_by prior_loss: model residual_gan has no such term; choose one of gene",
        ),
    ],
)
def test_settings_that_mean_nothing_to_a_model_are_refused(changed, message):
    with pytest.raises(UserError, match=message):
        TrainConfig.of(**{**SETTINGS, **changed})


def test_a_preset_gives_the_baseline_what_it_has_a_use_for():
    config = preset_config("quick", {"attr": "young", "model": "vae_gan"})
    assert config.image_size == 64
    assert preset_config("quick", {"attr": "young"}).options.alpha == 5e-4
    with pytest.raises(UserError, match="alpha is for"):
        preset_config("quick", {"attr": "young", "model": "vae_gan", "alpha": 1.0})


def test_the_best_checkpoint_is_judged_by_the_baselines_own_terms(vae_gan_run):
    assert vae_gan_run.best.term == "reconstruction_error"


def test_elsewhere_than_on_tensorflow_the_baseline_is_not_trained(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(UserError, match=r"model vae_gan trains on tensorflow; leave KERAS_BACK"):
        check_backend(TrainConfig.of(**SETTINGS))
    check_backend(TrainConfig.of(**{**SETTINGS, "model": "residual_gan"}))


TWO_DEVICES = """
import sys

import numpy as np

from faceattr.runs.settings import TrainConfig
from faceattr.training.train import train
from faceattr.runs.weights import finished_model
from faceattr.training.devices.strategy import make_strategy

strategy = make_strategy(logical_devices=2)
assert strategy.num_replicas_in_sync == 2
settings = TrainConfig.of(**SETTINGS)
run = train(settings, FOLDER, strategy=strategy)
model = finished_model(run)
assert model.steps_done == 4
assert all(np.isfinite(weight.numpy()).all() for weight in model.weights)
"""


@pytest.mark.slow
def test_the_baseline_trains_on_two_devices(tmp_path):
    program = TWO_DEVICES.replace("SETTINGS", repr({**SETTINGS, "batch_size": 4}))
    program = program.replace("FOLDER", f"__import__('pathlib').Path({str(tmp_path / 'run')!r})")
    process = warm_start.run(["-c", program])
    assert process.returncode == 0, process.stderr[-3000:]


@pytest.mark.slow
def test_train_py_refuses_the_baseline_what_it_has_no_use_for(tmp_path):
    command = ["train.py", "--attr", "glasses", "--model", "vae_gan", *TINY.split()]
    refused = warm_start.run([*command, "--alpha", 1, "--steps", 2])
    assert_one_line_error(refused, "--alpha is for --model residual_gan")
    elsewhere = run([*command, "--run_dir", tmp_path / "jax"], KERAS_BACKEND="jax")
    assert_one_line_error(elsewhere, "--model vae_gan trains on tensorflow")


@pytest.mark.exhaustive
@pytest.mark.slow
def test_a_short_training_teaches_the_baseline_to_decode_faces(tmp_path):
    """What it makes of a held-out face is nearer to that face than to the others, and no grey."""
    settings = {**SETTINGS, "width": 6, "batch_size": 8, "steps": 200, "synthetic_faces": 200}
    found = train(TrainConfig.of(**settings), tmp_path / "run")
    data = TrainingData.load(found.config)
    x = pixels.to_float(np.concatenate([data.test_crops(edit, 32) for edit in data.edits]))
    decoded = np.asarray(finished_model(found).reconstruct(x))
    own = np.abs(decoded - x).mean()
    others = np.mean([np.abs(decoded - np.roll(x, by, axis=0)).mean() for by in (1, 5, 9)])
    print(f"to the face itself {own:.3f}, to other faces {others:.3f}")
    assert own < 0.85 * others
    assert own < np.abs(x).mean(), "grey is no farther"
