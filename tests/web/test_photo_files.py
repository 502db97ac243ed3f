"""Photos read and written by the page's own modules, in Node.js, beside Pillow."""

import io
import json
import pathlib
import subprocess

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps, PngImagePlugin
from web_pages import node

from faceattr.editing.file_facts import without_thumbnail

ROOT = pathlib.Path(__file__).parents[2]
DRAWS = np.random.default_rng(5)
PHOTO = Image.open(ROOT / "docs" / "photos" / "astronaut.png").crop((100, 0, 237, 91))
SMOOTH = PHOTO.resize((83, 61))


def deep(channels, size=(13, 17)):
    return DRAWS.integers(0, 65536, (*size, channels), np.uint16)


def png_of(image, **how):
    file = io.BytesIO()
    image.save(file, "PNG", **how)
    return file.getvalue()


def deep_png(levels):
    from faceattr.editing.deep import write_png

    file = io.BytesIO()
    write_png(file, levels, [])
    return file.getvalue()


def interlaced(image):
    """A PNG in the seven passes of Adam7, which Pillow reads and does not write."""
    import struct
    import zlib

    levels = np.asarray(image)
    rows = b""
    for left, top, right, down in (
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ):
        for row in levels[top::down, left::right]:
            rows += b"\0" + row.tobytes() if len(row) else b""
    header = struct.pack(">IIBBBBB", image.width, image.height, 8, 2, 0, 0, 1)
    file = io.BytesIO(b"")
    file.write(b"\x89PNG\r\n\x1a\n")
    for name, content in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        PngImagePlugin.putchunk(file, name, content)
    return file.getvalue()


def texts():
    found = PngImagePlugin.PngInfo()
    found.add_text("Author", "somebody")
    found.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta/>")
    return found


