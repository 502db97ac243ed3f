import pathlib
import re

import hypothesis
import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import strategies as st
from keras import ops

from faceattr import pixels
from faceattr.edits import checked_strength, edited
from faceattr.errors import UserError

HOUSE = pathlib.Path(__file__).resolve().parents[1]

levels = arrays.arrays(np.uint8, (2, 3, 3))
residuals = arrays.arrays(np.float32, (2, 3, 3), elements=st.floats(-4, 4, width=32))
strengths = st.floats(-3, 3, width=32)


@hypothesis.settings(deadline=None)
@hypothesis.given(levels, residuals, strengths)
def test_to_clip_first_changes_no_level(image, residual, strength):
    x = pixels.to_float(image)

    found = edited(x, residual, strength)

    assert found.dtype == np.float32
    assert np.abs(found).max() <= 1
    unclipped = x + np.float32(strength) * residual
    np.testing.assert_array_equal(pixels.to_uint8(found), pixels.to_uint8(unclipped))


@hypothesis.settings(deadline=None, max_examples=30)
@hypothesis.given(levels, residuals, strengths)
def test_tensors_and_arrays_agree(image, residual, strength):
    x = pixels.to_float(image)
    wanted = edited(x, residual, strength)

    in_graph = tf.function(edited)(tf.constant(x), tf.constant(residual), tf.constant(strength))

    np.testing.assert_allclose(in_graph, wanted, atol=1e-6)
    of_keras = edited(ops.convert_to_tensor(x), ops.convert_to_tensor(residual), strength)
    np.testing.assert_array_equal(ops.convert_to_numpy(of_keras), wanted)


@hypothesis.given(levels, residuals)
def test_strength_0_gives_the_images_back_and_1_is_the_default(image, residual):
    x = pixels.to_float(image)
    np.testing.assert_array_equal(edited(x, residual, 0), x)
    np.testing.assert_array_equal(edited(x, residual), edited(x, residual, 1))


def test_each_image_may_have_its_own_strength():
    x, residual = np.zeros((2, 1, 1, 3), np.float32), np.full((2, 1, 1, 3), 0.5, np.float32)
    found = edited(x, residual, np.array([1, -1]).reshape(2, 1, 1, 1))
    assert found[:, 0, 0, 0].tolist() == [0.5, -0.5]


@pytest.mark.parametrize("folder", ["faceattr", "serving"])
def test_no_other_room_makes_the_sum_itself(folder):
    sums = re.compile(r"clip(_by_value)?\([^()]* [+] [^()]*residual")
    own = HOUSE / "faceattr" / "edits.py"
    for path in (HOUSE / folder).rglob("*.py"):
        code = re.sub(r'""".*?"""', "", path.read_text("utf-8"), flags=re.DOTALL)
        assert path == own or not sums.search(code), path


@hypothesis.given(st.floats(-1, 2))
def test_a_strength_within_its_range_is_taken_as_it_is(strength):
    assert checked_strength(strength) == strength
    assert checked_strength(str(strength)) == strength


@hypothesis.given(
    st.one_of(
        st.floats().filter(lambda value: not -1 <= value <= 2),
        st.integers().filter(lambda value: not -1 <= value <= 2),
        st.text(alphabet="abcxyz ,"),
        st.none(),
        st.just(10**400),
    )
)
def test_any_other_strength_is_refused_by_name(strength):
    with pytest.raises(UserError, match=r"^of row 3 .*must be a number from -1 to 2$"):
        checked_strength(strength, "of row 3")
