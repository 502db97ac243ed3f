"""evaluate(): every measure of every edit, beside the judge's own mistakes."""

import dataclasses
import datetime
import pathlib
import time
from collections.abc import Callable, Collection, Sequence

import numpy as np

from faceattr.errors import UserError
from faceattr.evaluation.evaluation import Evaluation
from faceattr.evaluation.judge.attribute_classifier import AttributeClassifier
from faceattr.evaluation.judge.face_models import HOW_TO_INSTALL, FaceModels, MissingExtra
from faceattr.evaluation.judge.inception import InceptionFeatures
from faceattr.evaluation.judge.judging import scored_judge
from faceattr.evaluation.judge.outside import OutsideJudges
from faceattr.evaluation.measures import how_far, realism, told_apart
from faceattr.evaluation.measures.identity import IdentityReference, identity_reference
from faceattr.evaluation.measures.leakage import correlations
from faceattr.evaluation.measures.measure import LeftOut
from faceattr.evaluation.measures.measured import MEASURES, EditMeasures, measured
from faceattr.evaluation.metrics import JudgeFacts, Metrics, SourceFacts, SubjectMetrics
from faceattr.evaluation.pictures import pictures_of
from faceattr.evaluation.settings import EvaluationSettings
from faceattr.evaluation.subjects.edit_case import Cases
from faceattr.evaluation.subjects.evaluation_faces import EvaluationFaces
from faceattr.evaluation.subjects.subject import Subject
from faceattr.evaluation.this_machine import this_machine
from faceattr.progress import progress_bar


def evaluate(
    pairs: Sequence[tuple[Subject, EvaluationFaces]],
    judge: AttributeClassifier,
    models: FaceModels | None,
    settings: EvaluationSettings | None = None,
    imagenet: Callable[[np.ndarray], np.ndarray] | None = None,
    outside: OutsideJudges | None = None,
) -> Evaluation:
    """Measures every edit of every subject on its faces.

    A measure that cannot be had, because a package is missing or faces are too few, is left out
    and named in `skipped`.

    Args:
        pairs: subjects of different names, each with its held-out faces.
        judge: an attribute classifier that has learned from none of these faces; see
            `learned_judge`. Where it has no scores on a source, it is measured on these faces.
        models: dlib's models; None if they are not installed.
        settings: how to measure; None for the defaults.
        imagenet: features of uint8 [n, s, s, 3], float [n, d], by which edited faces are told from
            real ones, see `ImageNetFeatures`; None to leave that out.
        outside: models that others made, which say how far an edit comes; None to leave that out.

    Raises:
        UserError: if the judge does not know an attribute, or a class has no faces.
    """
    started = time.perf_counter()
    _refuse(pairs, judge)
    judge = scored_judge(judge, [faces for _, faces in pairs])
    settings = settings or EvaluationSettings()
    seed = settings.seed
    measures = list(MEASURES)
    if outside is not None:
        measures.append(how_far.by_judges(outside, settings.outside_faces, seed))
    if imagenet is not None:
        measures.append(told_apart.by_features(imagenet, settings.told_apart_faces, seed))
    if settings.inception_weights is not None:
        features = InceptionFeatures(pathlib.Path(settings.inception_weights))
        of_faces = realism.by_features("realism_inception", lambda faces: features(faces.images))
        measures.append(of_faces)
    cases = Cases(judge, models, settings.identity_faces, seed)
    left_out = LeftOut()
    found: dict[str, list[EditMeasures]] = {subject.name: [] for subject, _ in pairs}
    pictures, by_face = {}, {}
    edits = [(*pair, edit) for pair in pairs for edit in pair[0].edits]
    for subject, faces, edit in progress_bar(edits, desc="evaluating", unit="edit"):
        case = cases.of(subject, edit, faces)
        of_edit, values = measured(case, measures, seed, left_out)
        found[subject.name].append(of_edit)
        by_face[subject.name, edit] = values
        pictures[subject.name, edit] = pictures_of(case, seed, settings.pictures)
    reference = _identity_reference(pairs, models, settings, left_out)
    edited = {edit.column for subject, _ in pairs for edit in subject.edits}
    metrics = Metrics(
        seed=seed,
        created=f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}",
        machine=this_machine(),
        sources=tuple(
            SourceFacts(name, counts.images, counts.held_out)
            for name, counts in judge.sources.items()
        ),
        classifier=_judge_facts(judge, edited),
        identity_reference=reference,
        correlations=correlations(pairs[0][1], judge.columns),
        skipped=left_out.skipped,
        subjects=tuple(
            SubjectMetrics(
                name=subject.name,
                method=subject.method,
                settings=subject.settings,
                source=faces.source,
                notes=faces.notes,
                edits=tuple(found[subject.name]),
            )
            for subject, faces in pairs
        ),
        seconds=time.perf_counter() - started,
    )
    return Evaluation(metrics, pictures, by_face)


def _refuse(pairs: Sequence[tuple[Subject, EvaluationFaces]], judge: AttributeClassifier) -> None:
    names = [subject.name for subject, _ in pairs]
    assert len(set(names)) == len(names), "subjects of one evaluation have different names"
    for subject, faces in pairs:
        for column in subject.columns:
            if column not in judge.columns:
                raise UserError(
                    f"{subject.name}: the attribute classifier was not trained on {column}; give "
                    "it data with that column (--classifier_data)"
                )
            without, having = faces.held_out(column)
            if not len(without) or not len(having):
                raise UserError(
                    f"{subject.name}: {len(having)} faces with {column} and {len(without)} "
                    "without are held out; both kinds are needed"
                )


def _identity_reference(
    pairs: Sequence[tuple[Subject, EvaluationFaces]],
    models: FaceModels | None,
    settings: EvaluationSettings,
    left_out: LeftOut,
) -> IdentityReference | None:
    """Of the first subject whose faces' persons are known; None where it is left out."""
    most = settings.identity_faces if settings.identity_pairs is None else settings.identity_pairs
    if not most:
        return None
    try:
        if models is None:
            raise MissingExtra(f"dlib is not installed: {HOW_TO_INSTALL}")
        for subject, faces in pairs:
            if faces.table.identities is not None:
                size = subject.image_size
                return identity_reference(
                    models,
                    lambda indices: faces.crops(indices, size),  # noqa: B023  asked at once
                    faces.table.identities,
                    most,
                    settings.seed,
                    faces.source,
                )
        raise UserError("the data do not say who is who")
    except UserError as error:
        left_out.note("identity_reference", error)
        return None


def _judge_facts(judge: AttributeClassifier, edited: Collection[str]) -> JudgeFacts:
    """How good the judge is, and on what it was measured."""
    reliability = {
        source: {column: tuple(bins[column]) for column in bins if column in edited}
        for source, bins in judge.reliability.items()
    }
    settings = dataclasses.asdict(judge.settings)
    return JudgeFacts(tuple(judge.columns), settings, judge.scores, reliability)
