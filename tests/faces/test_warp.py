import json
import math

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from make_vectors import VECTORS, plain_warp

from faceattr.faces import warp
from faceattr.faces.similarity import Similarity, square_to_unit


@pytest.mark.parametrize("case", json.loads((VECTORS / "warp.json").read_text()))
def test_vectors(case):
    image = np.array(case["image"], np.uint8)
    found = warp.crop(image, Similarity(*case["to_crop"]), case["size"])
    np.testing.assert_array_equal(found, np.array(case["crop"], np.uint8))


@hypothesis.settings(max_examples=40)
@hypothesis.given(
    st.integers(1, 24),
    st.integers(1, 24),
    st.tuples(st.floats(-10, 30), st.floats(-10, 30)),
    st.floats(0.5, 60),
    st.floats(-math.pi, math.pi),
    st.integers(1, 9),
)
def test_as_a_plain_loop_over_pixels(height, width, center, side, angle, size):
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    to_crop = square_to_unit(np.array(center), side, angle)
    wanted = plain_warp(image, to_crop, size)
    # Half a level is what rounding takes, the rest single precision.
    np.testing.assert_allclose(warp.crop(image, to_crop, size), wanted, rtol=0, atol=0.5 + 1e-3)


def test_the_photo_itself():
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    whole = square_to_unit(np.array((8, 8)), 16)
    np.testing.assert_array_equal(warp.crop(image, whole, 16), image)
    means = image.reshape(4, 4, 4, 4, 3).mean(axis=(1, 3))
    np.testing.assert_array_equal(warp.crop(image, whole, 4), np.floor(means + 0.5))


def test_what_the_crop_does_not_show_is_not_read():
    """A photo as a file mapped into memory, of which only a corner is there."""
    image = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    to_crop = square_to_unit(np.array((30, 30)), 8, 0.1)
    elsewhere = image.copy()
    elsewhere[:20] = 0
    elsewhere[:, :20] = 0
    np.testing.assert_array_equal(warp.crop(image, to_crop, 3), warp.crop(elsewhere, to_crop, 3))
