import numpy as np
import pytest

from faceattr.attributes import find_attribute
from faceattr.edits import Edit
from faceattr.evaluation.measures.leakage import FaceLeakage, label_correlations, summarise


def test_correlations_are_pearson_s():
    labels = np.where(np.random.default_rng(0).random((300, 4)) < (0.2, 0.5, 0.7, 0.4), 1, -1)
    labels[:, 3] = -labels[:, 0]
    result = label_correlations(labels.astype(np.int8))
    assert result == pytest.approx(np.corrcoef(labels, rowvar=False))
    assert result[0, 3] == pytest.approx(-1)


def test_unknown_labels_are_left_out_pair_by_pair():
    rng = np.random.default_rng(1)
    labels = np.where(rng.random((300, 2)) < 0.4, 1, -1).astype(np.int8)
    labels[labels[:, 0] > 0, 1] *= np.where(rng.random((labels[:, 0] > 0).sum()) < 0.5, 0, 1)
    known = (labels != 0).all(axis=1)
    expected = np.corrcoef(labels[known], rowvar=False)[0, 1]
    assert label_correlations(labels)[0, 1] == pytest.approx(expected)


def test_a_column_of_one_kind_has_no_correlation():
    labels = np.array([[1, 1], [-1, 1], [1, 1]], np.int8)
    result = label_correlations(labels)
    assert result[0, 0] == pytest.approx(1)
    assert np.isnan([result[0, 1], result[1, 0], result[1, 1]]).all()


def test_an_edit_that_carries_the_ties_of_the_data_is_told():
    rng = np.random.default_rng(2)
    # Male, and three columns that go with it to different degrees; then one on its own.
    male = np.where(rng.random(4000) < 0.5, 1, -1)
    columns = ("Male", "Mustache", "Necktie", "Lipstick", "Hat")
    agreeing = (1.0, 0.9, 0.7, 0.1, 0.5)
    labels = np.stack([np.where(rng.random(4000) < a, male, -male) for a in agreeing], axis=1)
    before = np.full((50, 5), 0.3)
    carried = np.array([0.6, 0.45, 0.2, -0.25, 0.0])
    alone = np.array([0.6, 0.01, -0.03, 0.02, 0.04])
    adding, removing = find_attribute("Male", columns).edits
    by_men, by_women, only_male = (
        summarise(FaceLeakage(edit, columns, after - before, labels.astype(np.int8)), 0)
        for edit, before, after in (
            (adding, before, before + carried),
            (removing, before + carried, before),
            (adding, before, before + alone),
        )
    )
    assert by_men.changes == pytest.approx(carried)
    assert by_women.changes == pytest.approx(-carried)
    assert by_men.correlations[3] == pytest.approx(-0.8, abs=0.05)
    assert by_women.correlations[3] == pytest.approx(0.8, abs=0.05)
    assert by_men.follows_data > 0.95
    assert by_women.follows_data > 0.95
    assert abs(only_male.follows_data) < 0.5
    assert by_men.columns == columns
    assert by_men.at(by_men.changes, "Hat") == pytest.approx(0)
    assert np.isnan(by_men.at(by_men.changes, "Beard"))


def test_errors_are_those_of_the_mean():
    after = np.random.default_rng(3).random((25, 3))
    labels = np.array([[1, -1, 1], [-1, 1, 1]], np.int8)
    result = summarise(FaceLeakage(Edit("add_a", "a", True), ("a", "b", "c"), after, labels), 0)
    assert result.errors == pytest.approx(after.std(axis=0, ddof=1) / 5)
    assert np.isnan(result.follows_data), "two other columns say nothing"
