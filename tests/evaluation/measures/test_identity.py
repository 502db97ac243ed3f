import importlib.util
import sys

import numpy as np
import pytest

from faceattr.data.sources import load_files
from faceattr.evaluation.judge.face_models import SAME_PERSON, FaceModels, MissingExtra, describe
from faceattr.evaluation.measures.identity import (
    FaceIdentity,
    descriptor_distances,
    identity_reference,
    person_pairs,
    summarise,
)
from faceattr.evaluation.measures.landmarks import five_points, landmark_errors
from faceattr.evaluation.measures.regions import mean_landmarks


@pytest.fixture(scope="module")
def models():
    pytest.importorskip("dlib", reason="dlib-bin is not installed")
    if importlib.util.find_spec("face_recognition_models") is None:
        pytest.skip("face_recognition_models is not installed")
    return FaceModels()


@pytest.fixture(scope="module")
def celeba(celeba_dir):
    return load_files("celeba", celeba_dir)


@pytest.mark.parametrize("absent", ["face_recognition_models", "dlib"])
def test_without_the_extra_it_says_what_to_install(absent, monkeypatch):
    if absent == "dlib":
        monkeypatch.setitem(sys.modules, "dlib", None)
    else:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="pip install dlib-bin face_recognition_models"):
        FaceModels()


def test_descriptor_distances_go_row_by_row():
    first = np.array([[0.0, 0.0], [1.0, 1.0]])
    second = np.array([[3.0, 4.0], [1.0, 1.0]])
    assert descriptor_distances(first, second).tolist() == [5, 0]


def test_pairs_are_of_one_person_or_of_two():
    identities = np.array([7, 7, 7, 3, -1, 5, 3, -1, 9, 8])
    same, different = person_pairs(identities, pairs=10, seed=0)
    assert sorted(identities[pair[0]] for pair in same) == [3, 7]
    assert (identities[same[:, 0]] == identities[same[:, 1]]).all()
    assert (same[:, 0] != same[:, 1]).all()
    assert len(different) == 2
    assert (identities[different[:, 0]] != identities[different[:, 1]]).all()
    assert (identities[np.concatenate([same, different])] >= 0).all()
    assert len(person_pairs(identities, pairs=1, seed=0)[0]) == 1
    assert person_pairs(np.full(4, -1), 5, 0)[0].shape == (0, 2)


def test_landmarks_of_real_faces_lie_where_celeba_s_alignment_puts_them(models, celeba):
    crops = celeba.crops(np.arange(0, 240, 8), 128)
    found = models.landmarks68(crops)
    assert np.abs(five_points(found).mean(axis=0) - mean_landmarks()).max() < 0.02
    truth = np.broadcast_to(mean_landmarks(), (30, 5, 2))
    assert np.median(landmark_errors(found, truth).eyes) < 0.08


@pytest.mark.slow
def test_distances_tell_one_person_from_two(models, celeba):
    few = celeba.take(np.arange(1200))
    reference = identity_reference(
        models, lambda indices: few.crops(indices, 64), few.identities, pairs=12, seed=0
    )
    assert reference.same.distances.shape == reference.different.distances.shape == (12,)
    same, different = (np.median(each.distances) for each in (reference.same, reference.different))
    assert same < SAME_PERSON < different


@pytest.mark.slow
def test_an_edit_that_spoils_faces_loses_the_person(models, celeba):
    images = celeba.crops(np.arange(6), 64)
    before = describe(models, images)
    unchanged = summarise(FaceIdentity(before, before), 0)
    assert unchanged.distances.tolist() == [0] * 6
    assert unchanged.kept.value == 1
    assert unchanged.not_found_after == unchanged.not_found_before
    noise = np.random.default_rng(0).integers(0, 256, images.shape, np.uint8)
    spoiled = summarise(FaceIdentity(before, describe(models, noise)), 0)
    assert spoiled.not_found_after == 6
    assert spoiled.kept.value == 0
