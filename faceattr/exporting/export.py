"""export(): from a finished run to two bundles, each reloaded and compared with Keras."""

import dataclasses
import importlib.metadata
import json
import pathlib
import shutil
import tempfile
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from faceattr import pixels
from faceattr.bundles.manifest import Manifest
from faceattr.data import synthetic
from faceattr.edits import Edit, edited
from faceattr.errors import UserError
from faceattr.exporting import signatures
from faceattr.faces.crop import CropGeometry
from faceattr.models.residual_gan.model import ResidualGAN
from faceattr.models.residual_gan.networks import TransformationNetwork
from faceattr.runs.run import Run
from faceattr.training.model import load

SAVED_MODEL_TOLERANCE = 1e-4
TFLITE_TOLERANCE = 1e-2
"""Largest differences from Keras, in units of pixels in [-1, 1]; float16 weights cost most."""

_VERSION_FOLDER = "1"
_PACKAGES = ("faceattr", "tensorflow", "keras", "numpy")


def export(
    run_dir: str | pathlib.Path, out: str | pathlib.Path = "bundles", best: bool = False
) -> list[pathlib.Path]:
    """Exports both edits of a run.

    Args:
        run_dir: a finished run.
        out: the folder that gets one bundle per edit. Defaults to `"bundles"`.
        best: bool. Whether to export the run's best checkpoint, which need not be of a finished
            run, instead of the last weights. Defaults to False.

    Returns:
        the two bundles. An older bundle of the same edit is replaced.

    Raises:
        UserError: if the run is not finished, or has no best checkpoint.
        ExportMismatch: if an exported form differs from Keras; no bundle is left.
    """
    run = Run.open(pathlib.Path(run_dir))
    if best and not run.best_path.is_file():
        raise UserError(
            f"--best: {run.folder} has no best checkpoint; train with --best_by, such as "
            "--best_by gan_loss"
        )
    if not best and not run.model_path.is_file():
        raise UserError(
            f"{run.folder}: the training is not finished (no {run.model_path.name}); go on with "
            f"python train.py --run_dir {run.folder} --resume"
        )
    model = load(run.best_path if best else run.model_path)
    if not isinstance(model, ResidualGAN):
        raise UserError(
            f"{run.folder}: its --model is {run.config.model}, which is trained to be compared "
            "with and is not exported; export a run of --model residual_gan"
        )
    # The results are those of the last weights.
    results = run.folder / "results.json"
    metrics = json.loads(results.read_text()) if results.exists() and not best else {}
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    bundles = []
    for edit in run.attribute.edits:
        with tempfile.TemporaryDirectory(prefix=f".{edit.name}-", dir=out) as scratch:
            partial = pathlib.Path(scratch) / edit.name
            partial.mkdir()
            _write_bundle(partial, run, model, edit, metrics)
            _replace(out / edit.name, partial)
        bundles.append(out / edit.name)
    return bundles


class ExportMismatch(RuntimeError):
    """An exported form does not give Keras's numbers."""


def _write_bundle(
    bundle: pathlib.Path, run: Run, model: ResidualGAN, edit: Edit, metrics: dict[str, Any]
) -> None:
    network = _in_float32(model.editing_network(edit))

    def residual_of(images: tf.Tensor) -> tf.Tensor:
        return model.transform(network, images, training=False)

    saved_model = bundle / "saved_model" / _VERSION_FOLDER
    write_saved_model(saved_model, network, residual_of, model.image_size)
    tflite = bundle / f"{edit.name}.tflite"
    write_tflite(tflite, network, residual_of, model.image_size)

    faces = np.stack(
        [
            synthetic.render(synthetic.sample_parameters(0, index), model.image_size)
            for index in range(4)
        ]
    )
    exactness = {
        "saved_model": _saved_model_difference(saved_model, residual_of, faces),
        "tflite": _tflite_difference(tflite, residual_of, faces),
    }
    for form, bound in (("saved_model", SAVED_MODEL_TOLERANCE), ("tflite", TFLITE_TOLERANCE)):
        if not exactness[form] <= bound:
            raise ExportMismatch(
                f"{edit.name}: the {form} differs from Keras by {exactness[form]:.2g}, more than "
                f"{bound}"
            )
    Manifest(
        edit=edit.name,
        attribute=run.data["attribute"],
        column=edit.column,
        direction="to_positive" if edit.adds else "to_negative",
        image_size=model.image_size,
        crop=CropGeometry.from_json(run.data["crop"]),
        data={name: value for name, value in run.data.items() if name not in ("crop", "edits")},
        training=dataclasses.asdict(run.config),
        metrics=metrics,
        exactness=exactness,
        versions={name: importlib.metadata.version(name) for name in _PACKAGES},
    ).write(bundle)


