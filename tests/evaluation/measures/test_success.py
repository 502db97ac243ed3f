import numpy as np
import pytest

from faceattr.evaluation.measures.success import FaceSuccess, Success, by_strength, summarise


def success(before: np.ndarray, after: np.ndarray, adds: bool) -> Success:
    return summarise(FaceSuccess(adds, before, after, after, np.zeros((0, len(after)))), 0, ())


def brightness(images: np.ndarray) -> np.ndarray:
    """A judge for whom a face is positive if it is light."""
    return images.mean(axis=(1, 2, 3)) / 255


def test_success_counts_the_faces_that_reach_the_target():
    before, after = np.array([0.1, 0.2, 0.6, 0.3]), np.array([0.9, 0.4, 0.7, 0.8])
    adding = success(before, after, adds=True)
    assert (adding.before.value, adding.edited.value) == (0.25, 0.75)
    assert adding.edited.low < 0.75 < adding.edited.high
    assert adding.probability_after - adding.probability_before == pytest.approx(0.4)
    removing = success(before, after, adds=False)
    assert (removing.before.value, removing.edited.value) == (0.75, 0.25)
    assert removing.probability_after == pytest.approx(1 - after.mean())


def test_success_on_no_faces_is_not_known():
    nothing = success(np.zeros(0), np.zeros(0), adds=True)
    assert nothing.edited.count == 0
    assert np.isnan([nothing.edited.value, nothing.probability_after]).all()


def test_the_answer_to_strength_is_that_of_the_judge():
    levels = np.array([25, 51, 102], np.uint8)
    images = np.broadcast_to(levels[:, None, None, None], (3, 8, 8, 3)).copy()
    residual = np.full(images.shape, 102 / 127.5, np.float32)

    def points(residual: np.ndarray, adds: bool, strengths: tuple[float, ...]) -> tuple:
        found = by_strength(brightness, images, residual, {}, strengths)
        return summarise(FaceSuccess(adds, *[np.zeros(3)] * 3, found), 0, strengths).by_strength

    adding = points(residual, True, (0.0, 0.5, 1.0, 2.0))
    # The judge's line is at 127.5: 25, 51 and 102 reach it at 1.005, 0.75 and 0.25.
    assert [point.success.value for point in adding] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert [point.strength for point in adding] == [0.0, 0.5, 1.0, 2.0]
    assert adding[0].probability == pytest.approx(levels.mean() / 255)
    assert adding[2].probability == pytest.approx(levels.mean() / 255 + 0.4)
    opposite = points(-residual, False, (0.0, 1.0))
    assert [point.success.value for point in opposite] == [1, 1]


def test_the_judge_is_not_asked_again_of_what_it_has_said():
    images = np.zeros((2, 8, 8, 3), np.uint8)
    known = {0.0: np.array([0.1, 0.2]), 1.0: np.array([0.8, 0.9])}
    found = by_strength(brightness, images, np.zeros(images.shape), known, (0.0, 0.5, 1.0))
    assert found.tolist() == [[0.1, 0.2], [0, 0], [0.8, 0.9]]


def test_the_gain_is_the_rise_of_the_target():
    before, after = np.array([0.1, 0.4]), np.array([0.6, 0.3])
    nothing = np.zeros((0, 2))
    assert FaceSuccess(True, before, after, after, nothing).gain == pytest.approx([0.5, -0.1])
    assert FaceSuccess(False, before, after, after, nothing).gain == pytest.approx([-0.5, 0.1])
