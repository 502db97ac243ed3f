"""Fig. 9 (section 7): faces that are turned away, where the paper sees its method fail."""

import numpy as np

from faceattr.attributes import PAPER_ATTRIBUTES
from faceattr.evaluation.judge.face_models import HOW_TO_INSTALL
from faceattr.evaluation.measures.intervals import CONFIDENCE, Estimate
from faceattr.evaluation.measures.pose import YAW_EDGES, success_by_yaw
from faceattr.pictures.words import fixed
from faceattr.reproduction import comparisons
from faceattr.reproduction.comparisons import Claim
from faceattr.reproduction.laboratory import Laboratory
from faceattr.reproduction.layout import sheet, stacked
from faceattr.reproduction.result import Result, interval, table
from faceattr.reproduction.trainings import SIX

_FACES, _CELL = 3, 128
# Degrees to either side from which a head counts as turned.
_TURNED = YAW_EDGES[2]


def fig9(laboratory: Laboratory) -> Result:
    """The most turned faces of each attribute, and success by head turn."""
    evaluation = laboratory.evaluated(SIX)
    sheets = []
    turns: list[np.ndarray] = []
    gains: list[np.ndarray] = []
    reached: list[np.ndarray] = []
    kernels: list[list[float]] = []
    for attribute in PAPER_ATTRIBUTES:
        rows: list[tuple[str, list[np.ndarray]]] = [("input", []), ("ours", [])]
        for edit in attribute.edits:
            pictures = evaluation.pictures[attribute.name, edit]
            values = evaluation.by_face[attribute.name, edit]
            if values.pose is None:
                return _left_out()
            turn = np.abs(values.pose.yaw)
            most = np.argsort(-np.nan_to_num(turn), kind="stable")[:_FACES]
            rows[0][1].extend(pictures.images[most])
            rows[1][1].extend(pictures.edited[most])
            turns.append(turn)
            gains.append(values.success.gain)
            reached.append(values.success.reached)
            found = evaluation.metrics.of(attribute.name, edit).pose or ()
            kernels.append([np.nan if each.kernel is None else each.kernel for each in found])
        sheets.append(sheet(f"{attribute.name}: the most turned", rows, _CELL))
    turn, gain = np.concatenate(turns), np.concatenate(gains)
    claim = Claim(
        "The edits work less well on faces that are turned away.",
        "section 7, Fig. 9",
        (
            comparisons.not_worse(
                "rise of the target's probability",
                ("frontal", gain[turn < _TURNED]),
                (f"turned by {_TURNED:g} degrees or more", gain[turn >= _TURNED]),
                0.0,
                laboratory.settings.seed,
            ),
        ),
        "All edits together. The turn is estimated from five landmarks that dlib finds, which are "
        "less sure the more a head is turned.",
    )
    bins = success_by_yaw(np.concatenate(reached), turn)
    rows_of = [
        [
            f"{each.low:g} to {each.high:g} degrees",
            str(each.success.count),
            _share(each.success),
            f"{fixed(_mean(values))} ({np.isfinite(values).sum()} edits)",
        ]
        for each, values in zip(bins, np.transpose(kernels), strict=True)
    ]
    return Result(
        "Fig. 9: faces that are turned away",
        {"fig9": stacked(sheets, across=2)},
        "The three most turned faces of each direction: chosen, not random.\n\n"
        + table(
            (
                "head turn",
                "faces",
                f"success ({CONFIDENCE:.0%})",
                "kernel distance, mean over edits",
            ),
            rows_of,
        ),
        (claim,),
        {"bins": bins, "kernels": kernels},
    )


def _mean(values: np.ndarray) -> float:
    """The mean of what is known."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _share(estimate: Estimate) -> str:
    shown = interval(estimate, 0, 100)
    return shown if shown == "-" else f"{shown} %"


def _left_out() -> Result:
    return Result(
        "Fig. 9: faces that are turned away",
        {},
        "Left out: the data have no landmarks, and dlib is not there to find them "
        f"(`{HOW_TO_INSTALL}`). Then remove this folder and evaluations/, and run it again.",
        (),
        {},
    )
