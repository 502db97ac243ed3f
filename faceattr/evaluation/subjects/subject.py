"""Subject: what is evaluated, whether a run left it or an export."""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from faceattr import edits as values
from faceattr.attributes import Attribute, find_attribute
from faceattr.bundles.manifest import MANIFEST_NAME, Manifest
from faceattr.bundles.runtime import LiteRTRuntime
from faceattr.errors import UserError
from faceattr.evaluation.subjects.edits import Edit
from faceattr.faces.crop import CropGeometry
from faceattr.runs.run import Run
from faceattr.training.model import finished_model

_TRAINING_LISTS = ("train_negative.txt", "train_positive.txt")


@dataclasses.dataclass(frozen=True, eq=False)
class Subject:
    """Edits of one attribute, of any method.

    Attributes:
        name: str, as shown, such as the folder's name; unique in a report.
        attribute: the attribute that is edited.
        method: str, what made the edits, such as `"residual_gan"`.
        image_size: int, side of the face crops that the edits take.
        crop: where the face crop lay in the training images.
        settings: those of the training, as in `config.json`.
        edits: `"to_positive"`, `"to_negative"` or both -> the edit.
        training: names of the images that it was trained on, of its own source; None if unknown.
    """

    name: str
    attribute: Attribute
    method: str
    image_size: int
    crop: CropGeometry
    settings: dict[str, Any]
    edits: dict[str, Edit]
    training: frozenset[str] | None

    def edit_name(self, direction: str) -> str:
        """What an edit is called, such as `"add_glasses"`."""
        return self.made(direction).name

    def made(self, direction: str) -> values.Edit:
        """The edit as a value."""
        return self.attribute.adding if direction == "to_positive" else self.attribute.removing


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
    config = run.config
    model = finished_model(run)
    attribute = run.attribute
    return Subject(
        name=folder.resolve().name,
        attribute=attribute,
        method=config.model,
        image_size=model.image_size,
        crop=CropGeometry.from_json(run.data["crop"]),
        settings=dataclasses.asdict(config),
        edits={
            "to_positive": KerasEdit(model, attribute.adding),
            "to_negative": KerasEdit(model, attribute.removing),
        },
        training=_training_names(run),
    )


def load_bundle(folder: pathlib.Path) -> Subject:
    """Loads the one edit of an export, to run as it will on a phone, from its .tflite.

    Raises:
        UserError: if there is no bundle, or a damaged one.
    """
    manifest = Manifest.read(folder)
    runtime = LiteRTRuntime(folder / manifest.tflite_name)
    return Subject(
        name=folder.resolve().name,
        attribute=find_attribute(manifest.column, [manifest.column]),
        method=manifest.training.get("model", "residual_gan"),
        image_size=runtime.image_size,
        crop=manifest.crop,
        settings=manifest.training,
        edits={manifest.direction: _LiteRTEdit(runtime)},
        training=None,
    )


def _training_names(run: Run) -> frozenset[str] | None:
    paths = [run.split_folder / name for name in _TRAINING_LISTS]
    if not all(path.is_file() for path in paths):
        return None
    return frozenset(
        name for path in paths for name in path.read_text(encoding="utf-8").split("\n")[:-1]
    )


@dataclasses.dataclass(frozen=True, eq=False)
class KerasEdit:
    """One edit of a model that has `residual_image(images, edit)`."""

    model: Any
    edit: values.Edit

    def __call__(self, images: np.ndarray, /) -> np.ndarray:
        residual = self.model.residual_image(images, self.edit)
        return ops.convert_to_numpy(ops.cast(residual, "float32"))


@dataclasses.dataclass(frozen=True, eq=False)
class _LiteRTEdit:
    """The edit of a bundle, which takes one face at a time."""

    runtime: LiteRTRuntime

    def __call__(self, images: np.ndarray, /) -> np.ndarray:
        return np.stack([self.runtime.residual(image) for image in images])
