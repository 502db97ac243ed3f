"""Evaluations on disk: measuring takes minutes, so what was measured is taken up again."""

import dataclasses
import json
import pathlib
from collections.abc import Sequence

import numpy as np

from faceattr.evaluation.evaluate import EditPictures, Evaluation
from faceattr.files import replacing, write_text
from faceattr.reproduction.result import finite


def save(evaluation: Evaluation, folder: pathlib.Path) -> None:
    """Writes `metrics.json` and `<subject>-<edit>.npz`; the former last, when all is there."""
    folder.mkdir(parents=True, exist_ok=True)
    for (subject, edit), pictures in evaluation.pictures.items():
        arrays = {
            field.name: getattr(pictures, field.name)
            for field in dataclasses.fields(pictures)
            if getattr(pictures, field.name) is not None
        }
        with replacing(folder / f"{subject}-{edit}.npz") as beside, beside.open("wb") as file:
            np.savez(file, **arrays)
    text = json.dumps(finite(evaluation.metrics), indent=2, allow_nan=False) + "\n"
    write_text(folder / "metrics.json", text)


def load(folder: pathlib.Path) -> Evaluation | None:
    """What `save` wrote; None if it did not come to its end."""
    path = folder / "metrics.json"
    if not path.is_file():
        return None
    metrics = json.loads(path.read_text(encoding="utf-8"))
    pictures = {}
    for subject in metrics["subjects"]:
        for edit in subject["edits"]:
            with np.load(folder / f"{subject['name']}-{edit}.npz") as arrays:
                known = {field.name for field in dataclasses.fields(EditPictures)}
                found = {name: arrays[name] for name in arrays.files if name in known}
                missing = dict.fromkeys(known - found.keys())
                pictures[subject["name"], edit] = EditPictures(**{**missing, **found})
    return Evaluation(metrics=metrics, pictures=pictures)


def combined(evaluations: Sequence[Evaluation]) -> Evaluation:
    """One evaluation of all subjects, for one report.

    Args:
        evaluations: at least one, all with the same judge, of subjects with different names.
    """
    first = evaluations[0].metrics
    subjects = [subject for each in evaluations for subject in each.metrics["subjects"]]
    sources = {source["name"]: source for each in evaluations for source in each.metrics["sources"]}
    skipped = {
        (part["part"], part["reason"]): part
        for each in evaluations
        for part in each.metrics["skipped"]
    }
    metrics = {
        **first,
        "seconds": sum(each.metrics["seconds"] for each in evaluations),
        "sources": list(sources.values()),
        "skipped": list(skipped.values()),
        "subjects": subjects,
    }
    pictures = {key: value for each in evaluations for key, value in each.pictures.items()}
    return Evaluation(metrics=metrics, pictures=pictures)
