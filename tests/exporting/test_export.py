import errno
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
from faceattr.exporting import export as exporting
from faceattr.exporting import verify
from faceattr.exporting.export import export
from faceattr.exporting.verify import ExportMismatch
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
    assert manifest.quantize == "float16"
    told = {"faces": 64, "source": "synthetic", "seed": 0}
    assert manifest.exactness["compared_on"] == told
    assert 0 <= manifest.exactness["saved_model"]["largest"] <= 1e-4
    assert (
        0 < manifest.exactness["tflite"]["mean"] < manifest.exactness["tflite"]["largest"] <= 1e-2
    )
    assert manifest.exactness["tflite"]["edit_psnr"] > 60
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


def test_exporting_again_replaces_the_bundle_by_its_next_version_and_leaves_nothing_else(
    finished_run, bundles, tmp_path, one_edit
):
    for name in EDITS:
        shutil.copytree(bundles / name, tmp_path / name)
        (tmp_path / name / "stale.txt").write_text("old")
    export(finished_run.folder, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(EDITS)
    assert not (tmp_path / "add_glasses" / "stale.txt").exists()
    assert (tmp_path / "remove_glasses" / "stale.txt").exists(), "another edit's bundle"
    (version,) = (tmp_path / "add_glasses" / "saved_model").iterdir()
    assert version.name == "2"
    assert (version / "assets.extra" / "tf_serving_warmup_requests").stat().st_size > 0
    load(tmp_path / "add_glasses")


def test_eight_bits_are_calibrated_and_the_saved_model_may_be_left_out(
    finished_run, tmp_path, one_edit
):
    (bundle,) = export(
        finished_run.folder, tmp_path, quantize="int8", int8_io=True, tflite_only=True
    )
    assert not (bundle / "saved_model").exists()
    manifest, runtime = load(bundle)
    assert manifest.exactness["calibrated_on"]["faces"] == 256
    assert manifest.exactness["tflite"]["edit_psnr"] >= 35
    assert "saved_model" not in manifest.exactness
    card = (bundle / "README.md").read_text()
    assert "int8 .tflite from Keras, 64 faces (synthetic)" in card
    assert "SavedModel" not in card
    assert runtime.residual(np.zeros((32, 32, 3), np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    ("bound", "told"),
    [
        (verify.Bound(-1.0, 0.0), "the float16 .tflite differs from Keras by .*, more than -1"),
        (verify.Bound(1.0, 100.0), "edits of the float16 .tflite are .* dB .*, less than 100 dB"),
    ],
)
def test_a_form_that_differs_is_not_declared_good(
    finished_run, tmp_path, monkeypatch, one_edit, bound, told
):
    monkeypatch.setitem(verify.BOUNDS, "float16", bound)
    with pytest.raises(ExportMismatch, match=told):
        export(finished_run.folder, tmp_path, tflite_only=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        tf.errors.UnknownError(None, None, "a/b; No space left on device"),
    ],
)
def test_a_full_disk_is_one_line_and_leaves_nothing(
    finished_run, tmp_path, monkeypatch, one_edit, error
):
    def fill(path, *_):
        path.write_bytes(b"the first half")
        raise error

    monkeypatch.setattr(exporting, "write_tflite", fill)
    told = r"out .*: cannot be written \(No space left on device\)"
    with pytest.raises(UserError, match=told):
        export(finished_run.folder, tmp_path, tflite_only=True)
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
    export(run.folder, tmp_path / "bundles", best=True, tflite_only=True)
    manifest, runtime = load(tmp_path / "bundles" / "add_glasses")
    image = np.zeros((32, 32, 3), np.float32)
    wanted = model.to_positive(image[None])[0]
    np.testing.assert_allclose(runtime.residual(image), wanted, atol=1e-3)
    assert manifest.metrics == {}
    assert (manifest.weights["finished"], manifest.weights["best"]) == (True, True)


def test_an_unfinished_run_is_exported_when_asked_for_and_marked(finished_run, tmp_path, one_edit):
    shutil.copytree(finished_run.folder, tmp_path / "run")
    Run(tmp_path / "run").model_path.unlink()
    with pytest.raises(UserError, match=r"not finished.*--resume, or .* with unfinished"):
        export(tmp_path / "run", tmp_path / "bundles")
    assert not (tmp_path / "bundles").exists()
    export(tmp_path / "run", tmp_path / "bundles", unfinished=True, tflite_only=True)
    manifest = Manifest.read(tmp_path / "bundles" / "add_glasses")
    assert manifest.metrics == {}, "results are those of a finished training"
    assert (manifest.weights["step"], manifest.weights["finished"]) == (3, False)
    card = (tmp_path / "bundles" / "add_glasses" / "README.md").read_text()
    assert "**Half trained**: these are the weights of step 3 of 3" in card


def test_what_is_no_run_is_named(tmp_path):
    with pytest.raises(UserError, match="no run here"):
        export(tmp_path / "gone", tmp_path / "bundles")
    assert not (tmp_path / "bundles").exists()
