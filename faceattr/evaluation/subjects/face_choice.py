"""FaceChoice: which faces edits are tried on, and what the judge learns from."""

import dataclasses
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from faceattr.data.sources import SOURCES, load_files
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError
from faceattr.evaluation.judge.judging import LearningSource
from faceattr.evaluation.subjects.evaluation_faces import (
    EvaluationFaces,
    at_most,
    drawn_faces,
    other_faces,
    own_faces,
)
from faceattr.evaluation.subjects.subject import Subject

# The settings of a training or a choice that say which images there are and how they are labelled.
_OF_FILES = ("labels", "image_column", "crop", "label_overrides", "min_confidence")
_OF_DRAWN = ("synthetic_faces", "image_size", "seed")
_Key = tuple[Any, ...]


@dataclasses.dataclass(frozen=True)
class FaceChoice:
    """Which faces edits are tried on.

    Attributes:
        data: one of `SOURCES`, all labelled images of which are test faces but those trained on;
            None, the default, for the test split of each run.
        data_dir: its folder. Without `data`, where the data of the runs lie now.
        labels, image_column, crop, min_confidence: see `load_files`; only with `data`.
        synthetic_faces: int >= 4, faces to draw for `data="synthetic"`. Defaults to 2,400.
        test_per_class: int >= 1, the most faces of each class; None for all of a test split, or
            1,000 of another source.
        seed: int >= 0, of the draw of so many, and of drawn faces. Defaults to 0.

    Raises:
        UserError: for a choice that cannot be.
    """

    data: str | None = None
    data_dir: str | None = None
    labels: str | None = None
    image_column: str | None = None
    crop: str | None = None
    min_confidence: float | None = None
    synthetic_faces: int = 2400
    test_per_class: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("test_per_class", 1), ("seed", 0), ("synthetic_faces", 4)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise UserError(f"--{name} {value}: must be at least {least}")
        if self.data is None or self.data == "synthetic":
            for name in ("labels", "image_column", "crop", "min_confidence"):
                if getattr(self, name) is not None:
                    raise UserError(f"--{name} goes with --data of image files")
        if self.data == "synthetic" and self.data_dir is not None:
            raise UserError(
                "--data_dir: synthetic faces are drawn and have no folder; leave it out"
            )

    def load(self) -> AttributeTable:
        """The table of image files.

        Raises:
            UserError: see `load_files`.
        """
        assert self.data is not None, "without a source each run has its own"
        return load_files(
            self.data,
            None if self.data_dir is None else pathlib.Path(self.data_dir),
            labels=None if self.labels is None else pathlib.Path(self.labels),
            image_column=self.image_column,
            crop=self.crop,
            min_confidence=self.min_confidence,
        )


@dataclasses.dataclass(frozen=True, eq=False)
class ChosenFaces:
    """What `choose_faces` finds; the same data have one table, and different data other names.

    Attributes:
        faces: the held-out faces of each subject.
        sources: what the judge may learn from.
        kept: faces that it must not learn from: those chosen, and the test splits of the runs
            whether or not they are all looked at, so that one judge serves for more evaluations.
    """

    faces: list[EvaluationFaces]
    sources: list[LearningSource]
    kept: list[EvaluationFaces]


def choose_faces(
    folders: Sequence[pathlib.Path],
    subjects: Sequence[Subject],
    choice: FaceChoice,
    classifier_data: Mapping[str, str] | None = None,
) -> ChosenFaces:
    """Finds the held-out faces of each subject, and what the judge may learn from.

    Args:
        folders: of the subjects.
        subjects: see `load_subjects`.
        choice: which faces.
        classifier_data: source -> folder, to learn from; None for the data of the runs.

    Raises:
        UserError: if data are missing, lack the column, or have too few faces.
    """
    tables = _Tables()
    own: list[EvaluationFaces] = []
    sources: dict[str, LearningSource] = {}
    if choice.data is None or classifier_data is None:
        for folder, subject in zip(folders, subjects, strict=True):
            faces = _own(folder, subject, choice, tables)
            own.append(faces)
            official = subject.settings.get("split") == "official"
            official |= faces.source in sources and sources[faces.source].official
            sources[faces.source] = LearningSource(faces.source, faces.table, official)
    if choice.data is None:
        chosen = [at_most(faces, choice.test_per_class, choice.seed) for faces in own]
    else:
        chosen = [_other(subject, choice, tables) for subject in subjects]
    if classifier_data is not None:
        sources = {
            name: _to_learn_from(name, folder, tables) for name, folder in classifier_data.items()
        }
    return ChosenFaces(chosen, list(sources.values()), [*own, *chosen])


class _Tables:
    """Each table once, under a name of its own."""

    def __init__(self) -> None:
        self._found: dict[_Key, tuple[str, Any]] = {}

    def shared(self, name: str, key: _Key, load: Callable[[], Any]) -> tuple[str, Any]:
        """The name and what is loaded of a key: loaded now, or what was under the same key."""
        if key not in self._found:
            count = 1 + sum(other[0] == name for other in self._found)
            self._found[key] = (name if count == 1 else f"{name} ({count})", load())
        return self._found[key]


def _own(
    folder: pathlib.Path, subject: Subject, choice: FaceChoice, tables: _Tables
) -> EvaluationFaces:
    data_dir = choice.data_dir if choice.data is None else None
    faces = own_faces(folder, subject, None if data_dir is None else pathlib.Path(data_dir))
    settings = dict(subject.settings)
    if data_dir is not None and faces.source != "synthetic":
        settings["data_dir"] = data_dir
    label, table = tables.shared(faces.source, _key(settings), lambda: faces.table)
    return dataclasses.replace(faces, source=label, table=table)


def _other(subject: Subject, choice: FaceChoice, tables: _Tables) -> EvaluationFaces:
    assert choice.data is not None
    if choice.data != "synthetic":
        settings = dataclasses.asdict(choice)
        if choice.data == "csv":
            settings["attr"] = None  # all columns are read
        label, table = tables.shared(choice.data, _key(settings), choice.load)
        drawn = None
    else:
        made = drawn_faces(subject, choice.synthetic_faces, choice.seed)
        key = ("synthetic", "other", subject.image_size, made.table.names[0])
        label, drawn = tables.shared("synthetic", key, lambda: made)
        table = drawn.table
    return other_faces(subject, label, table, drawn, choice.test_per_class, choice.seed)


def _to_learn_from(name: str, folder: str, tables: _Tables) -> LearningSource:
    if name not in SOURCES or name in ("synthetic", "csv"):
        known = ", ".join(each for each in SOURCES if each not in ("synthetic", "csv"))
        raise UserError(f"--classifier_data {name}={folder}: the source must be one of {known}")
    settings = {"data": name, "data_dir": folder}
    load = FaceChoice(data=name, data_dir=folder).load
    return LearningSource(*tables.shared(name, _key(settings), load))


def _key(settings: Mapping[str, Any]) -> _Key:
    """What tells one table from another, from the settings of a training or of a choice."""
    data = settings["data"]
    if data == "synthetic":
        return (data, *(settings.get(name) for name in _OF_DRAWN))
    folder = settings.get("data_dir")
    place = None if folder is None else pathlib.Path(folder).resolve()
    attr = settings.get("attr") if data == "csv" else None
    return (data, place, attr, *(settings.get(name) for name in _OF_FILES))
