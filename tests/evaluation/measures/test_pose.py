import math

import numpy as np
import pytest

from faceattr.data import synthetic
from faceattr.evaluation.measures.pose import success_by_yaw, yaw


def projected(degrees: float, roll: float = 0.0) -> np.ndarray:
    """Landmarks of a head whose nose stands out by 0.6 of the distance of its eyes."""
    turn, tilt = math.radians(degrees), math.radians(roll)
    half = 0.5 * math.cos(turn)
    shift = 0.6 * math.sin(turn)
    points = np.array([[-half, 0], [half, 0], [shift, 0.5], [-0.4, 1], [0.4, 1]])
    rotation = np.array([[math.cos(tilt), math.sin(tilt)], [-math.sin(tilt), math.cos(tilt)]])
    return 40 * points @ rotation + 100


@pytest.mark.parametrize("roll", [0.0, 20.0])
@pytest.mark.parametrize("degrees", [-40.0, 0.0, 15.0])
def test_a_known_turn_is_found_whatever_the_tilt(degrees, roll):
    assert yaw(projected(degrees, roll)[None]) == pytest.approx([degrees], abs=1e-9)


def test_the_turn_of_drawn_faces_is_found_in_order():
    faces = [synthetic.sample_parameters(0, index) for index in range(200)]
    truth = np.array([face.pose.yaw for face in faces])
    found = yaw(np.stack([synthetic.landmarks(face) for face in faces]))
    assert np.corrcoef(found, truth)[0, 1] > 0.95
    turned = np.abs(truth) > 8
    assert (np.sign(found) == np.sign(truth))[turned].all()


def test_unknown_landmarks_have_no_turn():
    landmarks = np.stack([projected(10), np.full((5, 2), np.nan)])
    assert np.isnan(yaw(landmarks)).tolist() == [False, True]


def test_success_is_counted_by_turn_to_either_side():
    degrees = np.array([0, -9, 10, -15, 19, 25, np.nan])
    successes = np.array([True, False, True, True, True, False, True])
    bins = success_by_yaw(successes, degrees)
    assert [(b.low, b.high) for b in bins] == [(0, 10), (10, 20), (20, 30), (30, 90)]
    assert [b.success.count for b in bins] == [2, 3, 1, 0]
    assert [b.success.value for b in bins[:3]] == [0.5, 1.0, 0.0]
    assert np.isnan(bins[3].success.value)
    assert {b.kernel for b in bins} == {None}


def test_realism_is_measured_by_turn_where_faces_are_enough():
    random = np.random.default_rng(0)
    degrees = np.repeat([5, 25, 40], [200, 200, 9])
    real = random.normal(size=(200, 4))
    # Frontal faces are as the real ones, turned ones are not.
    edited = random.normal(size=(409, 4)) + np.where(degrees > 20, 1.5, 0)[:, None]

    frontal, none, turned, few = success_by_yaw(np.ones(409, bool), degrees, (edited, real))

    assert abs(frontal.kernel) < 0.1
    assert turned.kernel > 1
    assert none.kernel is None
    assert few.kernel is None
