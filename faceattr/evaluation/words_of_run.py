"""What a report says of the edits of a run, in words for their model cards."""

import json
import pathlib
from collections.abc import Mapping
from typing import Any

from faceattr.errors import UserError
from faceattr.evaluation.measures import (
    how_far,
    identity,
    no_op,
    sharpness,
    success,
    told_apart,
)
from faceattr.evaluation.measures.measured import EditMeasures
from faceattr.evaluation.metrics import Metrics, SubjectMetrics, from_json
from faceattr.runs.run import Run

# Where the faces lay is another folder on another machine.
_PLACES = ("data_dir", "labels")


def words_of_run(report: pathlib.Path, run: Run) -> dict[str, dict[str, str]]:
    """How good each edit of a run is.

    Args:
        report: the folder that evaluate.py wrote.
        run: a finished run.

    Returns:
        by the name of the edit: what was measured -> what came out; `"faces"`, on which faces.

    Raises:
        UserError: if there is no report, or if it is not of this run.
    """
    path = report / "metrics.json"
    try:
        metrics = from_json(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UserError(
            f"--report {report}: no report here (it has no {path.name}); python evaluate.py "
            f"--run {run.folder} --out {report} writes one"
        ) from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(f"{path}: not what evaluate.py measured ({error})") from None
    wanted = _settings(run.config.settings())
    for subject in metrics.subjects:
        if _settings(subject.settings) == wanted:
            return {each.edit.name: _words(metrics, subject, each) for each in subject.edits}
    names = ", ".join(subject.name for subject in metrics.subjects)
    raise UserError(
        f"--report {report}: it is of {names}, none of which has the settings of {run.folder}; "
        f"measure that with python evaluate.py --run {run.folder}"
    )


def _settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    # As JSON has them.
    settings = json.loads(json.dumps(dict(settings)))
    return {name: value for name, value in settings.items() if name not in _PLACES}


def _words(metrics: Metrics, subject: SubjectMetrics, found: EditMeasures) -> dict[str, str]:
    recall = metrics.classifier.recall(subject.source, found.edit)
    said = {"faces": f"{found.faces:,} ({subject.source}), {metrics.created[:10]}"}
    if found.how_far is not None:
        said["how far"] = how_far.said(found.how_far).removeprefix("how far: ")
    said["success"] = success.said(found.success, recall)
    if found.told_apart is not None:
        said["told apart"] = told_apart.said(found.told_apart)
    said["change"] = no_op.said(found.no_op)
    if found.sharpness is not None:
        said["sharpness"] = sharpness.said(found.sharpness)
    if found.identity is not None:
        said["identity"] = identity.said(found.identity)
    return said
