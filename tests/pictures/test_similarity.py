import numpy as np
import pytest
import tensorflow as tf

from faceattr.pictures.similarity import masked_psnr, masked_ssim, psnr


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)


def left_half(n: int, side: int) -> np.ndarray:
    part = np.zeros((n, side, side), bool)
    part[:, :, : side // 2] = True
    return part


def test_psnr_of_a_known_error():
    truth = np.zeros((2, 4, 4, 3), np.uint8)
    images = truth.copy()
    images[0] = 5  # a mean squared error of 25
    values = psnr(images, truth)
    assert values[0] == pytest.approx(20 * np.log10(255 / 5))
    assert values[1] == np.inf


def test_psnr_wants_whole_levels():
    with pytest.raises(AssertionError, match="uint8"):
        psnr(np.zeros((1, 2, 2, 3)), np.zeros((1, 2, 2, 3)))


def test_psnr_outside_does_not_see_what_changes_inside(images):
    edited = images.copy()
    part = left_half(3, 32)
    edited[:, :, :16] = 255 - edited[:, :, :16]
    assert np.isinf(masked_psnr(images, edited, ~part)).all()
    grey = np.full_like(images, 100)
    assert masked_psnr(grey, grey + 5, ~part) == pytest.approx([20 * np.log10(255 / 5)] * 3)
    assert np.isnan(masked_psnr(images, edited, np.zeros_like(part))).all()


def test_ssim_is_that_of_tensorflow(images):
    noise = np.random.default_rng(1).normal(0, 40, images.shape)
    edited = np.clip(images + noise, 0, 255).astype(np.uint8)
    grey = [x @ np.array([0.299, 0.587, 0.114]) for x in (images, edited)]
    expected = tf.image.ssim(*(x[..., None].astype(np.float32) for x in grey), max_val=255.0)
    assert masked_ssim(images, edited) == pytest.approx(expected.numpy(), abs=1e-4)
    assert masked_ssim(images, images) == pytest.approx([1, 1, 1])


def test_ssim_outside_takes_only_windows_that_touch_nothing_inside(images):
    edited = images.copy()
    part = left_half(3, 32)
    edited[:, :, :16] = 0
    assert masked_ssim(images, edited, ~part) == pytest.approx([1, 1, 1])
    assert (masked_ssim(images, edited) < 0.6).all()
    narrow = np.zeros_like(part)
    narrow[:, :, :10] = True
    assert np.isnan(masked_ssim(images, edited, narrow)).all(), "no window fits into 10 pixels"