def _in_float32(network: TransformationNetwork) -> TransformationNetwork:
    """The same network, computing in float32 whatever it was trained in."""
    if network.compute_dtype == "float32":
        return network
    twin = TransformationNetwork.from_config({**network.get_config(), "dtype": "float32"})
    twin.build((None, network.image_size, network.image_size, 3))
    twin.set_weights(network.get_weights())
    return twin


def write_saved_model(
    path: pathlib.Path, network: Any, residual_of: signatures.Residual, image_size: int
) -> None:
    """Writes the SavedModel with the three signatures of a bundle."""
    archive = keras.export.ExportArchive()
    archive.track(network)
    archive.add_endpoint("serving_default", signatures.images_signature(residual_of, image_size))
    archive.add_endpoint("image_bytes", signatures.bytes_signature(residual_of, image_size))
    archive.add_endpoint(
        "image_bytes_with_strength",
        signatures.bytes_with_strength_signature(residual_of, image_size),
    )
    archive.write_out(path, verbose=False)


def write_tflite(
    path: pathlib.Path, network: Any, residual_of: signatures.Residual, image_size: int
) -> None:
    """Writes the float16 .tflite: static batch 1, built-in operations only, `image` to `residual`.

    The host adds and scales the residual, so a strength slider costs nothing.
    """

    @tf.function(
        input_signature=[tf.TensorSpec([1, image_size, image_size, 3], tf.float32, "image")]
    )
    def residual(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"residual": residual_of(image)}

    with tempfile.TemporaryDirectory() as scratch:
        archive = keras.export.ExportArchive()
        archive.track(network)
        archive.add_endpoint("serving_default", residual)
        archive.write_out(scratch, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            scratch, signature_keys=["serving_default"]
        )
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
        path.write_bytes(converter.convert())


def _saved_model_difference(
    path: pathlib.Path, residual_of: signatures.Residual, faces: np.ndarray
) -> float:
    """Largest difference over every signature, in units of pixels in [-1, 1]."""
    loaded = tf.saved_model.load(str(path)).signatures
    x = pixels.to_float(faces)
    residual = np.asarray(residual_of(tf.constant(x)))
    outputs = loaded["serving_default"](image=tf.constant(x))
    differences = [
        np.abs(outputs["residual"] - residual).max(),
        np.abs(outputs["edited_image"] - edited(x, residual)).max(),
    ]
    encoded = tf.stack([tf.io.encode_png(face) for face in faces])
    strength = 0.5
    for output, factor in (
        (loaded["image_bytes"](image_bytes=encoded), 1.0),
        (
            loaded["image_bytes_with_strength"](
                image_bytes=encoded, strength=tf.fill([len(faces)], strength)
            ),
            strength,
        ),
    ):
        decoded = np.stack([tf.io.decode_png(png) for png in output["edited_image_bytes"].numpy()])
        # PNG holds whole levels: equal but for the rounding of values that lie on a half.
        level = 2.0 / 255.0
        wanted = edited(x, residual, factor)
        beyond_rounding = np.abs(pixels.to_float(decoded) - wanted) - level / 2
        differences.append(max(0.0, beyond_rounding.max()))
    return float(max(differences))


def _tflite_difference(
    path: pathlib.Path, residual_of: signatures.Residual, faces: np.ndarray
) -> float:
    runner = Interpreter(model_path=str(path)).get_signature_runner("serving_default")
    x = pixels.to_float(faces)
    residual = np.asarray(residual_of(tf.constant(x)))
    return float(
        max(
            np.abs(runner(image=image[None])["residual"][0] - wanted).max()
            for image, wanted in zip(x, residual, strict=True)
        )
    )


def _replace(target: pathlib.Path, bundle: pathlib.Path) -> None:
    """Puts a finished bundle in place of an older one."""
    if target.exists():
        old = bundle.with_name("old")
        target.rename(old)
        bundle.rename(target)
        shutil.rmtree(old)
    else:
        bundle.rename(target)
