import types

import numpy as np
import pytest

from faceattr.evaluation.measures.sharpness import (
    FaceSharpness,
    compute,
    gradient_energy,
    summarise,
)


def test_gradient_energy_by_hand():
    image = np.zeros((1, 2, 3, 3), np.uint8)
    image[0, 0, 1] = 10  # across: 10 and -10 above, 0 and 0 below; down: 0, -10 and 0
    found = gradient_energy(image)
    assert found == pytest.approx([200 / 4 + 100 / 3])
    image[0, 0, 1] = (10, 0, 0)
    assert gradient_energy(image) == pytest.approx(0.299**2 * found)


def test_blur_is_below_real_faces_and_noise_above():
    random = np.random.default_rng(0)
    real = random.integers(100, 130, (5, 16, 16, 3), np.uint8)
    blurred = ((real[:, :-1, :-1].astype(int) + real[:, 1:, 1:]) // 2).astype(np.uint8)
    noisy = (real + random.integers(0, 90, real.shape)).astype(np.uint8)

    def ratio(edited: np.ndarray) -> float:
        case = types.SimpleNamespace(
            edited=types.SimpleNamespace(images=edited),
            needed=types.SimpleNamespace(images=real),
            needless=types.SimpleNamespace(images=real),
        )
        return summarise(compute(case), 0).ratio

    assert ratio(real) == pytest.approx(1)
    assert ratio(blurred) < 0.9
    assert ratio(noisy) > 1.1


def test_faces_without_detail_have_no_ratio():
    flat = np.zeros(3)
    assert np.isnan(summarise(FaceSharpness(flat + 1, flat, flat), 0).ratio)
