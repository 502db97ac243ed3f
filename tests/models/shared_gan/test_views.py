"""Views of a face, the way back from them, and how far residuals depend on them."""

import numpy as np
import pytest

from faceattr.models.shared_gan.losses import views_loss
from faceattr.models.shared_gan.views import SHIFTS, mean_of_views, view_of_step, views


def test_views_by_hand_and_the_way_back():
    image = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    found = np.asarray(views(image))[..., 0]
    assert len(found) == 2 * len(SHIFTS)
    np.testing.assert_array_equal(found[0], image[0, ..., 0])
    np.testing.assert_array_equal(found[1], image[0, :, ::-1, 0])
    # A pixel down: the last row is seen twice.
    np.testing.assert_array_equal(found[2], image[0, [1, 2, 3, 3], :, 0])
    np.testing.assert_array_equal(found[4], image[0, :, [1, 2, 3, 3], 0].T)
    back = np.asarray(mean_of_views(views(image)))
    np.testing.assert_allclose(back[:, 1:, 1:], image[:, 1:, 1:], rtol=1e-6)


def test_the_mean_is_of_residuals_laid_back():
    random = np.random.default_rng(0)
    residuals = random.normal(0, 1, (16, 6, 6, 3)).astype(np.float32)
    found = np.asarray(mean_of_views(residuals))
    parts = residuals.reshape(8, 2, 6, 6, 3)
    wanted = 0
    for number, (down, right) in enumerate(SHIFTS):
        for part in (parts[2 * number], parts[2 * number + 1][:, :, ::-1]):
            wanted = wanted + part[:, 2 - down : 5 - down, 2 - right : 5 - right] / 8
    np.testing.assert_allclose(found[:, 2:5, 2:5], wanted, rtol=1e-5, atol=1e-6)


def test_every_view_has_its_turn_in_eight_steps():
    images = np.random.default_rng(1).normal(size=(2, 6, 6, 3)).astype(np.float32)
    all_views = np.asarray(views(images)).reshape(8, 2, 6, 6, 3)
    seen = [
        [number for number, each in enumerate(all_views) if np.array_equal(each, turn)]
        for turn in (np.asarray(view_of_step(images, np.int32(step))) for step in range(16, 24))
    ]
    assert sorted(number for found in seen for number in found) == list(range(8))


def test_the_residual_of_a_view_is_held_to_the_view_of_the_residual():
    residual = np.random.default_rng(2).normal(size=(1, 4, 4, 3)).astype(np.float32)
    # Of step 3: a pixel down, and mirrored.
    view = residual[:, [1, 2, 3, 3], ::-1]
    assert float(views_loss(residual, view, 3)) == 0
    assert float(views_loss(residual, view + 0.25, 11)) == pytest.approx(0.25)
    assert float(views_loss(residual, residual, 3)) > 0.1
