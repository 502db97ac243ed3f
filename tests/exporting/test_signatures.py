"""The SavedModel: the pixels of the editor, and a sentence for what is none."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow.core.framework import tensor_pb2

from faceattr import pixels
from faceattr.bundles.manifest import Manifest
from faceattr.data import synthetic
from faceattr.editing import deep
from faceattr.editing.editor import Editor
from faceattr.editing.photo_files import open_photo
from faceattr.edits import Edit, edited
from faceattr.exporting import forms, warmup
from faceattr.faces.crop import WHOLE_IMAGE

SIZE = 32


@pytest.fixture(scope="module")
def saved_model(traced, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved_model") / "1"
    forms.write_saved_model(path, traced)
    return path


@pytest.fixture(scope="module")
def signatures(saved_model):
    loaded = tf.saved_model.load(str(saved_model))
    # The functions do not keep the weights alive.
    return dict(loaded.signatures) | {"": loaded}


@pytest.fixture(scope="module")
def editor(network):
    class Keras:
        """The network itself, as an editor asks it."""

        def run(self, image):
            residual, needed = network(image[None])
            return np.asarray(residual[0]), float(needed[0])

    edit = Edit("add_glasses", "Eyeglasses", True)
    manifest = Manifest(edit, "glasses", SIZE, WHOLE_IMAGE, {}, {}, {}, {}, {}, {})
    return Editor([manifest], [Keras()])


@pytest.fixture(scope="module")
def edit_bytes(signatures):
    """edit_bytes(contents, strength): uint8 [h, w, 3]."""

    def edit(contents, strength=1.0):
        outputs = signatures["image_bytes_with_strength"](
            image_bytes=tf.constant([contents]), strength=tf.constant([strength])
        )
        return tf.io.decode_png(outputs["edited_image_bytes"][0]).numpy()

    return edit


def face(side=SIZE, index=0):
    return Image.fromarray(synthetic.render(synthetic.sample_parameters(7, index), side))


def encoded(image, form="PNG", **arguments):
    file = io.BytesIO()
    image.save(file, form, **arguments)
    return file.getvalue()


def turned(orientation, endian="<"):
    exif = Image.Exif()
    exif.endian = endian
    exif[0x010F] = "a camera"
    exif[0x0112] = orientation
    return exif.tobytes()


def with_alpha(mode):
    image = face().convert(mode)
    image.putalpha(Image.fromarray(np.arange(0, 256, 8, dtype=np.uint8)[None].repeat(SIZE, 0)))
    return image


def sixteen_bits(grey):
    levels = np.asarray(face()).astype(np.uint16) * 257 - 100
    if grey:
        return encoded(Image.fromarray(levels[:, :, 0]))
    file = io.BytesIO()
    deep.write_png(file, levels, [])
    return file.getvalue()


def with_transparent_colour():
    palette = face().quantize(16)
    return encoded(palette, transparency=3)


PICTURES = {
    "png": lambda: encoded(face()),
    "jpeg": lambda: encoded(face(), "JPEG", quality=95),
    **{
        f"jpeg turned {at}": lambda at=at: encoded(face(), "JPEG", quality=95, exif=turned(at))
        for at in range(2, 9)
    },
    "jpeg of another byte order": lambda: encoded(face(), "JPEG", exif=turned(6, ">")),
    "jpeg with other segments": lambda: encoded(
        face(), "JPEG", exif=turned(8), comment=b"said " * 99, icc_profile=b"sRGB" * 9000
    ),
    "png turned": lambda: encoded(face(), exif=turned(6)),
    "grey": lambda: encoded(face().convert("L"), "JPEG"),
    "cmyk": lambda: encoded(face().convert("CMYK"), "JPEG", quality=95),
    "alpha": lambda: encoded(with_alpha("RGB")),
    "grey with alpha": lambda: encoded(with_alpha("L")),
    "palette": lambda: encoded(face().quantize(16)),
    "palette with a transparent colour": with_transparent_colour,
    "one bit": lambda: encoded(face().convert("1")),
    "16 bits": lambda: sixteen_bits(grey=False),
    "16 bits of grey": lambda: sixteen_bits(grey=True),
    "smaller": lambda: encoded(face().resize((20, 20))),
    "larger": lambda: encoded(face(75)),
    "much larger": lambda: encoded(face(300)),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_of_each_kind_become_what_the_editor_makes_of_them(
    name, editor, edit_bytes, tmp_path
):
    contents = PICTURES[name]()
    path = tmp_path / ("picture.jpg" if contents[:2] == b"\xff\xd8" else "picture.png")
    path.write_bytes(contents)
    photo = open_photo(path).photo
    # What is transparent is laid on white first: a PNG without alpha is what comes back.
    flat = Image.fromarray(photo.rgb())
    wanted = np.asarray(editor.edit(flat, 0.7, crop=WHOLE_IMAGE)).astype(int)
    found = edit_bytes(contents, 0.7)
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= 2
    assert np.abs(wanted - np.asarray(flat)).max() > 20, "there is something to compare"
    assert np.abs(edit_bytes(contents, 0.0) - np.asarray(flat).astype(int)).max() <= 1


def test_floats_in_floats_out(signatures, faces, wanted):
    x = pixels.to_float(faces)
    outputs = signatures["serving_default"](image=tf.constant(x))
    np.testing.assert_allclose(outputs["residual"], wanted[0], atol=1e-5)
    np.testing.assert_allclose(outputs["needed"], wanted[1], atol=1e-5)
    np.testing.assert_allclose(outputs["edited_image"], edited(x, wanted[0]), atol=1e-5)


def test_the_plain_signature_is_strength_1(signatures, edit_bytes):
    contents = encoded(face())
    outputs = signatures["image_bytes"](image_bytes=tf.constant([contents] * 2))
    for png in outputs["edited_image_bytes"].numpy():
        np.testing.assert_array_equal(tf.io.decode_png(png), edit_bytes(contents, 1.0))


def test_strength_is_each_images_own(signatures, edit_bytes):
    contents = [encoded(face(index=index)) for index in range(3)]
    outputs = signatures["image_bytes_with_strength"](
        image_bytes=tf.constant(contents), strength=tf.constant([0.0, 2.0, -1.0])
    )
    for png, alone, strength in zip(
        outputs["edited_image_bytes"].numpy(), contents, (0.0, 2.0, -1.0), strict=True
    ):
        np.testing.assert_array_equal(tf.io.decode_png(png), edit_bytes(alone, strength))


@pytest.mark.parametrize("strength", [2.1, -1.5, np.nan, np.inf])
def test_strengths_out_of_range_are_refused(edit_bytes, strength):
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be a number from -1 to 2, got"):
        edit_bytes(encoded(face()), strength)


def test_there_is_one_strength_for_each_image(signatures):
    with pytest.raises(tf.errors.InvalidArgumentError, match="one strength for each image"):
        signatures["image_bytes_with_strength"](
            image_bytes=tf.constant([encoded(face())] * 2), strength=tf.constant([1.0])
        )


@pytest.mark.parametrize("value", [255.0, -1.1, np.nan, np.inf])
def test_floats_that_are_no_pixels_are_refused_with_how_to_make_them(signatures, value):
    image = np.zeros((1, SIZE, SIZE, 3), np.float32)
    image[0, 3, 4, 1] = value
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"pixels in \[-1, 1\]: level / 127\.5 - 1"
    ):
        signatures["serving_default"](image=tf.constant(image))


@pytest.mark.parametrize(
    "contents",
    [
        b"",
        b"hello",
        b"GIF89a not this",
        encoded(face(), "WEBP"),
        encoded(face(), "TIFF"),
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_what_cannot_be_decoded_is_refused_with_a_sentence(edit_bytes, contents):
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"must be a JPEG or PNG image; save"):
        edit_bytes(contents)


def test_a_picture_that_is_cut_off_is_refused(edit_bytes):
    for contents in (encoded(face()), encoded(face(), "JPEG", exif=turned(6))):
        with pytest.raises(tf.errors.InvalidArgumentError):
            edit_bytes(contents[: len(contents) // 2])


def test_an_exif_that_is_damaged_turns_nothing(edit_bytes):
    exif = turned(6)
    upright = edit_bytes(encoded(face(), "JPEG", quality=95))
    for damaged in (exif[:12], exif[:20], exif.replace(b"\x12\x01\x03", b"\x12\x01\x09")):
        contents = encoded(face(), "JPEG", quality=95, exif=damaged)
        np.testing.assert_array_equal(edit_bytes(contents), upright)


def test_images_that_are_no_square_crops_are_refused_with_a_reason(edit_bytes):
    wide = Image.new("RGB", (40, 20))
    for form in ("PNG", "JPEG"):
        with pytest.raises(tf.errors.InvalidArgumentError, match="square face crop"):
            edit_bytes(encoded(wide, form))
    # A header that promises 30,000 x 30,000 pixels is believed before anything is decoded.
    side = (30_000).to_bytes(4, "big")
    bomb = encoded(Image.new("RGB", (4, 4)))
    with pytest.raises(tf.errors.InvalidArgumentError, match="at most 4096"):
        edit_bytes(bomb[:16] + side + side + bomb[24:])


def test_warm_up_requests_are_tensorflow_servings(saved_model, signatures):
    """Read by the numbers of the fields; by the class itself where it is installed."""
    warmup.write_warmup(saved_model, "add_glasses", SIZE)
    file = saved_model / "assets.extra" / "tf_serving_warmup_requests"
    records = [record.numpy() for record in tf.data.TFRecordDataset(str(file))]
    assert len(records) == 3
    called = set()
    for record in records:
        ((number, predict_log),) = fields(record)
        assert number == 6
        ((_, request),) = fields(predict_log)
        (_, spec), *inputs = fields(request)
        assert [number for number, _ in inputs] == [2] * len(inputs)
        (_, name), (number, signature) = fields(spec)
        assert (name, number) == (b"add_glasses", 3)
        given = {}
        for _, entry in inputs:
            (_, key), (_, value) = fields(entry)
            tensor = tensor_pb2.TensorProto.FromString(value)
            given[key.decode()] = tf.constant(tf.make_ndarray(tensor))
        assert signatures[signature.decode()](**given)
        called.add(signature.decode())
    assert called == {"serving_default", "image_bytes", "image_bytes_with_strength"}
    logs = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    log = logs.PredictionLog.FromString(records[0])
    assert log.predict_log.request.model_spec.signature_name == "serving_default"


def fields(message):
    """(number, bytes) of each field of a protocol buffer that has only such."""
    found, position = [], 0

    def varint():
        nonlocal position
        value = shift = 0
        while True:
            byte = message[position]
            position += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while position < len(message):
        tag, length = varint(), varint()
        assert tag & 7 == 2
        found.append((tag >> 3, message[position : position + length]))
        position += length
    return found
