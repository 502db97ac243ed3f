import contextlib
import struct
import sys

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from faceattr.editing import photo_files
from faceattr.editing.file_facts import without_thumbnail
from faceattr.editing.photo import Box, Photo, add_residual
from faceattr.editing.photo_files import open_photo, save_photo
from faceattr.errors import UserError

RNG = np.random.default_rng(0)
OTHER_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
EXIF = Image.Exif()
EXIF[0x010F] = "A maker"
EXIF[0x0112] = 6
EXIF.get_ifd(0x8769)[0x9003] = "2026:01:02 03:04:05"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><title>face</title></x:xmpmeta>'
ORIENTATIONS = st.sampled_from(range(1, 9))


def noise(mode, size=(20, 14)):
    """Smooth enough for a JPEG, and of all levels."""
    channels = len(Image.new(mode, (1, 1)).getbands())
    picture = RNG.integers(0, 256, (3, 4, channels), np.uint8)
    return Image.fromarray(picture.squeeze(), mode).resize(size, Image.Resampling.BICUBIC)


def rewritten(path):
    """A photo opened and written beside itself, in its own format."""
    file = open_photo(path)
    target = path.with_name(f"out{path.suffix}")
    save_photo(file.photo, file.facts, target)
    return file, target


@pytest.mark.parametrize(
    ("suffix", "mode", "options"),
    [
        ("png", "RGB", {}),
        ("png", "RGBA", {}),
        ("png", "L", {}),
        ("png", "LA", {}),
        ("tif", "RGB", {"compression": "tiff_lzw"}),
        ("tif", "RGBA", {}),
        ("tif", "L", {}),
        ("tif", "CMYK", {}),
        ("webp", "RGB", {"lossless": True}),
        ("webp", "RGBA", {"lossless": True, "exact": True}),
        ("bmp", "RGB", {}),
    ],
)
def test_a_lossless_photo_comes_back_bit_for_bit_in_its_mode(tmp_path, suffix, mode, options):
    image = noise(mode)
    image.save(tmp_path / f"a.{suffix}", **options)
    _, target = rewritten(tmp_path / f"a.{suffix}")
    with Image.open(target) as found:
        assert found.mode == mode
        np.testing.assert_array_equal(np.asarray(found), np.asarray(image))
        assert found.info.get("compression", "") == options.get(
            "compression", found.info.get("compression", "")
        )


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize(
    "options", [{"quality": 61}, {"quality": 93, "subsampling": 0}, {"progressive": True}]
)
def test_a_jpeg_is_encoded_as_it_was(tmp_path, mode, options):
    noise(mode, (70, 50)).save(tmp_path / "a.jpg", **options)
    _, target = rewritten(tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as before, Image.open(target) as after:
        assert after.mode == mode
        assert after.quantization == before.quantization
        assert [part[1:3] for part in after.layer] == [part[1:3] for part in before.layer]
        assert after.info.get("progressive") == before.info.get("progressive")
        difference = np.asarray(after).astype(int) - np.asarray(before)
        # The same tables on the same grid: but for rounding, what is decoded is what was there.
        assert np.abs(difference).mean() < 1


def metadata(path):
    with Image.open(path) as image:
        exif = image.getexif()
        dpi = tuple(round(float(each)) for each in image.info.get("dpi", (0, 0)))
        return {
            "size": image.size,
            "exif": (exif.get(0x010F), exif.get(0x0112), exif.get_ifd(0x8769).get(0x9003)),
            "icc": image.info.get("icc_profile"),
            "xmp": image.info.get("xmp"),
            "dpi": dpi,
        }


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "avif"])
def test_profile_exif_xmp_dpi_and_orientation_are_kept(tmp_path, suffix):
    image = noise("RGB", (24, 16))
    options = {"exif": EXIF, "icc_profile": OTHER_PROFILE, "dpi": (200, 200)}
    if suffix == "png":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", XMP.decode())
        options["pnginfo"].add_text("Title", "of a face")
    elif suffix == "tif":
        tags = Image.Exif()
        tags.load(EXIF.tobytes())
        tags[700] = XMP
        options["exif"] = tags
    else:
        options["xmp"] = XMP
    image.save(tmp_path / f"a.{suffix}", **options)
    file, target = rewritten(tmp_path / f"a.{suffix}")
    assert file.photo.size == (16, 24), "upright inside"
    wanted = metadata(tmp_path / f"a.{suffix}")
    assert wanted["exif"] == ("A maker", 6, "2026:01:02 03:04:05")
    assert wanted["icc"] == OTHER_PROFILE
    assert bytes(wanted["xmp"]) == XMP
    assert metadata(target) == wanted
    if suffix == "png":
        with Image.open(target) as found:
            assert found.text["Title"] == "of a face"


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("orientation", [1, 6])
def test_16_bits_come_back_bit_for_bit(tmp_path, suffix, channels, orientation):
    samples = RNG.integers(0, 65536, (300, 14, channels), np.uint16)
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    photo = Photo(
        *(
            Image.fromarray(part.astype(np.uint8).squeeze())
            for part in (samples >> 8, samples & 255)
        ),
        orientation,
        OTHER_PROFILE,
    )
    exif = Image.Exif()
    exif[0x0112] = orientation
    facts = photo_files.FileFacts("PNG", exif=exif.tobytes(), xmp=XMP, dpi=(300, 300))
    path = tmp_path / f"a.{suffix}"
    save_photo(photo, facts, path)
    file, target = rewritten(path)
    assert file.photo.image.mode == mode
    for found in (file.photo, open_photo(target).photo):
        assert found.orientation == orientation
        np.testing.assert_array_equal(found.samples(found.whole), samples)
    assert metadata(target) == metadata(path)
    assert metadata(path)["icc"] == OTHER_PROFILE
    assert bytes(metadata(path)["xmp"]) == XMP
    assert metadata(path)["dpi"] == (300, 300)


