"""Which faces edits are tried on, and what the judge learns from: found, each table once."""

import dataclasses
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from faceattr.data.choice import DataChoice, of
from faceattr.data.sources import SOURCES
from faceattr.errors import UserError
from faceattr.evaluation.judge.judging import LearningSource
from faceattr.evaluation.settings import FaceChoice
from faceattr.evaluation.subjects.evaluation_faces import (
    EvaluationFaces,
    at_most,
    drawn_faces,
    other_faces,
    own_faces,
)
from faceattr.evaluation.subjects.subject import Subject


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
    named = _Named()
    own: list[EvaluationFaces] = []
    sources: dict[str, LearningSource] = {}
    if choice.other is None or classifier_data is None:
        for folder, subject in zip(folders, subjects, strict=True):
            faces = _own(folder, subject, choice.data_dir, named)
            own.append(faces)
            official = subject.settings.get("split") == "official"
            official |= faces.source in sources and sources[faces.source].official
            sources[faces.source] = LearningSource(faces.source, faces.table, official)
    if choice.other is None:
        chosen = [at_most(faces, choice.test_per_class, choice.seed) for faces in own]
    else:
        chosen = [_other(subject, choice.other, choice, named) for subject in subjects]
    if classifier_data is not None:
        sources = {
            name: _to_learn_from(name, folder, named) for name, folder in classifier_data.items()
        }
    return ChosenFaces(chosen, list(sources.values()), [*own, *chosen])


class _Named:
    """Faces, each once and under a name of its own."""

    def __init__(self) -> None:
        self._found: dict[tuple[DataChoice, Any], tuple[str, Any]] = {}

    def shared(self, choice: DataChoice, more: Any, load: Callable[[], Any]) -> tuple[str, Any]:
        """The name and the faces of a choice: loaded now, or what was the same before.

        Args:
            choice: which faces.
            more: what else tells them from others of that choice.
            load: gives them.
        """
        if choice.data_dir is not None:
            # A folder may be written in more than one way.
            folder = pathlib.Path(choice.data_dir).resolve()
            choice = dataclasses.replace(choice, data_dir=str(folder))
        if (choice, more) not in self._found:
            count = 1 + sum(other.data == choice.data for other, _ in self._found)
            name = choice.data if count == 1 else f"{choice.data} ({count})"
            self._found[choice, more] = (name, load())
        return self._found[choice, more]


def _own(
    folder: pathlib.Path, subject: Subject, data_dir: str | None, named: _Named
) -> EvaluationFaces:
    faces = own_faces(folder, subject, None if data_dir is None else pathlib.Path(data_dir))
    settings = dict(subject.settings)
    more = settings.get("attr") if faces.source == "csv" else None
    if faces.source == "synthetic":
        more = (settings["image_size"], settings["seed"])
    elif data_dir is not None:
        settings["data_dir"] = data_dir
    name, table = named.shared(of(settings), more, lambda: faces.table)
    return dataclasses.replace(faces, source=name, table=table)


def _other(
    subject: Subject, other: DataChoice, choice: FaceChoice, named: _Named
) -> EvaluationFaces:
    drawn = None
    if other.data != "synthetic":
        name, table = named.shared(other, None, other.files)
    else:
        made = drawn_faces(subject, other.synthetic_faces, choice.seed)
        more = ("other", subject.image_size, made.table.names[0])
        name, drawn = named.shared(other, more, lambda: made)
        table = drawn.table
    return other_faces(subject, name, table, drawn, choice.test_per_class, choice.seed)


def _to_learn_from(name: str, folder: str, named: _Named) -> LearningSource:
    if name not in SOURCES or name in ("synthetic", "csv"):
        known = ", ".join(each for each in SOURCES if each not in ("synthetic", "csv"))
        raise UserError(f"--classifier_data {name}={folder}: the source must be one of {known}")
    choice = DataChoice(data=name, data_dir=folder)
    return LearningSource(*named.shared(choice, None, choice.files))
