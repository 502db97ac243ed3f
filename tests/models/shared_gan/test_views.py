"""Views of a face, and how far residuals depend on them."""

import numpy as np
import pytest

from faceattr.models.shared_gan.losses import views_loss
from faceattr.models.shared_gan.views import VIEWS, view_of_step


def test_every_view_has_its_turn():
    images = np.random.default_rng(1).normal(size=(2, 4, 4, 3)).astype(np.float32)
    # A pixel down: the last row is seen twice.
    wanted = [
        images[:, [*range(down, 4), *[3] * down]][:, :, [*range(right, 4), *[3] * right]][
            :, :, ::mirrored
        ]
        for down in (0, 1)
        for right in (0, 1)
        for mirrored in (1, -1)
    ]
    turns = [np.asarray(view_of_step(images, np.int32(step))) for step in range(16, 16 + VIEWS)]
    seen = [
        [number for number, each in enumerate(wanted) if np.array_equal(each, turn)]
        for turn in turns
    ]
    assert sorted(number for found in seen for number in found) == list(range(VIEWS))


def test_the_residual_of_a_view_is_held_to_the_view_of_the_residual():
    residual = np.random.default_rng(2).normal(size=(1, 4, 4, 3)).astype(np.float32)
    # Of step 3: a pixel down, and mirrored.
    view = residual[:, [1, 2, 3, 3], ::-1]
    assert float(views_loss(residual, view, 3)) == 0
    assert float(views_loss(residual, view + 0.25, 11)) == pytest.approx(0.25)
    assert float(views_loss(residual, residual, 3)) > 0.1