@hypothesis.given(ORIENTATIONS, st.sampled_from(["RGB", "L", "CMYK"]))
def test_however_the_file_has_it_the_pixels_are_upright_and_go_back(orientation, mode):
    image = noise(mode, (5, 3))
    photo = Photo.of(image, orientation)
    exif = Image.Exif()
    exif[0x0112] = orientation
    tagged = image.copy()
    tagged.info["exif"] = exif.tobytes()
    from PIL import ImageOps

    upright = np.asarray(ImageOps.exif_transpose(tagged))
    np.testing.assert_array_equal(photo.samples(photo.whole).squeeze(), upright.squeeze())
    back = photo.as_stored()
    np.testing.assert_array_equal(np.asarray(back.image), np.asarray(image))


def test_the_small_picture_in_exif_which_shows_the_face_unedited_is_taken_out():
    maker = b"\x86\x92\x07\x00\x04\x00\x00\x00abcd"
    first = struct.pack("<H", 1) + maker + struct.pack("<I", 26)
    second = struct.pack("<H", 2) + struct.pack("<HHII", 0x201, 4, 1, 56)
    second += struct.pack("<HHII", 0x202, 4, 1, 4) + struct.pack("<I", 0)
    exif = b"II*\0" + struct.pack("<I", 8) + first + second + b"FACE"
    found = without_thumbnail(exif).removeprefix(b"Exif\0\0")
    assert b"FACE" not in found
    assert len(found) == len(exif)
    assert maker in found
    read = Image.Exif()
    read.load(found)
    assert not read.get_ifd(1)
    assert without_thumbnail(b"II*\0\xff\xff\xff\xff") == b"II*\0\xff\xff\xff\xff"


