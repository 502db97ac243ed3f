"""Evaluations on disk: measuring takes minutes, so what was measured is taken up again."""

import dataclasses
import json
import pathlib
from collections.abc import Sequence

import numpy as np

from faceattr.evaluation.evaluate import EditPictures, Evaluation
from faceattr.evaluation.plain import plain
from faceattr.files import replacing, write_text

_METRICS = "metrics.json"
# What an array of a file belongs to: `EditPictures` or `Evaluation.by_face`.
_PICTURE, _BY_FACE = "picture.", "by_face."


def save(evaluation: Evaluation, folder: pathlib.Path) -> None:
    """Writes `<subject>-<edit>.npz` for each edit and, when all is there, `metrics.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    for (subject, edit), pictures in evaluation.pictures.items():
        arrays = {
            f"{_PICTURE}{field.name}": getattr(pictures, field.name)
            for field in dataclasses.fields(pictures)
            if getattr(pictures, field.name) is not None
        }
        by_face = evaluation.by_face.get((subject, edit), {})
        arrays |= {f"{_BY_FACE}{name}": values for name, values in by_face.items()}
        with replacing(folder / f"{subject}-{edit}.npz") as beside, beside.open("wb") as file:
            np.savez(file, **arrays)
    text = json.dumps(plain(evaluation.metrics), indent=2, allow_nan=False) + "\n"
    write_text(folder / _METRICS, text)


def load(folder: pathlib.Path) -> Evaluation | None:
    """What `save` wrote; None if it did not come to its end."""
    path = folder / _METRICS
    if not path.is_file():
        return None
    metrics = json.loads(path.read_text(encoding="utf-8"))
    pictures, by_face = {}, {}
    absent = {field.name: None for field in dataclasses.fields(EditPictures)}
    for subject in metrics["subjects"]:
        for edit in subject["edits"]:
            key = subject["name"], edit
            with np.load(folder / f"{subject['name']}-{edit}.npz") as arrays:
                shown = _of_kind(arrays, _PICTURE)
                by_face[key] = _of_kind(arrays, _BY_FACE)
            pictures[key] = EditPictures(**{**absent, **shown})  # type: ignore[arg-type]
    return Evaluation(metrics, pictures, by_face)


def _of_kind(arrays: np.lib.npyio.NpzFile, kind: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(kind): arrays[name] for name in arrays if name.startswith(kind)}


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
    references = [each["identity_reference"] for each in metrics if each["identity_reference"]]
    skipped: dict[tuple[str, str], list[str]] = {}
    for each in metrics:
        for part in each["skipped"]:
            skipped.setdefault((part["part"], part["reason"]), []).extend(part["edits"])
    sources = {source["name"]: source for each in metrics for source in each["sources"]}
    classifier = metrics[0]["classifier"]
    reliability: dict[str, dict[str, object]] = {}
    for each in metrics:
        for source, bins in each["classifier"]["reliability"].items():
            reliability.setdefault(source, {}).update(bins)
    whole = {
        **metrics[0],
        "classifier": {**classifier, "reliability": reliability},
        "seconds": sum(each["seconds"] for each in metrics),
        "sources": list(sources.values()),
        "identity_reference": references[0] if references else None,
        "skipped": [
            {"part": part, "reason": reason, "edits": edits}
            for (part, reason), edits in skipped.items()
        ],
        "subjects": [subject for each in metrics for subject in each["subjects"]],
    }
    return Evaluation(
        whole,
        {key: value for each in evaluations for key, value in each.pictures.items()},
        {key: value for each in evaluations for key, value in each.by_face.items()},
    )
