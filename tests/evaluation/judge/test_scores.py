import numpy as np
import pytest

from faceattr.evaluation.judge.scores import calibration_error, column_score, reliability


def test_scores_of_a_known_case():
    labels = np.array([1, 1, -1, -1, -1, -1, 0, 0])
    probabilities = np.array([0.9, 0.2, 0.1, 0.3, 0.4, 0.8, 0.0, 1.0])
    score = column_score(probabilities, labels)
    assert (score.positives, score.negatives) == (2, 4)
    assert score.accuracy == pytest.approx(4 / 6)
    assert score.recall_positive == pytest.approx(0.5)
    assert score.recall_negative == pytest.approx(0.75)
    assert score.balanced_accuracy == pytest.approx(0.625)


def test_balanced_accuracy_is_not_taken_in_by_a_rare_class():
    labels = np.where(np.arange(100) < 5, 1, -1)
    score = column_score(np.zeros(100), labels)
    assert score.accuracy == pytest.approx(0.95)
    assert score.balanced_accuracy == pytest.approx(0.5)


def test_a_class_that_is_missing_has_no_balanced_accuracy():
    score = column_score(np.array([0.1, 0.6]), np.array([-1, -1]))
    assert score.accuracy == pytest.approx(0.5)
    assert np.isnan(score.balanced_accuracy)
    assert np.isnan(score.recall_positive)
    nothing = column_score(np.array([0.1]), np.array([0]))
    assert np.isnan([nothing.accuracy, nothing.calibration_error]).all()


def test_reliability_bins_hold_what_falls_into_them():
    probabilities = np.array([0.02, 0.08, 0.1, 0.97, 1.0])
    positive = np.array([False, True, True, True, False])
    bins = reliability(probabilities, positive)
    assert [(b.low, b.high, b.count) for b in bins] == [(0, 0.1, 2), (0.1, 0.2, 1), (0.9, 1, 2)]
    assert bins[0].mean_probability == pytest.approx(0.05)
    assert [b.share_positive for b in bins] == pytest.approx([0.5, 1, 0.5])


def test_calibration_error_of_a_known_case():
    # Half the faces are said to be 0.75 and are 0.5 of the time; the other half is right.
    probabilities = np.array([0.75, 0.75, 1.0, 1.0])
    positive = np.array([True, False, True, True])
    assert calibration_error(probabilities, positive) == pytest.approx(0.125)


def test_a_calibrated_classifier_has_next_to_no_error():
    rng = np.random.default_rng(0)
    probabilities = rng.random(20_000)
    positive = rng.random(20_000) < probabilities
    assert calibration_error(probabilities, positive) < 0.02
    assert calibration_error(probabilities**3, positive) > 0.1
