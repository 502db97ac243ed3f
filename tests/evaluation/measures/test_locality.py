import numpy as np
import pytest

from faceattr.evaluation.measures.locality import (
    changed_share,
    energy_share,
    locality,
    mean_change,
)
from faceattr.evaluation.subjects.transformation import edited_images, residuals


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)


def left_half(n: int, side: int) -> np.ndarray:
    part = np.zeros((n, side, side), bool)
    part[:, :, : side // 2] = True
    return part


def test_mean_change_and_changed_share_of_a_known_residual():
    residual = np.zeros((2, 4, 4, 3), np.float32)
    residual[0, 0, 0] = (-0.2, 0.0, 0.07)  # 0.27 over 48 values; one channel passes 0.1
    residual[1, :2, :, 1] = 0.05  # below the threshold
    assert mean_change(residual) == pytest.approx([0.27 / 48, 0.05 * 8 / 48])
    assert changed_share(residual) == pytest.approx([1 / 16, 0])


def test_energy_and_change_are_told_apart_by_part():
    residual = np.zeros((2, 4, 4, 3), np.float32)
    residual[0, :, :2] = 0.4
    residual[0, :, 2:] = -0.2
    part = left_half(2, 4)
    assert energy_share(residual, part)[0] == pytest.approx(0.8)  # 0.16 against 0.04
    assert np.isnan(energy_share(residual, part)[1]), "nothing changes: there is no share"
    assert mean_change(residual, part)[0] == pytest.approx(0.4)
    assert mean_change(residual, ~part)[0] == pytest.approx(0.2)
    assert np.isnan(mean_change(residual, np.zeros((2, 4, 4), bool))).all()


def test_locality_of_an_edit_that_keeps_to_its_region(images):
    residual = np.zeros(images.shape, np.float32)
    residual[:, :, :16] = 0.5
    result = locality(images, edited_images(images, residual), residual, left_half(3, 32), "a box")
    assert result.energy_inside == pytest.approx([1, 1, 1])
    assert result.mean_change == pytest.approx([0.25] * 3)
    assert result.mean_change_inside == pytest.approx([0.5] * 3)
    assert result.mean_change_outside == pytest.approx([0, 0, 0])
    assert np.isinf(result.psnr_outside).all()
    assert result.ssim_outside == pytest.approx([1, 1, 1])


def test_strength_zero_gives_the_very_image_back(images):
    residual = np.random.default_rng(2).normal(0, 3, images.shape).astype(np.float32)
    assert np.array_equal(edited_images(images, residual, 0.0), images)


def test_edited_images_add_and_clip():
    images = np.full((1, 2, 2, 3), 128, np.uint8)
    residual = np.full((1, 2, 2, 3), 20 / 127.5, np.float32)
    assert (edited_images(images, residual) == 148).all()
    assert (edited_images(images, residual, 0.5) == 138).all()
    assert (edited_images(images, residual, 100.0) == 255).all()


def test_residuals_go_through_an_edit_in_batches():
    images = np.random.default_rng(3).integers(0, 256, (70, 8, 8, 3), np.uint8)
    seen = []

    def negative(x: np.ndarray) -> np.ndarray:
        seen.append(len(x))
        return -2 * x

    result = residuals(negative, images)
    assert np.array_equal(edited_images(images, result), 255 - images)
    assert sum(seen) == 70
    assert max(seen) < 70
