"""Measures of an evaluation as tables and, face by face, as what claims are compared by."""

from collections.abc import Sequence

import numpy as np

from faceattr.evaluation.evaluation import Evaluation
from faceattr.evaluation.judge.attribute_classifier import AttributeClassifier
from faceattr.evaluation.measures.intervals import CONFIDENCE, MOST_DECIBELS
from faceattr.evaluation.measures.measured import EditMeasures
from faceattr.pictures.words import DASH, fixed, percent
from faceattr.reproduction.result import interval, table

_HEADS = (
    "edit",
    "success (before)",
    f"{CONFIDENCE:.0%} interval",
    "kernel distance edited / unedited / real",
    "change where needless / needed",
    "same person",
    "descriptor distance",
    "PSNR outside",
)


def measures_table(evaluation: Evaluation, labels: dict[str, str]) -> str:
    """The measures of every edit: success is never shown without realism and the no-op figure.

    Args:
        evaluation: of the subjects.
        labels: name of a subject -> what it is called.
    """
    rows = [
        [f"{labels[subject.name]}: `{found.edit.name}`", *_cells(found)]
        for subject in evaluation.metrics.subjects
        for found in subject.edits
    ]
    return table(_HEADS, rows)


def _cells(found: EditMeasures) -> list[str]:
    success, realism, identity = found.success, found.realism, found.identity
    distances = DASH
    if realism is not None:
        edited = realism.edited
        values = (edited.kernel, realism.unedited.kernel, edited.kernel_reference)
        distances = " / ".join(fixed(value) for value in values)
    return [
        f"{percent(success.edited.value)} ({percent(success.before.value)})",
        f"{percent(success.edited.low)} to {percent(success.edited.high)}",
        distances,
        fixed(found.no_op.ratio),
        DASH if identity is None else percent(identity.kept.value),
        DASH if identity is None else fixed(identity.median),
        interval(found.locality.psnr_outside, 1) + " dB",
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


def decibels(values: np.ndarray) -> np.ndarray:
    """PSNRs of faces, each at most 100 dB: those that did not change at all count as well."""
    return np.minimum(values, MOST_DECIBELS)
