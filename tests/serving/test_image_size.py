"""The pixels of encoded images are counted before they are decoded."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from serving.wire.image_size import check_images, quick_size
from serving.wire.limits import Limits
from serving.wire.request_error import RequestError


def encoded(form: str, size: tuple[int, int] = (30, 20), **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size).save(file, form, **options)
    return file.getvalue()


def tensors(*contents: bytes) -> dict[str, np.ndarray]:
    return {"image_bytes": np.array([*contents, None], dtype=object)[:-1]}


def claiming(width: int, height: int) -> bytes:
    """The head of a PNG of that size, and nothing else."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    ) + b"\0\0\0\0IDAT"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "BMP"])
def test_every_form_that_is_decoded(form: str) -> None:
    assert check_images(tensors(encoded(form), encoded(form, (7, 1))), Limits()) == 607


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("PNG", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True, "comment": b"made up", "dpi": (72, 72)}),
        ("JPEG", {"exif": b"Exif\0\0" + bytes(70), "icc_profile": bytes(70_000)}),
    ],
)
def test_a_plain_head_is_read_without_pillow(form: str, options: dict[str, Any]) -> None:
    contents = encoded(form, (30, 20), **options)
    assert quick_size(contents) == (30, 20)
    whole = contents.find(b"\xff\xda") if form == "JPEG" else 24
    assert {quick_size(contents[:length]) for length in range(whole)} == {None}


@pytest.mark.parametrize("form", ["GIF", "BMP"])
def test_what_is_rare_takes_pillow(form: str) -> None:
    assert quick_size(encoded(form)) is None


@pytest.mark.parametrize("size", [(4097, 4096), (2**15, 2**15), (2**31 - 1, 2**31 - 1)])
def test_too_many_pixels_are_refused_by_the_head_alone(size: tuple[int, int]) -> None:
    with pytest.raises(RequestError, match="pixels"):
        check_images(tensors(claiming(*size)), Limits())


def test_it_is_the_sum_that_counts() -> None:
    images = [claiming(4096, 2048)] * 3
    assert check_images(tensors(*images[:2]), Limits()) == 4096**2
    with pytest.raises(RequestError, match=r"up to number 2 \(of 4096x2048\) have 25165824"):
        check_images(tensors(*images), Limits())


@pytest.mark.parametrize("contents", [b"", b"no image", b"\xff\xd8\xff", encoded("TIFF")])
def test_what_is_no_image_is_told_by_its_number(contents: bytes) -> None:
    with pytest.raises(RequestError, match="item 1 is not a JPEG or PNG image"):
        check_images(tensors(encoded("PNG"), contents), Limits())


def test_other_inputs_have_no_pixels() -> None:
    assert check_images({"image": np.zeros((1, 4, 4, 3))}, Limits()) == 0
    assert check_images({"image_bytes": np.zeros(3)}, Limits()) == 0
