import math

import numpy as np
import pytest

from faceattr.data.sources import draw_synthetic
from faceattr.evaluation.judge.mouth import gap_and_lift, mouths
from faceattr.faces.face import Face
from faceattr.faces.mesh import MeshFinder


def face(gap, lift, angle=0.0, scale=10.0):
    """Eyes at distance 1, then lips that far apart and corners that high, turned and scaled."""
    mesh = np.zeros((468, 3))
    mesh[[13, 82, 312], 1] = 1 - gap / 2
    mesh[[14, 87, 317], 1] = 1 + gap / 2
    mesh[[61, 291], :2] = ((-0.4, 1 - lift), (0.4, 1 - lift))
    points = np.array(((-0.5, 0), (0.5, 0), (0, 0.5), (-0.4, 1), (0.4, 1)), np.float64)
    turn = scale * np.array(
        ((math.cos(angle), -math.sin(angle)), (math.sin(angle), math.cos(angle)))
    )
    mesh[:, :2] = mesh[:, :2] @ turn.T + (30, 40)
    return Face.of(mesh, points @ turn.T + (30, 40), 1.0)


@pytest.mark.parametrize("angle", [0.0, 0.5, -1.2])
def test_gap_and_lift_are_in_eye_distances_along_the_face(angle):
    assert gap_and_lift(face(0.2, 0.1, angle)) == pytest.approx((0.2, 0.1), abs=1e-5)
    assert gap_and_lift(face(0.0, -0.05, angle, 3.0)) == pytest.approx((0, -0.05), abs=1e-5)


def test_drawn_mouths_are_as_they_were_drawn_and_no_face_is_no_number():
    drawn = draw_synthetic(24, 64, seed=3).table
    found = mouths(MeshFinder(), drawn.images)
    wide = drawn.values("Mouth_Slightly_Open")
    assert found.gap[wide].mean() > 3 * found.gap[~wide].mean()
    smiling = drawn.values("Smiling")
    assert found.lift[smiling].mean() > 1.5 * found.lift[~smiling].mean()
    nothing = mouths(MeshFinder(), np.zeros((1, 64, 64, 3), np.uint8))
    assert np.isnan([nothing.gap, nothing.lift]).all()
