import numpy as np
import pytest

from faceattr.metrics import psnr


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
