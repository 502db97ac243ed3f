"""What a visitor gives the page, in any browser: photos of every kind, and what is none."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw
from web.visitor import ADD, ASTRONAUT, levels

from faceattr.editing.photo_files import open_photo, save_photo


def far_and_wide():
    """A PNG whose header promises 108 megapixels."""

    def chunk(name, content):
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", 12000, 9000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b""))


def smiley():
    """A face that is none."""
    image = Image.new("RGB", (400, 400), (250, 240, 200))
    draw = ImageDraw.Draw(image)
    draw.ellipse((60, 60, 340, 340), fill=(255, 210, 60), outline="black", width=6)
    for left in (140, 230):
        draw.ellipse((left, 150, left + 30, 190), fill="black")
    draw.arc((130, 170, 270, 280), 20, 160, fill="black", width=8)
    return image


def encoded(image, form, **how):
    file = io.BytesIO()
    image.save(file, form, **how)
    return file.getvalue()


class Photos:
    @pytest.mark.parametrize(
        "image",
        [Image.new("RGB", (300, 200), (90, 120, 60)), smiley()],
        ids=["a-meadow", "a-face-that-is-none"],
    )
    def test_no_face(self, page, image):
        page.open(image)
        assert "No face was found" in page.text("#message")
        assert page.tab.locator(ADD).is_disabled()
        page.sample()
        assert page.text("#message") == ""
        assert page.tab.locator(ADD).is_enabled()

    @pytest.mark.parametrize(
        ("content", "name", "sentence"),
        [
            (b"no image at all", "notes.txt", "notes.txt is not an image"),
            (b"", "empty.jpg", "empty.jpg is not an image"),
            (b"\0\0\0\x18ftypheic" + bytes(40), "a.heic", "a.heic is HEIC"),
            (b"II*\0" + bytes(40), "a.tif", "a.tif is a TIFF"),
            (b"\xff\xd8\xff\xe0" + bytes(9), "short.jpg", "short.jpg cannot be read"),
            (ASTRONAUT.read_bytes()[:30_000], "short.png", "short.png cannot be read"),
            (far_and_wide(), "wide.png", "wide.png has 108 megapixels"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_what_cannot_be_opened_is_named(self, page, content, name, sentence):
        page.open(content, name)
        assert sentence in page.text("#message")

    def test_forty_faces(self, page):
        small = Image.open(ASTRONAUT).crop((130, 30, 330, 230)).resize((160, 160))
        page.open(Image.fromarray(np.tile(np.asarray(small), (5, 8, 1))))
        assert page.text("#live") == "40 faces found"
        page.press("text=Only the largest")
        assert "1 of 40 faces" in page.text("#who")

    def test_a_jpeg_keeps_its_tables_its_scans_and_what_it_says(self, page, editors, tmp_path):
        # So that blocks reach beyond the border.
        photo = Image.open(ASTRONAUT).crop((0, 0, 509, 398))
        exif = photo.getexif()
        exif[0x0112], exif[0x010F] = 6, "a maker"
        content = encoded(
            photo.transpose(Image.Transpose.ROTATE_90),
            "JPEG",
            quality=92,
            subsampling=2,
            exif=exif,
            comment=b"said besides",
            dpi=(300, 300),
            progressive=True,
        )
        page.open(content, "turned.jpeg")
        assert page.text("#live") == "One face found"
        page.press(ADD)
        path = page.download(tmp_path)
        assert path.name == "turned-add_glasses.jpeg"
        found, given = Image.open(path), Image.open(io.BytesIO(content))
        assert found.size == given.size
        assert found.quantization == given.quantization
        assert found.layer == given.layer
        assert found.getexif() == given.getexif()
        for fact, value in (("comment", b"said besides"), ("dpi", (300, 300)), ("progressive", 1)):
            assert found.info[fact] == value
        (tmp_path / "turned.jpeg").write_bytes(content)
        opened = open_photo(tmp_path / "turned.jpeg")
        edited = editors("add_glasses").edit(opened.photo)
        save_photo(edited, opened.facts, tmp_path / "python.jpeg")
        apart = np.abs(levels(path) - levels(tmp_path / "python.jpeg"))
        assert np.quantile(apart, 0.999) <= 2
        # A pixel that was rounded otherwise may move a coefficient over a border between two steps.
        assert apart.max() <= 12

    def test_inks_become_colours_and_the_page_says_so(self, page, tmp_path):
        content = encoded(Image.open(ASTRONAUT).convert("CMYK"), "JPEG", quality=95)
        page.open(content, "inks.jpg")
        said = "This photo has inks for colours, and is written as red, green and blue."
        assert page.text("#note") == said
        page.press(ADD)
        found = Image.open(page.download(tmp_path))
        assert (found.format, found.mode) == ("JPEG", "RGB")
        assert found.quantization[0] == Image.open(io.BytesIO(content)).quantization[0]

    def test_what_browsers_cannot_write_becomes_a_png_and_the_page_says_so(self, page, tmp_path):
        page.open(encoded(Image.open(ASTRONAUT), "BMP"), "a.bmp")
        assert page.text("#note") == "This photo is written as a PNG."
        page.press(ADD)
        path = page.download(tmp_path)
        assert path.name == "a-add_glasses.png"
        assert Image.open(path).format == "PNG"

    def test_deep_and_clear_pngs_stay_so(self, page, tmp_path):
        photo = np.asarray(Image.open(ASTRONAUT)).astype(np.uint16)
        clear = np.full((512, 512, 1), 255, np.uint8)
        clear[:40] = 7
        with_alpha = np.concatenate((photo.astype(np.uint8), clear), axis=2)
        page.open(Image.fromarray(with_alpha))
        page.press(ADD)
        found = np.asarray(Image.open(page.download(tmp_path)))
        assert found.shape == (512, 512, 4)
        assert (found[:, :, 3:] == clear).all()
        assert (found[:40, :100] == with_alpha[:40, :100]).all()
        grey = Image.open(ASTRONAUT).convert("L")
        deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257 - 3)
        page.open(deep)
        page.press(ADD)
        found = Image.open(page.download(tmp_path))
        assert found.mode == "I;16"
        assert (np.asarray(found)[-100:] == np.asarray(deep)[-100:]).all()

    def test_webp(self, page, tmp_path):
        turned = Image.open(ASTRONAUT).transpose(Image.Transpose.ROTATE_180)
        exif = turned.getexif()
        exif[0x0112] = 3
        content = encoded(turned, "WEBP", lossless=True, xmp=b"<x:xmpmeta/>", exif=exif)
        page.sample()
        page.press("#closer")
        upright = page.pixels()
        page.open(content, "photo.webp")
        if not page.is_pressed("#closer"):
            page.press("#closer")
        page.press("#closer")
        assert (page.pixels() == upright).all()
        page.press(ADD)
        found = Image.open(page.download(tmp_path))
        assert found.format == "WEBP"
        assert found.info["xmp"] == b"<x:xmpmeta/>"
        assert found.getexif()[0x0112] == 3
        plain = np.asarray(turned).astype(int)
        apart = np.abs(np.asarray(found.convert("RGB")).astype(int) - plain)
        assert apart[:100].max() <= 1
        assert apart.max() > 2

    def test_dropped_and_pasted(self, page):
        page.sample()
        for kind, holder in (("drop", "dataTransfer"), ("paste", "clipboardData")):
            page.forget()
            page.tab.evaluate(
                """async ([kind, holder]) => {
                  const answer = await fetch('photos/astronaut.png');
                  const all = new DataTransfer();
                  const file = new File([await answer.blob()], 'a.png', {type: 'image/png'});
                  all.items.add(file);
                  // Firefox lets no script fill a clipboard's event.
                  const event = new Event(kind, {cancelable: true});
                  document.dispatchEvent(Object.assign(event, {[holder]: all}));
                }""",
                [kind, holder],
            )
            assert page.told("#live") == "One face found"

    def test_the_camera_and_its_refusal(self, page):
        page.forget()
        page.tab.click("#camera")
        assert "The camera was refused" in page.told()
        self.grant_camera(page)
        page.tab.click("#camera")
        page.tab.wait_for_function("() => document.querySelector('#video').videoWidth > 0")
        page.forget()
        page.tab.click("#shoot")
        assert "No face was found" in page.told()
        assert not page.tab.evaluate("document.querySelector('#shutter').open")
