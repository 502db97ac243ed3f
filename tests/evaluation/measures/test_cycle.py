import numpy as np
import pytest

from faceattr.evaluation.measures.cycle import FaceCycle, cycle, way_back
from faceattr.evaluation.subjects.transformation import Transformation, edited_images, residuals


def round_trip(there: Transformation, back: Transformation, images: np.ndarray) -> FaceCycle:
    return way_back(images, edited_images(images, residuals(there, images)), back)


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
