"""Evaluations on disk: measuring takes minutes, so what was measured is taken up again."""

import dataclasses
import json
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from faceattr.evaluation.evaluation import Evaluation
from faceattr.evaluation.json_values import of_type
from faceattr.evaluation.measures.measure import Skipped
from faceattr.evaluation.measures.measured import FaceValues
from faceattr.evaluation.metrics import FORMAT, from_json, to_json
from faceattr.evaluation.pictures import EditPictures
from faceattr.files import replacing, write_text

_METRICS = "metrics.json"
# What an array of a file belongs to: `EditPictures` or `FaceValues`.
_PICTURES, _BY_FACE = "picture", "by_face"


def save(evaluation: Evaluation, folder: pathlib.Path) -> None:
    """Writes `<subject>-<edit>.npz` for each edit and, when all is there, `metrics.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    for key, pictures in evaluation.pictures.items():
        arrays: dict[str, Any] = dict(_flat(_PICTURES, pictures))
        if key in evaluation.by_face:
            arrays |= _flat(_BY_FACE, evaluation.by_face[key])
        subject, edit = key
        with replacing(_path(folder, subject, edit.name)) as beside, beside.open("wb") as file:
            np.savez(file, **arrays)
    text = json.dumps(to_json(evaluation.metrics), indent=2, allow_nan=False) + "\n"
    write_text(folder / _METRICS, text)


def load(folder: pathlib.Path) -> Evaluation | None:
    """What `save` wrote; None if it did not come to its end, or was of an earlier format."""
    path = folder / _METRICS
    if not path.is_file():
        return None
    value = json.loads(path.read_text(encoding="utf-8"))
    if value["format"] != FORMAT:
        return None
    metrics = from_json(value)
    pictures, by_face = {}, {}
    for subject in metrics.subjects:
        for found in subject.edits:
            key = subject.name, found.edit
            with np.load(_path(folder, subject.name, found.edit.name)) as arrays:
                kept = _nested(arrays)
            pictures[key] = of_type(EditPictures, kept[_PICTURES])
            if _BY_FACE in kept:
                by_face[key] = of_type(FaceValues, kept[_BY_FACE])
    return Evaluation(metrics, pictures, by_face)


def _path(folder: pathlib.Path, subject: str, edit: str) -> pathlib.Path:
    return folder / f"{subject}-{edit}.npz"


def _flat(name: str, value: Any) -> Iterator[tuple[str, np.ndarray]]:
    """What a data class holds, and those in it, each under its path; None is left out."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _flat(f"{name}.{field.name}", getattr(value, field.name))
    elif value is not None:
        yield name, np.asarray(value)


def _nested(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The inverse of `_flat`, as dicts; what was left out is missing."""
    found: dict[str, Any] = {}
    for path in arrays:
        *above, name = path.split(".")
        place = found
        for each in above:
            place = place.setdefault(each, {})
        place[name] = arrays[path]
    return found


def load_all(folder: pathlib.Path) -> list[Evaluation]:
    """Every evaluation that `save` finished in a folder of this one, by name."""
    found = [load(place) for place in sorted(folder.glob("*/"))]
    return [evaluation for evaluation in found if evaluation is not None]


def combined(evaluations: Sequence[Evaluation]) -> Evaluation:
    """One evaluation of all subjects, for one report.

    Args:
        evaluations: at least one, all with the same judge, of subjects with different names.
    """
    metrics = [each.metrics for each in evaluations]
    references = [each.identity_reference for each in metrics if each.identity_reference]
    skipped: dict[tuple[str, str], tuple[str, ...]] = {}
    reliability: dict[str, Any] = {}
    for each in metrics:
        for part in each.skipped:
            skipped[part.part, part.reason] = skipped.get((part.part, part.reason), ()) + part.edits
        for source, bins in each.classifier.reliability.items():
            reliability[source] = {**reliability.get(source, {}), **bins}
    whole = dataclasses.replace(
        metrics[0],
        classifier=dataclasses.replace(metrics[0].classifier, reliability=reliability),
        seconds=sum(each.seconds for each in metrics),
        sources=tuple(
            {source.name: source for each in metrics for source in each.sources}.values()
        ),
        identity_reference=references[0] if references else None,
        skipped=tuple(Skipped(*key, edits) for key, edits in skipped.items()),
        subjects=tuple(subject for each in metrics for subject in each.subjects),
    )
    return Evaluation(
        whole,
        {key: value for each in evaluations for key, value in each.pictures.items()},
        {key: value for each in evaluations for key, value in each.by_face.items()},
    )
