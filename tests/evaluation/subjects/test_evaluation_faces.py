import dataclasses
import shutil

import numpy as np
import pytest

from faceattr.attributes import find_attribute
from faceattr.bundles.manifest import Manifest
from faceattr.data.sources import draw_synthetic
from faceattr.errors import UserError
from faceattr.evaluation.subjects.evaluation_faces import (
    at_most,
    drawn_faces,
    other_faces,
    own_faces,
)
from faceattr.evaluation.subjects.subject import load_bundle, load_run


@pytest.fixture(scope="module")
def subject(finished_run):
    return load_run(finished_run.folder)


@pytest.fixture(scope="module")
def table():
    return draw_synthetic(40, 32, seed=9).table


def test_a_run_is_tried_on_its_own_test_split(finished_run, subject):
    faces = own_faces(finished_run.folder, subject)
    listed = [
        (finished_run.split_folder / f"test_{kind}.txt").read_text().split()
        for kind in ("negative", "positive")
    ]
    assert [faces.table.names[index] for index in faces.held_out("Eyeglasses")[0]] == listed[0]
    assert faces.names() == frozenset(listed[0] + listed[1])
    assert not faces.names() & subject.training
    assert faces.table.values("Eyeglasses")[faces.held_out("Eyeglasses")[1]].all()
    assert faces.synthetic is not None
    assert faces.crops(faces.held_out("Eyeglasses")[1], 32).shape == (len(listed[1]), 32, 32, 3)


def test_a_bundle_is_tried_on_the_faces_of_its_run(finished_run, subject, bundles):
    folder = bundles / "add_glasses"
    faces = own_faces(folder, load_bundle(folder))
    assert faces.names() == own_faces(finished_run.folder, subject).names()


def test_a_bundle_is_not_tried_on_data_that_changed(bundles, tmp_path):
    shutil.copytree(bundles / "add_glasses", tmp_path / "bundle")
    manifest = Manifest.read(tmp_path / "bundle")
    manifest.data["images"] = 25
    manifest.write(tmp_path / "bundle")
    with pytest.raises(UserError, match="the data have images 24, but 25 when it was trained"):
        own_faces(tmp_path / "bundle", load_bundle(tmp_path / "bundle"))


def test_a_test_split_that_overlaps_training_is_refused(finished_run, tmp_path):
    shutil.copytree(finished_run.folder, tmp_path / "run")
    test = tmp_path / "run" / "split" / "test_negative.txt"
    trained = (tmp_path / "run" / "split" / "train_negative.txt").read_text().split("\n")[0]
    test.write_text(test.read_text() + trained + "\n")
    with pytest.raises(UserError, match=f"{trained} is in train_negative.txt as well"):
        own_faces(tmp_path / "run", load_run(tmp_path / "run"))


def test_other_faces_are_all_labelled_ones_and_balanced(subject, table):
    labels = table.labels.copy()
    column = table.columns.index("Eyeglasses")
    labels[:4, column] = 0
    other = dataclasses.replace(
        table, names=tuple(f"{name}.jpg" for name in table.names), labels=labels
    )
    faces = other_faces(subject, "lfw", other)
    counts = [(labels[:, column] == sign).sum() for sign in (-1, 1)]
    assert (
        len(faces.held_out("Eyeglasses")[0]) == len(faces.held_out("Eyeglasses")[1]) == min(counts)
    )
    assert (labels[faces.held_out("Eyeglasses")[0], column] == -1).all()
    assert (labels[faces.held_out("Eyeglasses")[1], column] == 1).all()
    assert faces.notes == ()
    few = other_faces(subject, "lfw", other, test_per_class=3, seed=1)
    assert len(few.held_out("Eyeglasses")[0]) == len(few.held_out("Eyeglasses")[1]) == 3
    again = other_faces(subject, "lfw", other, test_per_class=3, seed=2)
    assert few.names() != again.names()


def test_what_was_trained_on_is_left_out_and_counted(subject, table):
    # The names of drawn faces: some of them are those that were trained on.
    persons = np.arange(40) // 2
    faces = other_faces(subject, "packed", dataclasses.replace(table, identities=persons))
    assert subject.training & set(table.names)
    assert not faces.names() & subject.training
    trained = np.array([name in subject.training for name in table.names])
    beside = sum(trained[index ^ 1] and not trained[index] for index in range(40))
    assert f"{trained.sum()} faces of 40 were trained on" in faces.notes[0]
    assert f" {beside} of the others show persons" in faces.notes[0]


def test_a_subject_that_does_not_know_its_training_says_so(bundles, table):
    faces = other_faces(load_bundle(bundles / "add_glasses"), "packed", table)
    assert "does not tell what it was trained on" in faces.notes[0]


def test_other_faces_must_have_the_column_and_both_kinds(subject, table):
    lacking = dataclasses.replace(table, columns=tuple(f"x{i}" for i in range(40)))
    with pytest.raises(UserError, match="needs the column 'Eyeglasses'"):
        other_faces(subject, "csv", lacking)
    alike = dataclasses.replace(table, labels=np.abs(table.labels))
    with pytest.raises(UserError, match="0 without are left"):
        other_faces(subject, "csv", alike)


def test_drawn_faces_of_another_seed_are_other_faces(subject):
    own = drawn_faces(subject, 24, subject.settings["seed"])
    assert subject.training < set(own.table.names)
    other = drawn_faces(subject, 24, 5)
    assert not subject.training & set(other.table.names)
    assert len(set(other.table.names)) == 24
    faces = other_faces(subject, "synthetic", other.table, other)
    truth = faces.synthetic.counterfactuals(faces.held_out("Eyeglasses")[0], "Eyeglasses")
    assert truth.shape == faces.crops(faces.held_out("Eyeglasses")[0], 32).shape


def test_at_most_draws_by_the_seed(subject, table):
    faces = other_faces(subject, "packed", table)
    one, same, other = (at_most(faces, 2, seed) for seed in (0, 0, 1))
    assert one.names() == same.names() != other.names()
    assert len(at_most(faces, 1000, 0).held_out("Eyeglasses")[0]) == len(
        faces.held_out("Eyeglasses")[0]
    )
    assert at_most(faces, None, 0) is faces


def test_the_faces_of_a_column_do_not_depend_on_the_others(subject, table):
    smiling = find_attribute("smile", table.columns).edits
    several = dataclasses.replace(subject, edits={**subject.edits, **dict.fromkeys(smiling)})
    faces, alone = (
        other_faces(each, "packed", table, test_per_class=3) for each in (several, subject)
    )
    assert tuple(faces.sides) == several.columns == ("Eyeglasses", "Smiling")
    for found, own in zip(faces.held_out("Eyeglasses"), alone.held_out("Eyeglasses"), strict=True):
        assert np.array_equal(found, own)
    for place, side in enumerate(faces.held_out("Smiling")):
        assert (table.values("Smiling")[side] == bool(place)).all()
        assert len(side) == 3
    assert set(faces.indices()) >= set(alone.indices())
