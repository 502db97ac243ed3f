import dataclasses
import pathlib

import numpy as np
import pytest

from faceattr.data.sources import draw_synthetic
from faceattr.evaluation.judge import judging
from faceattr.evaluation.judge.judging import LearningSource, learned_judge, scored_judge
from faceattr.evaluation.subjects.evaluation_faces import EvaluationFaces


@pytest.fixture(scope="module")
def table():
    persons = np.arange(60) // 3
    return dataclasses.replace(draw_synthetic(60, 32, seed=4).table, identities=persons)


@pytest.fixture
def learned(monkeypatch):
    """What a judge is trained on, instead of training it."""
    seen = []
    monkeypatch.setattr(
        judging, "attribute_classifier", lambda faces, *_: seen.extend(faces) or "a judge"
    )
    return seen


def learn(sources, evaluated, **more):
    return learned_judge(sources, evaluated, pathlib.Path("cache"), **more)


def test_a_judge_learns_from_no_face_that_it_judges_nor_from_its_person(table, learned):
    chosen = EvaluationFaces("drawn", table, {"Eyeglasses": (np.array([0, 30]), np.array([40]))})
    learn([LearningSource("drawn", table)], [chosen], held_out_share=0.01)
    (faces,) = learned
    assert np.flatnonzero(faces.held_out).tolist() == [0, 1, 2, 30, 31, 32, 39, 40, 41]


def test_packed_crops_and_files_of_one_name_are_one_face(table, learned):
    chosen = EvaluationFaces("packed", table, {"Eyeglasses": (np.array([0]), np.array([40]))})
    files = dataclasses.replace(
        table, names=tuple(reversed(table.names)), identities=None, labels=table.labels[::-1]
    )
    learn([LearningSource("celeba", files)], [chosen], held_out_share=0.01)
    assert np.flatnonzero(learned[0].held_out).tolist() == [19, 59]


def test_the_share_that_measures_the_judge_is_held_out_of_each_source(table, learned):
    sources = [LearningSource("one", table), LearningSource("two", table)]
    learn(sources, [], held_out_share=0.25)
    assert [source.held_out.sum() for source in learned] == [15, 15]


def test_an_official_split_holds_out_all_but_its_training(table, learned):
    partition = np.repeat([0, 1, 2], 20).astype(np.int8)
    official = dataclasses.replace(table, partition=partition, identities=None)
    chosen = EvaluationFaces("celeba", official, {"Eyeglasses": (np.array([45]), np.array([50]))})
    learn([LearningSource("celeba", official, official=True)], [chosen])
    assert np.array_equal(learned[0].held_out, partition != 0)


def test_of_a_large_source_a_part_is_learned_from(table, learned):
    chosen = EvaluationFaces("drawn", table, {"Eyeglasses": (np.array([0, 30]), np.array([40]))})
    learn([LearningSource("drawn", table)], [chosen], most_images=20)
    (faces,) = learned
    assert 20 <= len(faces.table) <= 23
    held_out = {name for name, out in zip(faces.table.names, faces.held_out, strict=True) if out}
    assert chosen.names() <= held_out


def test_a_judge_is_measured_once_on_each_source_that_it_has_no_scores_on(table, monkeypatch):
    measured = []
    monkeypatch.setattr(
        judging, "measured_on", lambda judge, faces: measured.append(faces) or judge
    )

    class Judge:
        scores = {"celeba": {}}  # noqa: RUF012

    chosen = [
        EvaluationFaces("celeba", table, {"Eyeglasses": (np.array([0]), np.array([1]))}),
        EvaluationFaces("lfw", table, {"Eyeglasses": (np.array([5]), np.array([6]))}),
        EvaluationFaces("lfw", table, {"Eyeglasses": (np.array([6]), np.array([9]))}),
    ]
    scored_judge(Judge(), chosen)
    (faces,) = measured
    assert faces.name == "lfw"
    assert faces.table.names == tuple(table.names[index] for index in (5, 6, 9))
    assert faces.held_out.all()
