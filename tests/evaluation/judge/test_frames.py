import numpy as np
import pytest

from faceattr.data.sources import draw_synthetic
from faceattr.evaluation.judge.frames import frame_lines, lines_of
from faceattr.evaluation.measures.how_far import area_under_curve
from faceattr.faces.mesh import MeshFinder


def test_a_line_over_the_nose_counts_and_one_beside_it_does_not():
    skin = np.full((64, 64, 3), 150, np.uint8)
    assert np.isnan(lines_of(skin)), "over nothing"
    bridge, cheek = skin.copy(), skin.copy()
    bridge[32, 27:37] = 30
    cheek[55, 10:54] = 30
    # Into the line and out of it: 20 pixels change, of 320 where frames lie, of 63 x 64 in all.
    assert lines_of(bridge) == pytest.approx((20 / 320) / (20 / (63 * 64)))
    assert lines_of(cheek) == 0
    darker = (bridge // 2).astype(np.uint8)
    assert lines_of(darker) == pytest.approx(lines_of(bridge)), "light is taken out"


def test_drawn_glasses_are_seen_and_no_face_is_no_number():
    drawn = draw_synthetic(40, 64, seed=3).table
    found = frame_lines(MeshFinder(), drawn.images)
    having = drawn.values("Eyeglasses")
    assert area_under_curve(found[~having], found[having]) > 0.95
    assert np.isnan(frame_lines(MeshFinder(), np.zeros((1, 64, 64, 3), np.uint8))).all()
