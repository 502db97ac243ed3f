import numpy as np
import pytest

from faceattr.data import synthetic
from faceattr.evaluation.measures.landmarks import five_points, landmark_errors


@pytest.fixture(scope="module")
def faces():
    return [synthetic.sample_parameters(0, index) for index in range(6)]


@pytest.fixture(scope="module")
def truth(faces):
    return np.stack([synthetic.landmarks68(face) for face in faces]).astype(np.float64)


def test_errors_are_in_units_of_the_distance_between_the_eyes(truth):
    five = five_points(truth)
    unit = np.linalg.norm(five[:, 1] - five[:, 0], axis=-1)
    found = truth.copy()
    found[:, 36:48, 0] += 0.1 * unit[:, None]
    found[:, 30, 1] -= 5.6 * unit  # one point of 56
    errors = landmark_errors(found, truth)
    assert errors.eyes == pytest.approx([0.1] * 6)
    assert errors.rest == pytest.approx([0.1] * 6)


def test_errors_against_five_landmarks(truth):
    five = five_points(truth)
    unit = np.linalg.norm(five[:, 1] - five[:, 0], axis=-1)
    found = truth.copy()
    found[:, 36:42] += (unit * 0.2)[:, None, None] * (1, 0)  # one of two eyes
    found[:, 54] += (unit * 0.3)[:, None] * (0, 1)  # one of three other points
    errors = landmark_errors(found, five)
    assert errors.eyes == pytest.approx([0.1] * 6)
    assert errors.rest == pytest.approx([0.1] * 6)


def test_errors_do_not_depend_on_the_size_of_the_face(truth):
    found = truth + np.random.default_rng(0).normal(0, 0.01, truth.shape)
    errors, doubled = landmark_errors(found, truth), landmark_errors(2 * found, 2 * truth)
    assert doubled.eyes == pytest.approx(errors.eyes)
    assert doubled.rest == pytest.approx(errors.rest)


def test_unknown_truth_is_not_measured(truth):
    some = five_points(truth)
    some[2] = np.nan
    means = landmark_errors(truth, some).means(seed=0)
    assert means.eyes.count == 5
    assert means.eyes.value == pytest.approx(0, abs=1e-12)
    assert means.rest.count == 5


def test_five_of_the_sixty_eight_are_celeba_s(faces, truth):
    celeba = np.stack([synthetic.landmarks(face) for face in faces])
    # CelebA's eyes are pupils, these the centres of the lids; both are within 2% of the image.
    assert np.abs(five_points(truth) - celeba).max() < 0.02


def test_the_eyes_are_the_means_of_their_six_points():
    points = np.zeros((1, 68, 2))
    points[0, 36:42, 0] = (1, 2, 3, 4, 3, 2)
    points[0, 42:48, 1] = (6, 7, 8, 9, 8, 7)
    points[0, [30, 48, 54]] = ((1, 1), (2, 2), (3, 3))
    expected = [[2.5, 0], [0, 7.5], [1, 1], [2, 2], [3, 3]]
    assert five_points(points)[0] == pytest.approx(np.array(expected))
