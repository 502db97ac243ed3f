import json

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from make_vectors import VECTORS
from PIL import Image
from plain_edit import plain_edit

from faceattr.editing.changes import Change, Changes, FaceChange
from faceattr.editing.face_crop import FaceCrop
from faceattr.editing.photo import Photo
from faceattr.faces.similarity import Similarity, square_to_unit
from faceattr.pictures.upscaling import LUMINANCE, bicubic, slopes
from faceattr.pixels import to_float

RNG = np.random.default_rng(0)


def enlarged(maps, side):
    return np.stack(bicubic(maps, side), axis=-1)


def test_what_is_flat_or_a_ramp_stays_so():
    flat = np.full((8, 8, 3), 0.3, np.float32)
    large = enlarged(flat, 40)
    np.testing.assert_allclose(large, np.full((40, 40, 3), 0.3), atol=1e-6)
    ramp = np.broadcast_to(np.arange(16, dtype=np.float32)[:, None, None], (16, 16, 1))
    wanted = (np.arange(64) + 0.5) / 4 - 0.5
    np.testing.assert_allclose(enlarged(ramp, 64)[12:-12, 30, 0], wanted[12:-12], atol=1e-5)
    np.testing.assert_allclose(enlarged(large, 8), flat, atol=1e-6)


def test_slopes_are_those_of_a_line_and_0_where_nothing_goes_together():
    luminance = RNG.uniform(-1, 1, (32, 32)).astype(np.float32)
    line = luminance[:, :, None] * np.float32((-1, 0.5, 0)) + np.float32(0.2)
    found = slopes(line, luminance)
    assert np.abs(found.mean(axis=(0, 1)) - (-1, 0.5, 0)).max() < 0.1
    flat = slopes(line, np.full((32, 32), 0.4, np.float32))
    np.testing.assert_allclose(flat, 0, atol=1e-5)
    np.testing.assert_allclose(
        slopes(line, luminance) + slopes(3 * line, luminance),
        slopes(4 * line, luminance),
        atol=1e-5,
    )


def edited(photo, truth, size):
    """The photo with the residual that a perfect network of this size would see."""
    box = [
        Image.fromarray(image).resize((size, size), Image.Resampling.BOX)
        for image in (photo, truth)
    ]
    seen, wanted = (to_float(np.asarray(image)) for image in box)
    side = len(photo)
    crop = FaceCrop(square_to_unit(np.array((side / 2, side / 2)), side), feathered=False)
    change = Change(crop, seen @ LUMINANCE, wanted - seen)
    changes = Changes(Photo.of(Image.fromarray(photo)), (FaceChange(None, (change,)),))
    return np.asarray(changes.at([1.0]).image).astype(int)


def plain(photo, truth, size):
    """The same enlarged without a look at the photo."""
    box = [
        Image.fromarray(image).resize((size, size), Image.Resampling.BOX)
        for image in (photo, truth)
    ]
    seen, wanted = (to_float(np.asarray(image)) for image in box)
    return np.clip(photo + 127.5 * enlarged(wanted - seen, len(photo)), 0, 255)


@pytest.fixture
def skin():
    """uint8 [320, 320, 3] with grain."""
    grain = RNG.normal(0, 3, (320, 320, 1))
    return np.clip(np.array((200, 160, 140)) + grain, 0, 255).astype(np.uint8)


def test_a_frame_that_is_taken_away_leaves_no_sharp_edge(skin):
    framed = skin.copy()
    framed[141:152, 30:290] = (20, 20, 30)
    steps = [
        np.abs(np.diff(image[120:172, 60:260].mean(axis=(1, 2)))).max()
        for image in (framed, plain(framed, skin, 64), edited(framed, skin, 64))
    ]
    assert steps[0] > 130
    assert steps[1] > 20, "the enlarged residual alone leaves an edge"
    assert steps[2] < 0.3 * steps[1]


def test_what_is_added_has_no_detail_of_the_photo_and_grain_stays(skin):
    framed = skin.copy()
    framed[140:152, 30:290] = (20, 20, 30)
    found = edited(skin, framed, 64)
    np.testing.assert_allclose(found, plain(skin, framed, 64), atol=6)
    far = np.s_[200:300]
    np.testing.assert_array_equal(found[far], skin[far])


def test_a_face_smaller_than_the_network_sees_is_made_smaller_not_guided():
    crop = FaceCrop(square_to_unit(np.array((8.0, 8.0)), 16))
    residual = RNG.uniform(-1, 1, (32, 32, 3)).astype(np.float32)
    luminance = RNG.uniform(-1, 1, (32, 32)).astype(np.float32)
    small = crop.enlarged(residual, luminance)
    assert [image.size for image in small] == [(16, 16)] * 3
    same = FaceCrop(square_to_unit(np.array((16.0, 16.0)), 32))
    kept = np.stack(same.enlarged(residual, luminance), axis=-1)
    np.testing.assert_array_equal(kept, residual)


def laid_into(photo, to_unit, residual, luminance, strength):
    change = Change(FaceCrop(to_unit), np.float32(luminance), np.float32(residual))
    changes = Changes(Photo.of(Image.fromarray(photo)), (FaceChange(None, (change,)),))
    return np.asarray(changes.at([strength]).image)


@pytest.mark.parametrize("case", json.loads((VECTORS / "edit.json").read_text()))
def test_vectors(case):
    photo, to_unit = np.array(case["photo"], np.uint8), Similarity(*case["to_unit"])
    found = laid_into(photo, to_unit, case["residual"], case["luminance"], case["strength"])
    assert (found != photo).any()
    np.testing.assert_allclose(found, case["edited"], rtol=0, atol=0.52)


@hypothesis.settings(max_examples=15)
@hypothesis.given(
    st.tuples(st.floats(-5, 25), st.floats(-5, 20)),
    st.floats(1, 60),
    st.floats(-3.2, 3.2),
    st.integers(1, 9),
    st.floats(-1, 2),
)
def test_as_a_plain_loop_over_pixels(center, side, angle, size, strength):
    draws = np.random.default_rng(4)
    photo = draws.integers(0, 256, (15, 20, 3), np.uint8)
    residual = draws.normal(0, 0.3, (size, size, 3))
    luminance = draws.uniform(-1, 1, (size, size))
    to_unit = square_to_unit(np.array(center), side, angle)
    wanted = plain_edit(photo, to_unit, residual, luminance, strength)
    found = laid_into(photo, to_unit, residual, luminance, strength)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=0.5 + 0.02)
