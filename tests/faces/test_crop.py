import json
import zlib

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from PIL import Image

from faceattr.errors import UserError
from faceattr.faces import crop as crops
from faceattr.faces.crop import (
    CELEBA_CROP,
    DRAWN_CROP,
    LFW_CROP,
    WHOLE_IMAGE,
    CropGeometry,
    read_crop,
)


def test_celebas_crop_is_the_centre_148_at_any_scale():
    assert CELEBA_CROP.box(178, 218) == (15, 35, 163, 183)
    left, top, right, bottom = CELEBA_CROP.box(89, 109)
    assert right - left == bottom - top == 74
    assert (left, top) == (8, 18)  # 7.5 and 17.5, to the even neighbour


@hypothesis.given(
    st.floats(0.01, 1), st.floats(0, 1), st.floats(0, 1), st.integers(1, 500), st.integers(1, 500)
)
def test_a_crop_is_a_square_inside_the_image(size, x, y, width, height):
    left, top, right, bottom = CropGeometry(size, x, y).box(width, height)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert right - left == bottom - top


@pytest.mark.parametrize("crop", [CELEBA_CROP, LFW_CROP, WHOLE_IMAGE, DRAWN_CROP])
def test_a_crop_survives_json(crop):
    assert CropGeometry.from_json(json.loads(json.dumps(crop.to_json()))) == crop


@pytest.mark.parametrize("crop", [CELEBA_CROP, LFW_CROP, WHOLE_IMAGE])
def test_a_crop_written_before_it_knew_of_points_gets_those_of_its_frame(crop):
    older = {name: value for name, value in crop.to_json().items() if name != "points"}
    assert CropGeometry.from_json(older) == crop


def test_the_crop_holds_the_pixels_of_its_square(tmp_path):
    image = np.zeros((20, 10, 3), np.uint8)
    image[5:15] = (200, 100, 50)
    Image.fromarray(image).save(tmp_path / "face.png")
    square = read_crop(tmp_path / "face.png", WHOLE_IMAGE, 5)
    assert square.shape == (5, 5, 3)
    assert (square == (200, 100, 50)).all()


@pytest.mark.parametrize("content", [b"", b"not an image", b"\xff\xd8\xff\xe0 cut off"])
def test_an_unreadable_image_is_named(tmp_path, content):
    path = tmp_path / "broken.jpg"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"broken\.jpg: cannot be read"):
        read_crop(path, WHOLE_IMAGE, 32)


def test_a_truncated_jpeg_is_named(tmp_path):
    path = tmp_path / "short.jpg"
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(UserError, match=r"short\.jpg: cannot be read"):
        read_crop(path, WHOLE_IMAGE, 32)


def test_a_missing_image_is_named(tmp_path):
    with pytest.raises(UserError, match=r"gone\.png: no such image"):
        read_crop(tmp_path / "gone.png", WHOLE_IMAGE, 32)


def test_a_huge_image_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    path = tmp_path / "huge.png"
    Image.new("1", (300, 300)).save(path)
    monkeypatch.setattr(crops, "MAX_PIXELS", 300 * 299)
    with pytest.raises(UserError, match=r"huge.png: 300x300 pixels are more"):
        read_crop(path, WHOLE_IMAGE, 32)


def test_a_header_that_promises_30000_by_30000_is_refused(tmp_path):
    path = tmp_path / "bomb.png"
    Image.new("RGB", (4, 4)).save(path)
    data = path.read_bytes()
    header = (30_000).to_bytes(4, "big") * 2 + data[24:29]
    checksum = zlib.crc32(b"IHDR" + header).to_bytes(4, "big")
    path.write_bytes(data[:16] + header + checksum + data[33:])
    with pytest.raises(UserError, match=r"bomb\.png: "):
        read_crop(path, WHOLE_IMAGE, 32)
