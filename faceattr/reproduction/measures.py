"""Measures of an evaluation as tables and, face by face, as what claims are compared by."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from faceattr.evaluation.evaluate import Evaluation
from faceattr.evaluation.judge.attribute_classifier import AttributeClassifier
from faceattr.pictures.words import fixed, percent
from faceattr.reproduction.result import interval, table

_MOST_DECIBELS = 100.0

_HEADS = (
    "edit",
    "success (before)",
    "95% interval",
    "kernel distance edited / unedited / real",
    "change where needless / needed",
    "same person",
    "descriptor distance",
    "PSNR outside",
)


def metrics_of(evaluation: Evaluation, subject: str, edit: str) -> dict[str, Any]:
    """One edit's entry in `metrics.json`."""
    for found in evaluation.metrics["subjects"]:
        if found["name"] == subject:
            return found["edits"][edit]
    raise KeyError(subject)


def measures_table(evaluation: Evaluation, labels: dict[str, str]) -> str:
    """The measures of every edit: success is never shown without realism and the no-op figure.

    Args:
        evaluation: of the subjects.
        labels: name of a subject -> what it is called.
    """
    rows = []
    for subject in evaluation.metrics["subjects"]:
        for edit, found in subject["edits"].items():
            rows.append([f"{labels[subject['name']]}: `{edit}`", *_cells(found)])
    return table(_HEADS, rows)


def _cells(found: dict[str, Any]) -> list[str]:
    success, realism, before = (found[key] for key in ("success", "realism", "realism_before"))
    identity = found["identity"]
    share = success["edited"]
    distances = "-"
    if realism is not None:
        values = (realism["kernel"], before and before["kernel"], realism["kernel_reference"])
        distances = " / ".join(fixed(value) for value in values)
    return [
        f"{percent(share['value'])} ({percent(success['before']['value'])})",
        f"{percent(share['low'])} to {percent(share['high'])}",
        distances,
        fixed(found["no_op"]["ratio"]),
        percent(identity["kept"]["value"]) if identity else "-",
        fixed(identity["median"]) if identity else "-",
        interval(found["locality"]["psnr_outside"], 1) + " dB",
    ]


def judge_table(judge: AttributeClassifier, columns: Sequence[str]) -> str:
    """How good the judge is on held-out faces, by source."""
    rows = []
    for source, scores in judge.scores.items():
        for column in columns:
            if column not in scores:
                continue
            score = scores[column]
            shares = (score.accuracy, score.balanced_accuracy, score.calibration_error)
            rows.append(
                [
                    f"{source}: {column}",
                    f"{score.positives} / {score.negatives}",
                    *(f"{fixed(100 * share, 1)}%" for share in shares),
                ]
            )
    heads = ("held-out faces", "with / without", "accuracy", "balanced", "calibration error")
    return table(heads, rows)


def identity_distances(evaluation: Evaluation, subject: str, edit: str) -> np.ndarray | None:
    """Descriptor distance of each face from its edit, float64 [n]; None without dlib's models."""
    identity = metrics_of(evaluation, subject, edit)["identity"]
    return None if identity is None else np.array(identity["distances"], np.float64)


def by_face(evaluation: Evaluation, subject: str, edit: str, measure: str) -> np.ndarray:
    """A measure of each face that needs the edit, float64 [n]; see `Evaluation.by_face`.

    Decibels end at 100, so that faces whose other parts did not change at all count as well.
    """
    values = evaluation.by_face[subject, edit][measure]
    return np.minimum(values, _MOST_DECIBELS) if measure.startswith("psnr") else values


def gains(evaluation: Evaluation, subject: str, edit: str) -> np.ndarray:
    """By how much each face's probability of the target rises: float64 [n] in [-1, 1]."""
    values = evaluation.by_face[subject, edit]
    rise = values["probability_after"] - values["probability_before"]
    adding = metrics_of(evaluation, subject, edit)["direction"] == "to_positive"
    return rise if adding else -rise
