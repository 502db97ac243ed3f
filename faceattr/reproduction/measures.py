"""Measures of an evaluation as tables and, face by face, as what claims are compared by."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from faceattr.attributes import Attribute
from faceattr.evaluation.evaluate import EditPictures, Evaluation
from faceattr.evaluation.locality import masked_psnr, mean_change
from faceattr.evaluation.regions import landmark_masks, mean_landmarks
from faceattr.evaluation.success import target_reached
from faceattr.reproduction.result import interval, number, percent, table

DIRECTIONS = ("to_positive", "to_negative")

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


def edit_names(attribute: Attribute) -> tuple[str, str]:
    """The names of an attribute's edits, in the order of `DIRECTIONS`."""
    return attribute.edits


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
    distances = "–"
    if realism is not None:
        values = (realism["kernel"], before and before["kernel"], realism["kernel_reference"])
        distances = " / ".join(number(value) for value in values)
    return [
        f"{percent(share['value'])} ({percent(success['before']['value'])})",
        f"{percent(share['low'])} to {percent(share['high'])}",
        distances,
        number(found["no_op"]["ratio"]),
        percent(identity["kept"]["value"]) if identity else "–",
        number(identity["median"]) if identity else "–",
        interval(found["locality"]["psnr_outside"], 1) + " dB",
    ]


def judge_table(evaluation: Evaluation, columns: Sequence[str]) -> str:
    """How good the judge is on held-out faces, by source."""
    rows = []
    for source, scores in evaluation.metrics["classifier"]["scores"].items():
        for column in columns:
            if column not in scores:
                continue
            score = scores[column]
            rows.append(
                [
                    f"{source}: {column}",
                    f"{score['positives']} / {score['negatives']}",
                    *(
                        number(None if score[key] is None else 100 * score[key], 1) + "%"
                        for key in ("accuracy", "balanced_accuracy", "calibration_error")
                    ),
                ]
            )
    heads = ("held-out faces", "with / without", "accuracy", "balanced", "calibration error")
    return table(heads, rows)


def identity_distances(evaluation: Evaluation, subject: str, edit: str) -> np.ndarray | None:
    """Descriptor distance of each face from its edit, float64 [n]; None without dlib's models."""
    identity = metrics_of(evaluation, subject, edit)["identity"]
    return None if identity is None else np.array(identity["distances"], np.float64)


def psnr_outside(pictures: EditPictures, column: str) -> np.ndarray:
    """PSNR outside the attribute's region of the mean face, in dB: float64 [n]."""
    return masked_psnr(pictures.images, pictures.edited, ~mean_region(pictures.images, column))


def change_outside(pictures: EditPictures, column: str) -> np.ndarray:
    """Mean |r| outside the attribute's region of the mean face: float64 [n]."""
    return mean_change(pictures.residual, ~mean_region(pictures.images, column))


def successes(pictures: EditPictures, direction: str) -> np.ndarray:
    """Whether each edited face is classed as the target, as 0 or 1: float64 [n]."""
    reached = target_reached(pictures.probabilities_after, direction == "to_positive")
    return reached.astype(np.float64)


def gains(pictures: EditPictures, direction: str) -> np.ndarray:
    """By how much each face's probability of the target rises: float64 [n] in [-1, 1]."""
    rise = pictures.probabilities_after - pictures.probabilities_before
    return rise if direction == "to_positive" else -rise


def mean_region(images: np.ndarray, column: str) -> np.ndarray:
    """The attribute's region on the mean face, for aligned crops: bool [n, s, s]."""
    landmarks = np.broadcast_to(mean_landmarks(), (len(images), 5, 2))
    return landmark_masks(column, landmarks, images.shape[1])
