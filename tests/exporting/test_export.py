import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from faceattr import pixels
from faceattr.attributes import find_attribute
from faceattr.bundles.loading import load
from faceattr.bundles.manifest import Manifest
from faceattr.data import synthetic
from faceattr.errors import UserError
from faceattr.exporting import verify
from faceattr.exporting.export import ExportMismatch, export
from faceattr.faces import template
from faceattr.runs.checkpoint_files import Best
from faceattr.runs.run import Run

EDITS = {"add_glasses": "to_positive", "remove_glasses": "to_negative"}

ADDING, REMOVING = find_attribute("glasses", ["Eyeglasses"]).edits


@pytest.fixture(scope="module")
def model(finished_run):
    return keras.models.load_model(finished_run.model_path)


@pytest.fixture(scope="module")
def faces():
    """Other faces than the ones that the export itself compares."""
    return np.stack([synthetic.render(synthetic.sample_parameters(7, i), 32) for i in range(3)])


@pytest.mark.parametrize("edit", EDITS)
def test_saved_model_gives_keras_numbers(bundles, model, faces, edit):
    x = pixels.to_float(faces)
    loaded = tf.saved_model.load(str(bundles / edit / "saved_model" / "1"))
    outputs = loaded.signatures["serving_default"](image=tf.constant(x))
    residual = np.asarray(getattr(model, EDITS[edit])(x))
    np.testing.assert_allclose(outputs["residual"], residual, atol=1e-4)
    np.testing.assert_allclose(outputs["edited_image"], np.clip(x + residual, -1, 1), atol=1e-4)


@pytest.mark.parametrize("edit", EDITS)
def test_tflite_gives_keras_numbers(bundles, model, faces, edit):
    interpreter = Interpreter(model_path=str(bundles / edit / f"{edit}.tflite"))
    runner = interpreter.get_signature_runner("serving_default")
    for image in pixels.to_float(faces):
        residual = np.asarray(getattr(model, EDITS[edit])(image[None]))
        np.testing.assert_allclose(runner(image=image[None])["residual"], residual, atol=1e-2)


def test_tflite_has_built_in_operations_only_and_a_static_shape(bundles):
    interpreter = Interpreter(model_path=str(bundles / "add_glasses" / "add_glasses.tflite"))
    operations = {details["op_name"] for details in interpreter._get_ops_details()}
    assert "RESIZE_NEAREST_NEIGHBOR" in operations, "mobile delegates want this for upsampling"
    assert not {name for name in operations if "Flex" in name or name in ("TILE", "CUSTOM")}
    (image,) = interpreter.get_input_details()
    assert image["shape_signature"].tolist() == [1, 32, 32, 3]


def edited_png(bundles, contents, strength=None):
    loaded = tf.saved_model.load(str(bundles / "add_glasses" / "saved_model" / "1"))
    if strength is None:
        outputs = loaded.signatures["image_bytes"](image_bytes=tf.constant(contents))
    else:
        outputs = loaded.signatures["image_bytes_with_strength"](
            image_bytes=tf.constant(contents), strength=tf.constant(strength, tf.float32)
        )
    return [tf.io.decode_png(png).numpy() for png in outputs["edited_image_bytes"].numpy()]


def encoded(image):
    return tf.io.encode_png(image).numpy()


def test_bytes_in_bytes_out(bundles, model, faces):
    edited = edited_png(bundles, [encoded(face) for face in faces])
    x = pixels.to_float(faces)
    wanted = pixels.to_uint8(np.asarray(model.edit(x, ADDING)))
    assert np.abs(np.stack(edited).astype(int) - wanted).max() <= 1


def test_strength_is_each_images_own_and_zero_changes_nothing(bundles, model, faces):
    edited = edited_png(bundles, [encoded(faces[0])] * 3, [0.0, 1.0, -0.5])
    np.testing.assert_array_equal(edited[0], faces[0])
    for image, strength in zip(edited, (0.0, 1.0, -0.5), strict=True):
        x = pixels.to_float(faces[:1])
        wanted = pixels.to_uint8(np.asarray(model.edit(x, ADDING, strength)))[0]
        assert np.abs(image.astype(int) - wanted).max() <= 1


def test_a_crop_of_another_size_keeps_its_size(bundles):
    face = synthetic.render(synthetic.sample_parameters(7, 0), 100)
    (edited,) = edited_png(bundles, [encoded(face)])
    assert edited.shape == (100, 100, 3)
    (untouched,) = edited_png(bundles, [encoded(face)], [0.0])
    np.testing.assert_array_equal(untouched, face)


