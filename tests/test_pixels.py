import hypothesis
import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import strategies as st

from faceattr import pixels


def test_the_ends_and_the_middle_of_the_range():
    levels = np.array([0, 51, 255], np.uint8)
    np.testing.assert_allclose(pixels.to_float(levels), [-1.0, -0.6, 1.0], atol=1e-7)


@hypothesis.given(arrays.arrays(np.uint8, (2, 3, 4, 3)))
def test_every_level_survives_the_round_trip(image):
    np.testing.assert_array_equal(pixels.to_uint8(pixels.to_float(image)), image)


@hypothesis.settings(deadline=None, max_examples=30)
@hypothesis.given(arrays.arrays(np.float32, (2, 2, 3), elements=st.floats(-3, 3, width=32)))
def test_tensorflow_and_numpy_agree(image):
    in_graph = tf.function(pixels.tensor_to_uint8)(tf.constant(image)).numpy()
    np.testing.assert_array_equal(in_graph, pixels.to_uint8(image))
    np.testing.assert_array_equal(
        pixels.tensor_to_float(tf.constant(in_graph)).numpy(), pixels.to_float(in_graph)
    )


def test_edits_beyond_the_range_are_clipped():
    np.testing.assert_array_equal(pixels.to_uint8(np.array([-1.7, 1.7])), [0, 255])


@pytest.mark.parametrize(
    ("convert", "wrong"),
    [
        (pixels.to_float, np.zeros(3, np.float32)),
        (pixels.to_uint8, np.zeros(3, np.uint8)),
        (pixels.to_uint8, np.array([np.nan])),
        (pixels.tensor_to_float, tf.zeros(3)),
        (pixels.tensor_to_uint8, tf.zeros(3, tf.uint8)),
    ],
)
def test_pixels_of_the_wrong_kind_are_refused(convert, wrong):
    with pytest.raises(AssertionError):
        convert(wrong)


def test_an_unchanged_pixel_is_mid_grey_in_a_residual():
    picture = pixels.residual_to_uint8(np.array([0.0, 2.0, -2.0]))
    assert picture.tolist() == [128, 255, 0]


def test_every_level_of_16_bits_comes_back():
    levels = np.arange(65536, dtype=np.uint16)
    x = pixels.to_float(levels)
    assert x.dtype == np.float32
    assert x[[0, -1]].tolist() == [-1, 1]
    np.testing.assert_array_equal(pixels.to_levels(x, levels.dtype), levels)
