import numpy as np
import pytest

from faceattr.evaluation.measures.cycle import cycle, round_trip
from faceattr.evaluation.measures.noop import no_op
from faceattr.evaluation.measures.success import strength_response, success


def brightness(images: np.ndarray) -> np.ndarray:
    """A judge for whom a face is positive if it is light."""
    return images.mean(axis=(1, 2, 3)) / 255


def test_success_counts_the_faces_that_reach_the_target():
    before, after = np.array([0.1, 0.2, 0.6, 0.3]), np.array([0.9, 0.4, 0.7, 0.8])
    adding = success(before, after, to_positive=True)
    assert (adding.before.value, adding.edited.value) == (0.25, 0.75)
    assert adding.edited.low < 0.75 < adding.edited.high
    assert adding.probability_after - adding.probability_before == pytest.approx(0.4)
    removing = success(before, after, to_positive=False)
    assert (removing.before.value, removing.edited.value) == (0.75, 0.25)
    assert removing.probability_after == pytest.approx(1 - after.mean())


def test_success_on_no_faces_is_not_known():
    nothing = success(np.zeros(0), np.zeros(0), to_positive=True)
    assert nothing.edited.count == 0
    assert np.isnan([nothing.edited.value, nothing.probability_after]).all()


def test_the_answer_to_strength_is_that_of_the_judge():
    levels = np.array([25, 51, 102], np.uint8)
    images = np.broadcast_to(levels[:, None, None, None], (3, 8, 8, 3)).copy()
    residual = np.full(images.shape, 102 / 127.5, np.float32)
    points = strength_response(brightness, images, residual, True, (0.0, 0.5, 1.0, 2.0))
    # The judge's line is at 127.5: 25, 51 and 102 reach it at 1.005, 0.75 and 0.25.
    assert [point.success.value for point in points] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert points[0].probability == pytest.approx(levels.mean() / 255)
    assert points[2].probability == pytest.approx(levels.mean() / 255 + 0.4)
    opposite = strength_response(brightness, images, -residual, False, (0.0, 1.0))
    assert [point.success.value for point in opposite] == [1, 1]


def test_no_op_tells_an_edit_that_looks_from_one_that_does_not():
    residual = np.full((4, 8, 8, 3), 0.2)
    seeing = no_op(residual, residual / 10, seed=0)
    assert seeing.needed.value == pytest.approx(0.2)
    assert seeing.needless.value == pytest.approx(0.02)
    assert seeing.ratio == pytest.approx(0.1)
    assert no_op(residual, -residual, seed=0).ratio == pytest.approx(1)
    assert np.isnan(no_op(0 * residual, residual, seed=0).ratio)


def test_a_round_trip_of_opposite_edits_comes_back():
    images = np.random.default_rng(0).integers(60, 190, (40, 8, 8, 3), np.uint8)
    result = round_trip(lambda x: np.full_like(x, 0.4), lambda x: np.full_like(x, -0.4), images)
    assert result.l1.tolist() == [0] * 40
    assert np.isinf(result.psnr).all()
    assert result.there == pytest.approx([0.4] * 40)
    stays = round_trip(lambda x: np.full_like(x, 0.4), np.zeros_like, images)
    assert stays.l1 == pytest.approx(stays.there)


def test_the_way_back_sees_the_edited_face():
    images = np.full((2, 8, 8, 3), 100, np.uint8)
    seen = []

    def back(x: np.ndarray) -> np.ndarray:
        seen.append(x.copy())
        return np.zeros_like(x)

    round_trip(lambda x: np.full_like(x, 51 / 127.5), back, images)
    assert np.concatenate(seen) == pytest.approx(np.full((2, 8, 8, 3), 151 / 127.5 - 1), abs=1e-6)


def test_cycle_of_a_known_difference():
    images = np.full((1, 8, 8, 3), 100, np.uint8)
    result = cycle(images, images + 30, images + 5)
    assert result.l1 == pytest.approx([5 / 127.5])
    assert result.there == pytest.approx([30 / 127.5])
    assert result.psnr == pytest.approx([20 * np.log10(255 / 5)])