def test_images_that_are_no_square_crops_are_refused_with_a_reason(bundles, monkeypatch):
    wide = np.zeros((20, 40, 3), np.uint8)
    for contents in (encoded(wide), tf.io.encode_jpeg(wide).numpy()):
        with pytest.raises(tf.errors.InvalidArgumentError, match="square face crop"):
            edited_png(bundles, [contents])
    # A header that promises 30,000 x 30,000 pixels is believed before anything is decoded.
    side = (30_000).to_bytes(4, "big")
    bomb = encoded(np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(tf.errors.InvalidArgumentError, match="at most 4096"):
        edited_png(bundles, [bomb[:16] + side + side + bomb[24:]])
    for contents in (b"", b"GIF89a not this", b"hello"):
        with pytest.raises(tf.errors.InvalidArgumentError, match="JPEG or PNG"):
            edited_png(bundles, [contents])


def test_the_manifest_tells_what_a_host_needs(bundles, finished_run):
    manifest = Manifest.read(bundles / "remove_glasses")
    assert manifest.edit == REMOVING
    written = json.loads((bundles / "remove_glasses" / "manifest.json").read_text())
    assert (written["edit"], written["direction"]) == ("remove_glasses", "to_negative")
    assert manifest.image_size == 32
    assert manifest.crop.to_json() == finished_run.data["crop"]
    assert manifest.crop.points == template.DRAWN
    assert manifest.training["steps"] == 3
    assert manifest.metrics["truth"]["remove_glasses"]["faces"] > 0
    assert 0 <= manifest.exactness["saved_model"] <= 1e-4
    assert 0 < manifest.exactness["tflite"] <= 1e-2
    raw = json.loads((bundles / "remove_glasses" / "manifest.json").read_text())
    assert raw["pixel_range"] == [-1, 1]
    assert raw["color_order"] == "RGB"
    assert "keras" in raw["versions"]
    assert manifest.weights.pop("seconds") > 0
    assert manifest.weights == {"step": 3, "finished": True, "best": False}


def test_every_file_of_a_bundle_is_in_its_manifest(bundles):
    for edit in EDITS:
        files = {path for path in (bundles / edit).rglob("*") if path.is_file()}
        names = {path.relative_to(bundles / edit).as_posix() for path in files}
        assert set(Manifest.read(bundles / edit).files) == names - {"manifest.json"}
        assert {f"{edit}.tflite", "README.md", "saved_model/1/saved_model.pb"} <= names
        load(bundles / edit)


@pytest.fixture
def one_edit(finished_run, monkeypatch):
    """Of a run the first edit alone is exported: each takes seconds."""
    family = type(finished_run.config.family)
    monkeypatch.setattr(family, "exports", lambda self, edits: edits[:1])


def test_exporting_again_replaces_the_bundle_and_leaves_nothing_else(
    finished_run, bundles, tmp_path, one_edit
):
    for name in EDITS:
        shutil.copytree(bundles / name, tmp_path / name)
        (tmp_path / name / "stale.txt").write_text("old")
    export(finished_run.folder, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(EDITS)
    assert not (tmp_path / "add_glasses" / "stale.txt").exists()
    assert (tmp_path / "remove_glasses" / "stale.txt").exists(), "another edit's bundle"


@pytest.mark.parametrize("form", ["SAVED_MODEL_TOLERANCE", "TFLITE_TOLERANCE"])
def test_a_form_that_differs_is_not_declared_good(finished_run, tmp_path, monkeypatch, form):
    monkeypatch.setattr(verify, form, -1.0)
    with pytest.raises(ExportMismatch, match="differs from Keras by"):
        export(finished_run.folder, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_best_checkpoint_is_exported_when_asked_for(finished_run, tmp_path, one_edit):
    shutil.copytree(finished_run.folder, tmp_path / "run")
    run = Run(tmp_path / "run")
    with pytest.raises(UserError, match=r"best: .* no best checkpoint; train with best_by"):
        export(run.folder, tmp_path / "bundles", best=True)
    _, newest = run.checkpoints[-1]
    model = keras.models.load_model(newest)
    model.to_positive.to_residual.bias.assign([0.5, 0.5, 0.5])
    model.save(newest)
    run.keep_best(newest, Best(3, "gan_loss", 0.25))
    export(run.folder, tmp_path / "bundles", best=True)
    loaded = tf.saved_model.load(tmp_path / "bundles" / "add_glasses" / "saved_model" / "1")
    image = np.zeros((1, 32, 32, 3), np.float32)
    found = loaded.signatures["serving_default"](image=tf.constant(image))["residual"]
    np.testing.assert_allclose(found, model.to_positive(image), atol=1e-5)
    manifest = Manifest.read(tmp_path / "bundles" / "add_glasses")
    assert manifest.metrics == {}
    assert (manifest.weights["finished"], manifest.weights["best"]) == (True, True)


def test_an_unfinished_run_is_exported_when_asked_for_and_marked(finished_run, tmp_path, one_edit):
    shutil.copytree(finished_run.folder, tmp_path / "run")
    Run(tmp_path / "run").model_path.unlink()
    with pytest.raises(UserError, match=r"not finished.*--resume, or .* with unfinished"):
        export(tmp_path / "run", tmp_path / "bundles")
    assert not (tmp_path / "bundles").exists()
    export(tmp_path / "run", tmp_path / "bundles", unfinished=True)
    manifest = Manifest.read(tmp_path / "bundles" / "add_glasses")
    assert manifest.metrics == {}, "results are those of a finished training"
    assert (manifest.weights["step"], manifest.weights["finished"]) == (3, False)
    card = (tmp_path / "bundles" / "add_glasses" / "README.md").read_text()
    assert "**Half trained**: these are the weights of step 3 of 3" in card


def test_what_is_no_run_is_named(tmp_path):
    with pytest.raises(UserError, match="no run here"):
        export(tmp_path / "gone", tmp_path / "bundles")
    assert not (tmp_path / "bundles").exists()
