import json
import math

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from make_vectors import VECTORS

from faceattr.faces.similarity import Similarity, fit, square_to_unit

number = st.floats(-50, 50)
similarity = st.builds(
    lambda scale, angle, x, y: Similarity(scale * math.cos(angle), scale * math.sin(angle), x, y),
    st.floats(0.01, 20),
    st.floats(-math.pi, math.pi),
    number,
    number,
)
points = st.lists(st.tuples(number, number), min_size=5, max_size=5).map(np.array)


def spread_out(points):
    return np.ptp(points, axis=0).max() > 1


def test_a_quarter_turn_by_hand():
    """Clockwise where y points down: right goes to down. Twice as long, and three to the right."""
    turn = Similarity(0.0, 2.0, 3.0, 0.0)
    np.testing.assert_allclose(turn(np.array([(1, 0), (0, 1)])), [(3, 2), (1, 0)])
    assert turn.scale == 2


@hypothesis.given(similarity, points)
def test_the_inverse_undoes_it(there, points):
    np.testing.assert_allclose(there.inverse()(there(points)), points, atol=1e-6)


@hypothesis.given(similarity, points.filter(spread_out))
def test_a_similarity_is_found_again_from_what_it_does(there, points):
    found = fit(points, there(points), np.array((2, 2, 0, 1, 1)) + 0.5)
    np.testing.assert_allclose(found(points), there(points), atol=1e-5)


@hypothesis.given(points.filter(spread_out), points, similarity)
def test_no_other_similarity_comes_nearer(source, target, other):
    weights = np.array((2, 2, 1, 1, 1))

    def error(similarity):
        return float(weights @ ((similarity(source) - target) ** 2).sum(axis=1))

    assert error(fit(source, target, weights)) <= error(other) + 1e-6


def test_a_mirror_image_is_not_fitted_by_mirroring():
    found = fit(np.array([(0, 0), (1, 0), (0, 2)]), np.array([(0, 0), (-1, 0), (0, 2)]))
    assert found.a**2 + found.b**2 > 0
    assert np.linalg.det([[found.a, -found.b], [found.b, found.a]]) > 0


def test_a_square_becomes_the_unit_square():
    to_unit = square_to_unit(np.array((10.0, 20.0)), 4.0, math.pi / 2)
    corners = np.array([(12, 18), (12, 22), (8, 22), (8, 18)])
    np.testing.assert_allclose(to_unit(corners), [(0, 0), (1, 0), (1, 1), (0, 1)], atol=1e-12)


@pytest.mark.parametrize("case", json.loads((VECTORS / "similarity.json").read_text()))
def test_vectors(case):
    names = ("points", "template", "weights")
    found = fit(*(np.array(case[name]) for name in names))
    np.testing.assert_allclose(
        (found.a, found.b, found.shift_x, found.shift_y), case["to_crop"], rtol=1e-12
    )