@pytest.mark.parametrize(
    ("image", "mode"),
    [
        (noise("L").convert("1"), "L"),
        (noise("RGB").convert("P", palette=Image.Palette.ADAPTIVE), "RGB"),
        (noise("RGBA").quantize(), "RGBA"),
    ],
)
def test_one_bit_and_palettes_are_unfolded_without_loss(tmp_path, image, mode):
    image.save(tmp_path / "a.png")
    _, target = rewritten(tmp_path / "a.png")
    with Image.open(target) as found:
        assert found.mode == mode
        np.testing.assert_array_equal(np.asarray(found), np.asarray(image.convert(mode)))


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tif"])
def test_of_several_pictures_the_first_is_taken_with_a_warning(tmp_path, suffix):
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    path = tmp_path / f"a.{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:], lossless=True)
    file = open_photo(path)
    assert file.warnings == ("holds 2 pictures, of which the first is edited",)
    assert tuple(file.photo.rgb()[4, 4]) == (255, 0, 0)
    save_photo(file.photo, file.facts, tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as found:
        assert getattr(found, "n_frames", 1) == 1


@pytest.mark.parametrize("suffix", sorted({".jpg", ".png", ".webp", ".tif", ".bmp", ".avif"}))
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK", "I;16"])
def test_a_photo_of_any_mode_can_be_written_in_any_format(tmp_path, suffix, mode):
    image = noise("RGB" if mode == "I;16" else mode)
    if mode == "I;16":
        image = Image.fromarray(RNG.integers(0, 65536, (14, 20), np.uint16))
    photo = Photo.of(image)
    save_photo(photo, photo_files.FileFacts("GIF"), tmp_path / f"a{suffix}")
    found = open_photo(tmp_path / f"a{suffix}").photo.rgb().astype(int)
    tolerance = 0 if suffix in (".png", ".tif", ".bmp") else 12
    assert np.abs(found - photo.rgb()).mean() <= tolerance


def test_a_heic_without_a_decoder_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "a.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    with pytest.raises(UserError, match=r"a\.HEIC: .*pip install pillow-heif"):
        open_photo(tmp_path / "a.HEIC")


def test_what_is_too_large_is_refused_before_it_is_decoded_and_names_the_flag(tmp_path):
    Image.new("1", (12_000, 10_000)).save(tmp_path / "huge.png")
    with pytest.raises(UserError, match=r"huge\.png: 12000x10000 .*max_megapixels 50; raise it"):
        open_photo(tmp_path / "huge.png")
    Image.new("L", (30, 10)).save(tmp_path / "small.png")
    assert open_photo(tmp_path / "small.png", 0.0003).photo.size == (30, 10)
    with pytest.raises(UserError, match="max_megapixels"):
        open_photo(tmp_path / "small.png", 0.00029)


def test_samples_of_32_bits_are_refused(tmp_path):
    Image.fromarray(np.zeros((4, 4), np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(UserError, match=r"a\.tif: its samples have 32 bits"):
        open_photo(tmp_path / "a.tif")


@hypothesis.given(st.binary(max_size=200), st.sampled_from(["jpg", "png", "tif", "webp", "gif"]))
def test_whatever_bytes_a_file_has_it_is_a_photo_or_a_user_error(tmp_path_factory, content, suffix):
    starts = {
        "jpg": b"\xff\xd8\xff\xe0",
        "png": b"\x89PNG\r\n\x1a\n",
        "tif": b"II*\0",
        "gif": b"GIF89a",
    }
    path = tmp_path_factory.getbasetemp() / f"any.{suffix}"
    path.write_bytes(starts.get(suffix, b"RIFF") + content)
    with pytest.raises(UserError, match=r"any\.\w+: "):
        open_photo(path)


@pytest.fixture(scope="module")
def valid(tmp_path_factory):
    """Bytes of a photo of each format, with all that a file can say."""
    found = {}
    for suffix in ("jpg", "png", "tif", "webp", "gif"):
        path = tmp_path_factory.mktemp("valid") / f"a.{suffix}"
        facts = {} if suffix == "gif" else {"icc_profile": OTHER_PROFILE, "dpi": (72, 72)}
        facts |= {"exif": EXIF} if suffix in ("jpg", "png", "webp") else {}
        noise("RGB").save(path, **facts)
        found[suffix] = path.read_bytes()
    return found


@hypothesis.given(
    st.sampled_from(["jpg", "png", "tif", "webp", "gif"]),
    st.lists(st.tuples(st.integers(0, 600), st.binary(max_size=4)), min_size=1, max_size=4),
)
def test_however_a_file_is_damaged_it_is_edited_or_a_user_error(
    tmp_path_factory, valid, suffix, damage
):
    content = bytearray(valid[suffix])
    for place, other in damage:
        content[place : place + len(other)] = other
    path = tmp_path_factory.getbasetemp() / f"any.{suffix}"
    path.write_bytes(content)
    with contextlib.suppress(UserError):
        file = open_photo(path)
        file.photo.rgb()
        save_photo(file.photo, file.facts, path.with_name("any-edited.tif"))
    assert path.read_bytes() == content


def test_a_tiff_that_does_not_say_how_large_it_is_is_a_user_error(tmp_path, valid):
    height = struct.pack("<HH", 257, 4)
    assert valid["tif"].count(height) == 1
    (tmp_path / "a.tif").write_bytes(valid["tif"].replace(height, struct.pack("<HH", 65001, 4)))
    with pytest.raises(UserError, match=r"a\.tif: cannot be read as an image"):
        open_photo(tmp_path / "a.tif")


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_a_truncated_photo_is_a_user_error(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(RNG.integers(0, 256, (64, 64, 3), np.uint8)).save(path)
    for share in (0.1, 0.5, 0.9):
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(UserError, match=rf"a\.{suffix}: cannot be read"):
            open_photo(path)
        path.write_bytes(whole)


def test_the_network_sees_a_photo_of_another_profile_in_srgb():
    """In that of the test red and blue have changed places."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")
    swapped = swapped.replace("sRGB".encode("utf-16-be"), "mine".encode("utf-16-be"))
    assert swapped.replace(b"sRGB", b"mine") != srgb
    image = Image.new("RGB", (4, 4), (200, 100, 20))

    def seen(profile, mode="RGB"):
        return Photo(image.convert(mode), icc_profile=profile).rgb()[1, 1].astype(int)

    assert seen(None).tolist() == seen(srgb).tolist() == [200, 100, 20]
    for mode in ("RGB", "RGBA"):
        found = seen(swapped.replace(b"sRGB", b"mine"), mode)
        assert np.abs(found - (20, 100, 200)).max() <= 3
    assert seen(b"damaged").tolist() == [200, 100, 20]
    assert seen(OTHER_PROFILE).tolist() == [200, 100, 20], "of other channels"


@hypothesis.given(st.sampled_from(["L", "LA", "RGB", "RGBA", "CMYK"]), st.booleans(), st.data())
def test_a_residual_is_added_in_the_photos_own_encoding(mode, deep, data):
    channels = len(Image.new(mode, (1, 1)).getbands())
    dtype = np.uint16 if deep else np.uint8
    most = np.iinfo(dtype).max
    levels = data.draw(st.lists(st.integers(0, most), min_size=channels, max_size=channels))
    samples = np.array([[levels]], dtype)
    np.testing.assert_array_equal(
        add_residual(samples, mode, np.zeros((1, 1, 3), np.float32)), samples
    )
    grey = np.float32(data.draw(st.floats(-2, 2, width=32)))
    found = add_residual(samples, mode, np.full((1, 1, 3), grey, np.float32))
    assert found.dtype == dtype
    if mode.endswith("A"):
        assert found[0, 0, -1] == samples[0, 0, -1]
    if mode == "CMYK":
        assert found[0, 0, 3] == samples[0, 0, 3]
        assert np.sign(found[0, 0, 0].astype(int) - samples[0, 0, 0].astype(int)) in (
            0,
            -np.sign(grey),
        )
    else:
        wanted = np.clip(samples[0, 0, 0] + grey * most / 2, 0, most)
        assert abs(found[0, 0, 0] - wanted) <= 0.5 + most * 1e-6


def test_parts_are_replaced_and_nothing_else(tmp_path):
    samples = RNG.integers(0, 65536, (9, 8, 4), np.uint16)
    photo = Photo(
        *(Image.fromarray(part.astype(np.uint8)) for part in (samples >> 8, samples & 255))
    )
    box = Box(2, 3, 7, 5)
    part = RNG.integers(0, 65536, (2, 5, 4), np.uint16)
    found = photo.replaced([(box, part)])
    wanted = samples.copy()
    wanted[3:5, 2:7] = part
    np.testing.assert_array_equal(found.samples(found.whole), wanted)
    np.testing.assert_array_equal(photo.samples(photo.whole), samples)


def test_bytes_of_a_photo_that_is_no_file_are_refused(tmp_path):
    with pytest.raises(UserError, match="no such image"):
        open_photo(tmp_path / "gone.jpg")
    (tmp_path / "folder.jpg").mkdir()
    with pytest.raises(UserError, match="cannot be read"):
        open_photo(tmp_path / "folder.jpg")
