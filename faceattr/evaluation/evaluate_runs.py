"""evaluate_runs(): from the folders of runs and bundles to the report of all their edits."""

import json
import logging
import pathlib
from collections.abc import Mapping, Sequence

from faceattr.errors import UserError
from faceattr.evaluation.evaluate import evaluate
from faceattr.evaluation.evaluation import Evaluation
from faceattr.evaluation.judge.face_models import FaceModels, MissingExtra
from faceattr.evaluation.judge.imagenet_features import ImageNetFeatures
from faceattr.evaluation.judge.judging import learned_judge
from faceattr.evaluation.judge.outside import OutsideJudges
from faceattr.evaluation.settings import ClassifierSettings, EvaluationSettings, FaceChoice
from faceattr.evaluation.subjects.chosen_faces import choose_faces
from faceattr.evaluation.subjects.subject import load_subjects

_logger = logging.getLogger(__name__)

CACHE_DIR = "runs/.cache"


def evaluate_runs(
    runs: Sequence[str | pathlib.Path],
    out: str | pathlib.Path = "report",
    faces: FaceChoice | None = None,
    settings: EvaluationSettings | None = None,
    classifier: ClassifierSettings | None = None,
    classifier_data: Mapping[str, str] | None = None,
    cache_dir: str | pathlib.Path = CACHE_DIR,
) -> Evaluation:
    """Measures the edits of runs and bundles, and writes the report.

    Args:
        runs: folders that a training or an export left.
        out: the folder of the report; an earlier report is replaced. Defaults to `"report"`.
        faces: which faces the edits are tried on; None for each run's own test split.
        settings: how to measure; None for the defaults.
        classifier: how the judge is trained; None for the defaults.
        classifier_data: source -> folder of what the judge learns from; None for the data of the
            runs. It never learns from a face that it judges, nor from other images of its person.
        cache_dir: where judges are kept. Defaults to `"runs/.cache"`.

    Returns:
        what was measured.

    Raises:
        UserError: if something named is missing or cannot be used, or matplotlib is not installed;
            no report is written then.
    """
    # Here, because it needs matplotlib, an extra; and first, because all else takes long.
    from faceattr.evaluation.report.report import write_report

    out = pathlib.Path(out)
    _refuse_other_folder(out)
    folders = [pathlib.Path(run) for run in runs]
    subjects = load_subjects(folders)
    chosen = choose_faces(folders, subjects, faces or FaceChoice(), classifier_data)
    pairs = list(zip(subjects, chosen.faces, strict=True))
    for subject, found in pairs:
        for note in found.notes:
            _logger.info("%s: %s", subject.name, note)
    judge = learned_judge(chosen.sources, chosen.kept, pathlib.Path(cache_dir), classifier)
    evaluation = evaluate(
        pairs, judge, _face_models(), settings, ImageNetFeatures(), OutsideJudges()
    )
    write_report(evaluation, out)
    return evaluation


def _face_models() -> FaceModels | None:
    """dlib's models; None where they are not installed, which is said."""
    try:
        return FaceModels()
    except MissingExtra as missing:
        _logger.warning("%s; the report leaves them out", missing)
        return None


def _refuse_other_folder(out: pathlib.Path) -> None:
    """Refuses to write a report over anything that is not one.

    Raises:
        UserError: if the folder is a file, or holds something else.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise UserError(f"--out {out}: this is a file; name a folder for the report")
    try:
        metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
        earlier = "format" in metrics and "subjects" in metrics
    except (OSError, ValueError, TypeError):
        earlier = False
    if any(out.iterdir()) and not earlier:
        raise UserError(
            f"--out {out}: is there already and holds no report; name a new folder, or the folder "
            "of an earlier report, which is replaced"
        )
