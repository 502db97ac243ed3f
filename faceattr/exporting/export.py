"""export(): from a finished run to a bundle for each edit, reloaded and compared with Keras."""

import contextlib
import dataclasses
import errno
import importlib.metadata
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import tensorflow as tf

from faceattr.bundles.manifest import Manifest
from faceattr.edits import Edit
from faceattr.errors import UserError
from faceattr.exporting.card import write_card
from faceattr.exporting.crops import CropsOfRun
from faceattr.exporting.forms import check_quantize, write_saved_model, write_tflite
from faceattr.exporting.placing import placed
from faceattr.exporting.tflite_metadata import About
from faceattr.exporting.traced import Traced, outputs_of
from faceattr.exporting.verify import Reference
from faceattr.exporting.warmup import write_warmup
from faceattr.faces.crop import CropGeometry
from faceattr.runs.run import Run
from faceattr.runs.weights import finished_model, load

_SAVED_MODEL = "saved_model"
_PACKAGES = ("faceattr", "tensorflow", "keras", "numpy")


def export(
    run_dir: str | pathlib.Path,
    out: str | pathlib.Path = "bundles",
    best: bool = False,
    unfinished: bool = False,
    quantize: str = "float16",
    int8_io: bool = False,
    tflite_only: bool = False,
    measured: Mapping[str, Mapping[str, str]] | None = None,
) -> list[pathlib.Path]:
    """Exports the edits of a run.

    Args:
        run_dir: a finished run.
        out: the folder that gets one bundle per edit. Defaults to `"bundles"`.
        best: bool. Whether to export the run's best checkpoint, which need not be of a finished
            run, instead of the last weights. Defaults to False.
        unfinished: bool. Whether to export the newest checkpoint of a run that is not finished; the
            bundle says so. Defaults to False.
        quantize: how the .tflite keeps its weights, see `forms.QUANTIZE`. Defaults to `"float16"`.
        int8_io: bool. Whether an int8 network takes and gives int8. Defaults to False: floats.
        tflite_only: bool. Whether to leave the SavedModel out. Defaults to False.
        measured: how good the last weights are, in words for manifest and card: name of the edit ->
            what was measured -> what came out; see `words_of_run`. Defaults to None: not measured.

    Returns:
        the bundles. An older bundle of the same edit is replaced; its SavedModel's version number
        is one less.

    Raises:
        UserError: if the run is not finished, or has no best checkpoint; if its training faces are
            not there, by which int8 is calibrated; if there is no space; `ExportMismatch`: if an
            exported form differs from Keras. The older bundle is there still.
    """
    check_quantize(quantize, int8_io)
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
        "seconds": round(run.seconds_trained(model.steps_done)),
    }
    # Results and measures are those of the last weights.
    last = finished and not best
    metrics, measured = (run.results, measured or {}) if last else ({}, {})
    exporter = _Exporter(run, model, weights, metrics, measured, quantize, int8_io, tflite_only)
    targets = [pathlib.Path(out) / edit.name for edit in edits]
    with _full_disk_told(out):
        for edit, target in zip(edits, targets, strict=True):
            with placed(target) as bundle:
                exporter.write(bundle, edit, _next_version(target))
    return targets


@dataclasses.dataclass
class _Exporter:
    run: Run
    model: Any
    weights: dict[str, Any]
    metrics: dict[str, Any]
    measured: Mapping[str, Mapping[str, str]]
    quantize: str
    int8_io: bool
    tflite_only: bool

    def __post_init__(self) -> None:
        self.crops = CropsOfRun(self.run, self.model.image_size)

    def write(self, bundle: pathlib.Path, edit: Edit, version: str) -> None:
        """Writes all files of a bundle, the manifest last."""
        network = self.run.config.family.network(self.model, edit)
        size = self.model.image_size
        traced = Traced(network, size)
        (attribute,) = (each for each in self.run.attributes if edit in each.edits)
        manifest = Manifest(
            edit=edit,
            attribute=attribute.name,
            image_size=size,
            crop=CropGeometry.from_json(self.run.data["crop"]),
            data={name: value for name, value in self.run.data.items() if name != "crop"},
            training=self.run.config.settings(),
            weights=self.weights,
            metrics={**self.metrics, **self._measures(edit)},
            exactness={},
            versions={name: importlib.metadata.version(name) for name in _PACKAGES},
            quantize=self.quantize,
        )
        crops = self.crops.to_compare(edit)
        reference = Reference(outputs_of(network), crops.images)
        exactness: dict[str, Any] = {"compared_on": crops.told}
        if not self.tflite_only:
            saved_model = bundle / _SAVED_MODEL / version
            write_saved_model(saved_model, traced)
            write_warmup(saved_model, edit.name, size)
            difference = reference.saved_model(saved_model)
            difference.check("saved_model", edit.name)
            exactness["saved_model"] = dataclasses.asdict(difference)
        calibration = self.crops.to_calibrate(edit) if self.quantize == "int8" else None
        tflite = bundle / manifest.tflite_name
        about = About(
            name=edit.name,
            description=f"The residual image of the face edit {edit.name}, crops of {size}x{size}",
            licence=manifest.license_note,
            version=manifest.versions["faceattr"],
            image_size=size,
        )
        images = None if calibration is None else calibration.images
        write_tflite(tflite, traced, about, self.quantize, self.int8_io, images)
        difference = reference.tflite(tflite)
        difference.check(self.quantize, edit.name)
        exactness["tflite"] = dataclasses.asdict(difference)
        if calibration is not None:
            exactness["calibrated_on"] = calibration.told
        manifest = dataclasses.replace(manifest, exactness=exactness)
        write_card(bundle, manifest)
        manifest.write(bundle)

    def _measures(self, edit: Edit) -> dict[str, Any]:
        return {"evaluation": dict(self.measured[edit.name])} if edit.name in self.measured else {}


def _next_version(target: pathlib.Path) -> str:
    """The version folder of a SavedModel, so that a server takes it for a newer one."""
    numbers = [
        int(path.name) for path in (target / _SAVED_MODEL).glob("[0-9]*") if path.name.isdecimal()
    ]
    return str(max(numbers, default=0) + 1)


@contextlib.contextmanager
def _full_disk_told(out: str | pathlib.Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
            raise
        raise UserError(f"--out {out}: cannot be written ({error.strerror})") from None
    except tf.errors.OpError as error:
        if "No space left" not in str(error):
            raise
        raise UserError(f"--out {out}: cannot be written (No space left on device)") from None