def exif_of(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
PNGS = {
    "grey": png_of(SMOOTH.convert("L")),
    "bits": png_of(SMOOTH.convert("1")),
    "colour": png_of(SMOOTH, pnginfo=texts(), dpi=(300, 300)),
    "profile": png_of(SMOOTH, icc_profile=PROFILE),
    "palette": png_of(SMOOTH.quantize(13)),
    "clear-palette": png_of(SMOOTH.quantize(13), transparency=3),
    "key": png_of(SMOOTH, transparency=SMOOTH.getpixel((5, 5))),
    "alpha": png_of(Image.merge("RGBA", (*SMOOTH.split(), SMOOTH.convert("L")))),
    "grey-alpha": png_of(Image.merge("LA", (SMOOTH.convert("L"),) * 2)),
    "deep-grey": png_of(Image.fromarray(deep(1)[:, :, 0])),
    "deep": deep_png(deep(3)),
    "deep-alpha": deep_png(deep(4)),
    "interlaced": interlaced(SMOOTH),
    **{f"turned-{turn}": png_of(SMOOTH, exif=exif_of(turn)) for turn in range(2, 9)},
}
JPEGS = {
    "sampled": {"quality": 95, "subsampling": 2},
    "half": {"quality": 60, "subsampling": 1},
    "whole": {"quality": 75, "subsampling": 0, "icc_profile": PROFILE},
    "best": {"quality": 100, "subsampling": 0, "progressive": True},
    "in-scans": {"quality": 85, "subsampling": 2, "progressive": True},
    "told": {"exif": exif_of(6), "comment": b"said", "dpi": (72, 72), "xmp": b"<x:xmpmeta/>"},
}

GREY = ("grey", "grey-in-scans")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for name, content in PNGS.items():
        (folder / f"{name}.png").write_bytes(content)
    for name, how in JPEGS.items():
        PHOTO.save(folder / f"{name}.jpg", **how)
        (folder / f"{name}.jpg.levels").write_bytes(PHOTO.tobytes())
    for name in GREY:
        PHOTO.convert("L").save(folder / f"{name}.jpg", progressive=name != "grey")
        (folder / f"{name}.jpg.levels").write_bytes(PHOTO.convert("L").tobytes())
    PHOTO.save(folder / "lossy.webp", exif=exif_of(8), xmp=b"<x:xmpmeta/>")
    PHOTO.save(folder / "lossless.webp", lossless=True)
    (folder / "small.exif").write_bytes(with_thumbnail())
    return folder


def with_thumbnail():
    """EXIF of two directories, the second with a small JPEG."""
    import struct

    small = b"\xff\xd8a small picture\xff\xd9"
    first = struct.pack("<H", 1) + struct.pack("<HHII", 0x0112, 3, 1, 6) + struct.pack("<I", 26)
    at = 26 + 2 + 24 + 4
    second = struct.pack("<H", 2) + struct.pack("<HHII", 0x0201, 4, 1, at)
    second += struct.pack("<HHII", 0x0202, 4, 1, len(small)) + bytes(4)
    return b"II*\0" + struct.pack("<I", 8) + first + second + small


@pytest.fixture(scope="module")
def told(folder):
    script = pathlib.Path(__file__).with_name("photo_files.mjs")
    done = subprocess.run(
        [node(), str(script), str(folder)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def levels_of(image):
    """As the page unfolds it: palettes and keys become colours and alpha."""
    if image.mode.startswith("I;16"):
        return np.asarray(image)
    if image.mode == "P" or image.info.get("transparency") is not None:
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    return np.asarray(image.convert("L") if image.mode == "1" else image)


@pytest.mark.parametrize("name", [name for name in PNGS if name not in ("deep", "deep-alpha")])
def test_pngs_are_read_and_written_as_pillow_reads_them(folder, told, name):
    given = Image.open(folder / f"{name}.png")
    facts = told[f"{name}.png"]
    upright = ImageOps.exif_transpose(given)
    wanted = levels_of(upright)
    kind = np.uint16 if wanted.dtype == np.uint16 else np.uint8
    found = np.frombuffer((folder / f"{name}.png.levels").read_bytes(), kind)
    assert (found == wanted.ravel()).all()
    assert facts["isSrgb"] == (name != "profile")
    again = Image.open(folder / f"{name}.png.again")
    assert again.size == given.size
    assert (levels_of(again) == levels_of(given)).all()
    again.load()
    assert again.info.get("dpi") == given.info.get("dpi")
    assert again.info.get("icc_profile") == given.info.get("icc_profile")
    assert again.getexif() == given.getexif()
    assert again.text == given.text


@pytest.mark.parametrize("name", ["deep", "deep-alpha"])
def test_pngs_of_16_bits_are_the_same_again(folder, told, name):
    from faceattr.editing.photo_files import open_photo

    (folder / f"{name}-again.png").write_bytes((folder / f"{name}.png.again").read_bytes())
    given, again = (open_photo(folder / f"{each}.png").photo for each in (name, f"{name}-again"))
    assert (given.samples(given.whole) == again.samples(again.whole)).all()
    (folder / f"{name}-again.png").unlink()


@pytest.mark.parametrize("name", [*JPEGS, *GREY])
def test_the_same_pixels_become_the_very_jpeg_that_pillow_writes(folder, told, name):
    given, again = (Image.open(folder / f"{name}.jpg{end}") for end in ("", ".again"))
    assert again.mode == given.mode
    assert again.quantization == given.quantization
    assert again.layer == given.layer
    assert (np.asarray(again) == np.asarray(given)).all()
    for fact in ("icc_profile", "comment", "dpi", "xmp", "progressive"):
        assert again.info.get(fact) == given.info.get(fact)
    assert again.getexif() == given.getexif()
    assert told[f"{name}.jpg"]["isSrgb"] == (name != "whole")
    assert told[f"{name}.jpg"]["orientation"] == (6 if name == "told" else 1)


def test_what_webp_says(folder, told):
    size = {"width": PHOTO.width, "height": PHOTO.height, "moves": False}
    lossy = {**size, "orientation": 8, "lossless": False, "kept": ["EXIF", "XMP "]}
    assert told["lossy.webp"] == lossy
    assert told["lossless.webp"] == {**size, "orientation": 1, "lossless": True, "kept": []}


def test_the_small_picture_of_exif_goes_as_in_python(folder, told):
    given = (folder / "small.exif").read_bytes()
    again = (folder / "small.exif.again").read_bytes()
    assert b"small picture" in given
    assert b"small picture" not in again
    assert b"Exif\0\0" + again == without_thumbnail(given)
