import json
import shutil

import keras
import numpy as np
import pytest

from faceattr import pixels
from faceattr.attributes import find_attribute
from faceattr.bundles.manifest import Manifest
from faceattr.data import synthetic
from faceattr.errors import UserError
from faceattr.evaluation.subjects.subject import load_bundle, load_run, load_subjects
from faceattr.runs.settings import TrainConfig
from faceattr.training.train import train


@pytest.fixture(scope="module")
def faces():
    drawn = [synthetic.render(synthetic.sample_parameters(3, index), 32) for index in range(3)]
    return pixels.to_float(np.stack(drawn))


def test_a_run_gives_both_edits_as_its_model_makes_them(finished_run, faces):
    subject = load_run(finished_run.folder)
    model = keras.models.load_model(finished_run.model_path)
    assert (subject.name, subject.method, subject.image_size) == ("glasses", "residual_gan", 32)
    assert subject.columns == ("Eyeglasses",)
    assert subject.settings["synthetic_faces"] == 24
    assert tuple(subject.edits) == find_attribute("glasses", ["Eyeglasses"]).edits
    for edit, made in subject.edits.items():
        residual = made(faces)
        assert residual.dtype == np.float32
        wanted = np.asarray(model.residual_image(faces, edit))
        assert residual == pytest.approx(wanted, abs=1e-6)


def test_a_run_tells_what_it_was_trained_on(finished_run):
    subject = load_run(finished_run.folder)
    lists = [
        set((finished_run.split_folder / f"{name}.txt").read_text().split())
        for name in ("train_negative", "train_positive", "test_negative", "test_positive")
    ]
    assert subject.training == lists[0] | lists[1]
    assert not subject.training & (lists[2] | lists[3])


def test_a_run_whose_lists_are_not_whole_does_not_tell_what_it_was_trained_on(
    finished_run, tmp_path
):
    shutil.copytree(finished_run.folder, tmp_path / "run")
    split = tmp_path / "run" / "split"
    (split / "train_positive.txt").unlink()
    assert load_run(tmp_path / "run").training is None
    (split / "train_negative.txt").rename(split / "train.txt")
    shared = frozenset((split / "train.txt").read_text().split())
    assert load_run(tmp_path / "run").training == shared, "of several attributes there is one list"


def test_a_bundle_gives_its_one_edit_as_it_will_run(finished_run, bundles, faces):
    subject = load_bundle(bundles / "remove_glasses")
    removing = find_attribute("glasses", ["Eyeglasses"]).removing
    assert list(subject.edits) == [removing]
    assert subject.training is None
    assert subject.settings["synthetic_faces"] == 24
    of_the_run = load_run(finished_run.folder).edits[removing](faces)
    assert subject.edits[removing](faces) == pytest.approx(of_the_run, abs=1e-2)


def test_a_manifest_that_does_not_say_what_made_it_is_of_the_default_model(bundles, tmp_path):
    shutil.copytree(bundles / "add_glasses", tmp_path / "bundle")
    manifest = Manifest.read(tmp_path / "bundle")
    del manifest.training["model"]
    manifest.write(tmp_path / "bundle")
    assert load_bundle(tmp_path / "bundle").method == TrainConfig(attr="glasses").model


def test_folders_of_one_name_are_told_apart(finished_run, bundles, tmp_path):
    other = tmp_path / "again" / "glasses"
    shutil.copytree(finished_run.folder, other)
    subjects = load_subjects([finished_run.folder, other, bundles / "add_glasses"])
    names = [subject.name for subject in subjects]
    assert len(set(names)) == 3
    assert names[1].endswith("again/glasses")
    assert names[2] == "add_glasses"


def test_what_is_no_run_is_named(finished_run, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"empty: neither a run .* nor a bundle"):
        load_subjects([tmp_path / "empty"])
    with pytest.raises(UserError, match="it holds runs, name them: glasses"):
        load_subjects([finished_run.folder.parent])
    with pytest.raises(UserError, match="named twice"):
        load_subjects([finished_run.folder, finished_run.folder / "." / "split" / ".."])


def test_a_run_without_weights_says_how_to_go_on(finished_run, tmp_path):
    shutil.copytree(finished_run.folder, tmp_path / "run")
    (tmp_path / "run" / "model.keras").unlink()
    shutil.rmtree(tmp_path / "run" / "checkpoints")
    with pytest.raises(UserError, match=r"without weights.* --resume"):
        load_subjects([tmp_path / "run"])


def test_an_attribute_beyond_the_paper_s(finished_run, tmp_path):
    shutil.copytree(finished_run.folder, tmp_path / "hats")
    data = json.loads((tmp_path / "hats" / "data.json").read_text())
    (tmp_path / "hats" / "data.json").write_text(
        json.dumps({**data, "attributes": [{"column": "Wearing_Hat"}]})
    )
    subject = load_run(tmp_path / "hats")
    assert [edit.name for edit in subject.edits] == ["add_wearing_hat", "remove_wearing_hat"]


@pytest.mark.exhaustive
@pytest.mark.slow
def test_the_baseline_is_a_subject_as_well(faces, tmp_path):
    config = TrainConfig.of(
        attr="glasses",
        model="vae_gan",
        image_size=32,
        width=4,
        batch_size=4,
        steps=2,
        synthetic_faces=24,
    )
    run = train(config, tmp_path / "baseline")
    subject = load_run(run.folder)
    assert (subject.name, subject.method) == ("baseline", "vae_gan")
    model = keras.models.load_model(run.model_path)
    for edit, made in subject.edits.items():
        wanted = np.asarray(model.residual_image(faces, edit))
        assert made(faces) == pytest.approx(wanted, abs=1e-6)
