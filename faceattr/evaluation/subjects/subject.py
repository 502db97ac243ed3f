"""Subject: what is evaluated, whether a run left it or an export."""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from faceattr.bundles.loading import load
from faceattr.bundles.manifest import MANIFEST_NAME
from faceattr.bundles.runtime import LiteRTRuntime
from faceattr.edits import Edit
from faceattr.errors import UserError
from faceattr.evaluation.subjects.transformation import Transformation
from faceattr.faces.crop import CropGeometry
from faceattr.runs.run import Run
from faceattr.runs.settings import TrainConfig
from faceattr.runs.weights import finished_model

# What a split writes, of one attribute or of several.
_TRAINING_LISTS = (["train_negative", "train_positive"], ["train"])

# What made an edit, where its manifest does not say.
_FIRST_METHOD = next(
    field.default for field in dataclasses.fields(TrainConfig) if field.name == "model"
)


@dataclasses.dataclass(frozen=True, eq=False)
class Subject:
    """Edits that one training made.

    Attributes:
        name: str, as shown, such as the folder's name; unique in a report.
        method: str, what made the edits: the setting `model` of the training.
        image_size: int, side of the face crops that the edits take.
        crop: where the face crop lay in the training images.
        settings: those of the training, as in `config.json`.
        edits: what makes each edit, those of one attribute one after the other.
        training: names of the images that it was trained on, of its own source; None if unknown.
    """

    name: str
    method: str
    image_size: int
    crop: CropGeometry
    settings: dict[str, Any]
    edits: dict[Edit, Transformation]
    training: frozenset[str] | None

    @property
    def columns(self) -> tuple[str, ...]:
        """The label columns that it edits, each once."""
        return tuple(dict.fromkeys(edit.column for edit in self.edits))


def load_subjects(folders: Sequence[pathlib.Path]) -> list[Subject]:
    """Loads runs and bundles, each under its folder's name, or its path where names repeat.

    Raises:
        UserError: if a folder is neither, or named twice.
    """
    names = [folder.resolve().name for folder in folders]
    subjects = []
    for folder, name in zip(folders, names, strict=True):
        if [other.resolve() for other in folders].count(folder.resolve()) > 1:
            raise UserError(f"--run {folder}: named twice")
        subject = load_bundle(folder) if is_bundle(folder) else load_run(folder)
        shown = name if names.count(name) == 1 else folder.as_posix()
        subjects.append(dataclasses.replace(subject, name=shown))
    return subjects


def is_bundle(folder: pathlib.Path) -> bool:
    """Whether a folder is an export's and not a training's.

    Raises:
        UserError: if it is neither.
    """
    bundle = (folder / MANIFEST_NAME).is_file()
    if not bundle and not (folder / "config.json").is_file():
        inside = sorted(path.parent.name for path in folder.glob("*/config.json"))
        hint = f"; it holds runs, name them: {', '.join(inside)}" if inside else ""
        raise UserError(
            f"--run {folder}: neither a run (it has no config.json) nor a bundle (no "
            f"{MANIFEST_NAME}){hint}"
        )
    return bundle


def load_run(folder: pathlib.Path) -> Subject:
    """Loads a training: its finished model, or that of its newest checkpoint, with a warning.

    Raises:
        UserError: if there is no run, or it has no weights yet.
    """
    run = Run.open(folder)
    return of_model(run, finished_model(run))


def of_model(run: Run, model: Any) -> Subject:
    """A training as a model of it has it, such as one of a checkpoint."""
    config = run.config
    return Subject(
        name=run.folder.resolve().name,
        method=config.model,
        image_size=model.image_size,
        crop=CropGeometry.from_json(run.data["crop"]),
        settings=config.settings(),
        edits={edit: KerasEdit(model, edit) for edit in run.edits},
        training=_training_names(run),
    )


def load_bundle(folder: pathlib.Path) -> Subject:
    """Loads the one edit of an export, to run as it will on a phone, from its .tflite.

    Raises:
        UserError: if there is no bundle, or a damaged one.
    """
    manifest, runtime = load(folder)
    edit = manifest.edit
    return Subject(
        name=folder.resolve().name,
        method=manifest.training.get("model", _FIRST_METHOD),
        image_size=runtime.image_size,
        crop=manifest.crop,
        settings=manifest.training,
        edits={edit: _LiteRTEdit(runtime)},
        training=None,
    )


def _training_names(run: Run) -> frozenset[str] | None:
    paths = sorted(run.split_folder.glob("train*.txt"))
    if [path.stem for path in paths] not in _TRAINING_LISTS:
        return None
    return frozenset(
        name for path in paths for name in path.read_text(encoding="utf-8").split("\n")[:-1]
    )


@dataclasses.dataclass(frozen=True, eq=False)
class KerasEdit:
    """One edit of a model that has `residual_image(images, edit)`."""

    model: Any
    edit: Edit

    def __call__(self, images: np.ndarray, /) -> np.ndarray:
        residual = self.model.residual_image(images, self.edit)
        return ops.convert_to_numpy(ops.cast(residual, "float32"))


@dataclasses.dataclass(frozen=True, eq=False)
class _LiteRTEdit:
    """The edit of a bundle, which takes one face at a time."""

    runtime: LiteRTRuntime

    def __call__(self, images: np.ndarray, /) -> np.ndarray:
        return np.stack([self.runtime.run(image)[0] for image in images])
