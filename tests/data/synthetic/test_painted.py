"""Glasses by themselves, painted onto pictures."""

import numpy as np

from faceattr.data.synthetic.geometry import EYE_CENTRE, EYE_SPACING
from faceattr.data.synthetic.painted import painted_glasses


def test_they_lie_around_the_eyes_and_nowhere_else():
    glasses = painted_glasses(6, 64)
    assert glasses.through.shape == glasses.paint.shape == (6, 64, 64, 3)
    assert glasses.through.dtype == glasses.paint.dtype == np.float32
    assert -1e-6 <= glasses.through.min() <= glasses.through.max() <= 1 + 1e-6
    rows, columns = np.nonzero(glasses.cover[0, :, :, 0] > 0.5)
    assert abs((columns.mean() + 0.5) / 64 - EYE_CENTRE[0]) < 0.01
    assert abs((rows.mean() + 0.5) / 64 - EYE_CENTRE[1]) < 0.03
    assert np.ptp(columns) / 64 > 2 * EYE_SPACING
    assert (glasses.cover[:, 48:] < 1e-6).all()
    # Through clear lenses the eyes are seen.
    for side in (-1, 1):
        place = (int(EYE_CENTRE[1] * 64), int((EYE_CENTRE[0] + side * EYE_SPACING) * 64))
        assert glasses.cover[0][place] < 0.5


def test_the_frame_is_dark_whatever_it_is_painted_on():
    glasses = painted_glasses(1, 64)
    for ground in (-1.0, 1.0):
        worn = np.clip(glasses.through * ground + glasses.paint, -1, 1)
        frame = glasses.cover[0, :, :, 0] > 0.95
        assert frame.sum() > 30
        assert worn[0][frame].max() < -0.5
        np.testing.assert_allclose(worn[0][glasses.cover[0, :, :, 0] == 0], ground, atol=1e-5)


def test_the_first_are_always_the_same_and_the_others_are_not():
    one, other = painted_glasses(3, 32, seed=0), painted_glasses(3, 32, seed=9)
    np.testing.assert_array_equal(one.paint[0], other.paint[0])
    assert np.abs(one.paint[1] - one.paint[2]).max() > 0.1
    assert np.abs(one.paint[1] - other.paint[1]).max() > 0.1
