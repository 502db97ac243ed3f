"""export(): from a finished run to a bundle for each edit, reloaded and compared with Keras."""

import importlib.metadata
import pathlib
import shutil
import tempfile
from typing import Any

import numpy as np

from faceattr.bundles.manifest import Manifest
from faceattr.data import synthetic
from faceattr.edits import Edit
from faceattr.errors import UserError
from faceattr.exporting import verify
from faceattr.exporting.card import write_card
from faceattr.exporting.forms import write_saved_model, write_tflite
from faceattr.exporting.signatures import outputs_of
from faceattr.faces.crop import CropGeometry
from faceattr.runs.run import Run
from faceattr.runs.weights import finished_model, load
from faceattr.training.several.report import seconds_trained

_VERSION_FOLDER = "1"
_PACKAGES = ("faceattr", "tensorflow", "keras", "numpy")


def export(
    run_dir: str | pathlib.Path,
    out: str | pathlib.Path = "bundles",
    best: bool = False,
    unfinished: bool = False,
) -> list[pathlib.Path]:
    """Exports the edits of a run.

    Args:
        run_dir: a finished run.
        out: the folder that gets one bundle per edit. Defaults to `"bundles"`.
        best: bool. Whether to export the run's best checkpoint, which need not be of a finished
            run, instead of the last weights. Defaults to False.
        unfinished: bool. Whether to export the newest checkpoint of a run that is not finished; the
            bundle says so. Defaults to False.

    Returns:
        the bundles. An older bundle of the same edit is replaced.

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
    finished = run.state == "finished"
    if not (finished or best or unfinished):
        raise UserError(
            f"{run.folder}: the training is not finished (it has not all of its "
            f"{run.config.steps} steps); go on with python train.py --run_dir {run.folder} "
            "--resume, or export its newest checkpoint as it is with --unfinished"
        )
    family = run.config.family
    edits = family.exports(run.edits)
    if not edits:
        raise UserError(
            f"{run.folder}: its --model is {run.config.model}, which is trained to be compared "
            "with and is not exported; export a run of another --model"
        )
    model = load(run.best_path, family) if best else finished_model(run)
    weights = {
        "step": model.steps_done,
        "finished": finished,
        "best": best,
        "seconds": round(seconds_trained(run, run.config.batch_size, model.steps_done)),
    }
    # The results are those of the last weights.
    metrics = run.results if finished and not best else {}
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    bundles = []
    for edit in edits:
        with tempfile.TemporaryDirectory(prefix=f".{edit.name}-", dir=out) as scratch:
            partial = pathlib.Path(scratch) / edit.name
            partial.mkdir()
            _write_bundle(partial, run, model, edit, weights, metrics)
            _replace(out / edit.name, partial)
        bundles.append(out / edit.name)
    return bundles


class ExportMismatch(RuntimeError):
    """An exported form does not give Keras's numbers."""


def _write_bundle(
    bundle: pathlib.Path,
    run: Run,
    model: Any,
    edit: Edit,
    weights: dict[str, Any],
    metrics: dict[str, Any],
) -> None:
    network = run.config.family.network(model, edit)
    outputs = outputs_of(network)
    saved_model = bundle / "saved_model" / _VERSION_FOLDER
    write_saved_model(saved_model, network, outputs, model.image_size)
    tflite = bundle / f"{edit.name}.tflite"
    write_tflite(tflite, network, outputs, model.image_size)

    faces = np.stack(
        [
            synthetic.render(synthetic.sample_parameters(0, index), model.image_size)
            for index in range(4)
        ]
    )
    exactness = {
        "saved_model": verify.saved_model_difference(saved_model, outputs, faces),
        "tflite": verify.tflite_difference(tflite, outputs, faces),
    }
    for form, bound in (
        ("saved_model", verify.SAVED_MODEL_TOLERANCE),
        ("tflite", verify.TFLITE_TOLERANCE),
    ):
        if not exactness[form] <= bound:
            raise ExportMismatch(
                f"{edit.name}: the {form} differs from Keras by {exactness[form]:.2g}, more than "
                f"{bound}"
            )
    (attribute,) = (each for each in run.attributes if edit in each.edits)
    manifest = Manifest(
        edit=edit,
        attribute=attribute.name,
        image_size=model.image_size,
        crop=CropGeometry.from_json(run.data["crop"]),
        data={name: value for name, value in run.data.items() if name != "crop"},
        training=run.config.settings(),
        weights=weights,
        metrics=metrics,
        exactness=exactness,
        versions={name: importlib.metadata.version(name) for name in _PACKAGES},
    )
    write_card(bundle, manifest)
    manifest.write(bundle)


def _replace(target: pathlib.Path, bundle: pathlib.Path) -> None:
    """Puts a finished bundle in place of an older one."""
    if target.exists():
        old = bundle.with_name("old")
        target.rename(old)
        bundle.rename(target)
        shutil.rmtree(old)
    else:
        bundle.rename(target)
