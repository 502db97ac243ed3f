"""evaluate(): every measure of every edit, beside the judge's own mistakes."""

import dataclasses
import datetime
import pathlib
import time
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from faceattr.errors import UserError
from faceattr.evaluation.judge.attribute_classifier import AttributeClassifier
from faceattr.evaluation.judge.face_models import FaceModels
from faceattr.evaluation.judge.inception import InceptionFeatures
from faceattr.evaluation.judge.judging import scored_judge
from faceattr.evaluation.machine import machine
from faceattr.evaluation.measures.decorrelation import label_correlations
from faceattr.evaluation.measures.measuring import Measuring, source_labels
from faceattr.evaluation.plain import plain
from faceattr.evaluation.report.pictures import EditPictures, pictures_of
from faceattr.evaluation.subjects.edit_case import apply_edit
from faceattr.evaluation.subjects.evaluation_faces import EvaluationFaces
from faceattr.evaluation.subjects.subject import Subject
from faceattr.progress import progress_bar

__all__ = ["EditPictures", "Evaluation", "EvaluationSettings", "evaluate"]

FORMAT = 1
"""Of metrics.json; raised when the meaning of a field changes."""


@dataclasses.dataclass(frozen=True)
class EvaluationSettings:
    """How an evaluation measures.

    Attributes:
        seed: int >= 0, of every draw and bootstrap. Defaults to 0.
        identity_faces: int >= 1, the most faces of a class that dlib's models are asked about, a
            fifth of a second each; drawn by the seed. Defaults to 100.
        identity_pairs: int >= 0, the most pairs of either kind for the reference of identity.
            Defaults to 100.
        pictures: int or None, the most faces of an edit that `Evaluation.pictures` keeps: those
            drawn by the seed, and the worst. None, the default, keeps all.
        inception_weights: path or None, Keras's weights of InceptionV3 without its top, to
            measure realism by its features as well; see `InceptionFeatures`. Defaults to None.
    """

    seed: int = 0
    identity_faces: int = 100
    identity_pairs: int = 100
    pictures: int | None = None
    inception_weights: pathlib.Path | None = None

    def __post_init__(self) -> None:
        least = {"seed": 0, "identity_faces": 1, "identity_pairs": 0}
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise UserError(f"--{name} {getattr(self, name)}: must be at least {bound}")
        weights = self.inception_weights
        if weights is not None and not weights.is_file():
            raise UserError(f"--inception_weights {weights}: no such file")


@dataclasses.dataclass(frozen=True, eq=False)
class Evaluation:
    """What was measured.

    Attributes:
        metrics: what metrics.json holds, of values that JSON knows; docs/evaluation.md tells what
            each means.
        pictures: (subject, edit) -> the faces themselves.
        by_face: (subject, edit) -> measure -> float64 [n], a value for each face that needs the
            edit, for comparisons of methods face by face; NaN where it is not defined.
    """

    metrics: dict[str, Any]
    pictures: dict[tuple[str, str], EditPictures]
    by_face: dict[tuple[str, str], dict[str, np.ndarray]] = dataclasses.field(default_factory=dict)


def evaluate(
    pairs: Sequence[tuple[Subject, EvaluationFaces]],
    judge: AttributeClassifier,
    models: FaceModels | None,
    settings: EvaluationSettings | None = None,
) -> Evaluation:
    """Measures every edit of every subject on its faces.

    A part that cannot be had, because a package is missing or faces are too few, is left out and
    named in `skipped`.

    Args:
        pairs: subjects of different names, each with its held-out faces.
        judge: an attribute classifier that has learned from none of these faces; see
            `learned_judge`. Where it has no scores on a source, it is measured on these faces.
        models: dlib's models; None if they are not installed.
        settings: how to measure; None for the defaults.

    Raises:
        UserError: if the judge does not know an attribute, or a class has no faces.
    """
    started = time.perf_counter()
    _refuse(pairs, judge)
    judge = scored_judge(judge, [faces for _, faces in pairs])
    settings = settings or EvaluationSettings()
    weights = settings.inception_weights
    measuring = Measuring(
        judge,
        models,
        None if weights is None else InceptionFeatures(weights),
        settings.seed,
        settings.identity_faces,
    )
    edits = [(*pair, direction) for pair in pairs for direction in pair[0].edits]
    found: dict[str, dict[str, Any]] = {}
    pictures, by_face = {}, {}
    for subject, faces, direction in progress_bar(edits, desc="evaluating", unit="edit"):
        name = subject.edit_name(direction)
        case = apply_edit(subject, direction, faces, measuring.face_sets(subject, faces))
        numbers, values = measuring.measured(case)
        found.setdefault(subject.name, {})[name] = plain(numbers)
        by_face[subject.name, name] = values
        pictures[subject.name, name] = pictures_of(case, values, settings.seed, settings.pictures)
    metrics = {
        "format": FORMAT,
        "seed": settings.seed,
        "created": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}",
        "machine": machine(),
        **_judge_facts(judge, {subject.attribute.column for subject, _ in pairs}),
        "identity_reference": measuring.identity_reference(pairs, settings.identity_pairs),
        "correlations": {
            "columns": judge.columns,
            "matrix": label_correlations(source_labels(pairs[0][1], judge.columns)),
        },
        "skipped": measuring.skipped,
        "subjects": [
            {**_about(subject, faces), "edits": found[subject.name]} for subject, faces in pairs
        ],
        "seconds": time.perf_counter() - started,
    }
    return Evaluation(plain(metrics), pictures, by_face)


def _refuse(pairs: Sequence[tuple[Subject, EvaluationFaces]], judge: AttributeClassifier) -> None:
    names = [subject.name for subject, _ in pairs]
    assert len(set(names)) == len(names), "subjects of one evaluation have different names"
    for subject, faces in pairs:
        column = subject.attribute.column
        if column not in judge.columns:
            raise UserError(
                f"{subject.name}: the attribute classifier was not trained on {column}; give it "
                "data with that column (--classifier_data)"
            )
        if not len(faces.negatives) or not len(faces.positives):
            raise UserError(
                f"{subject.name}: {len(faces.positives)} faces with {column} and "
                f"{len(faces.negatives)} without are held out; both kinds are needed"
            )


def _about(subject: Subject, faces: EvaluationFaces) -> dict[str, Any]:
    return {
        "name": subject.name,
        "attribute": subject.attribute.name,
        "column": subject.attribute.column,
        "method": subject.method,
        "settings": subject.settings,
        "source": faces.source,
        "notes": list(faces.notes),
    }


def _judge_facts(judge: AttributeClassifier, edited: Collection[str]) -> dict[str, Any]:
    """How good the judge is, and on what it was measured."""
    reliability = {
        source: {column: bins[column] for column in bins if column in edited}
        for source, bins in judge.reliability.items()
    }
    return {
        "sources": [
            {"name": name, **dataclasses.asdict(counts)} for name, counts in judge.sources.items()
        ],
        "classifier": {
            "columns": judge.columns,
            "settings": judge.settings,
            "scores": judge.scores,
            "reliability": reliability,
        },
    }
