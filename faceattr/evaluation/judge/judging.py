"""The judge of an evaluation: which faces its attribute classifier learns from, and which never."""

import dataclasses
import pathlib
from collections.abc import Iterable, Sequence

import numpy as np

from faceattr.data.table import AttributeTable
from faceattr.evaluation.judge.attribute_classifier import (
    AttributeClassifier,
    attribute_classifier,
    measured_on,
)
from faceattr.evaluation.judge.classifier_data import LabelledFaces, hold_out
from faceattr.evaluation.settings import ClassifierSettings
from faceattr.evaluation.subjects.evaluation_faces import EvaluationFaces

# Keeps these draws apart from other draws of the same seed.
_SAMPLE_DRAWS = 0x1EA2


@dataclasses.dataclass(frozen=True, eq=False)
class LearningSource:
    """A source that the judge may learn from.

    Attributes:
        name: str, such as `"celeba"`, unique.
        table: its labelled images.
        official: whether the source's own partition says what is held out; else whole persons
            are, drawn by the seed.
    """

    name: str
    table: AttributeTable
    official: bool = False


def learned_judge(
    sources: Sequence[LearningSource],
    evaluated: Sequence[EvaluationFaces],
    cache_dir: pathlib.Path,
    settings: ClassifierSettings | None = None,
    held_out_share: float = 0.15,
    most_images: int = 20_000,
) -> AttributeClassifier:
    """Trains the judge of some faces, or takes it from the cache.

    It learns from no face that it will judge, nor from any other image of the same person where
    persons are known: a face that is evaluated is known by its name in every source, so that
    packed crops and the files that they were cut from are the same faces.

    Args:
        sources: what to learn from.
        evaluated: the faces to be judged, and others to keep from it.
        cache_dir: where classifiers are kept.
        settings: see `ClassifierSettings`.
        held_out_share: float in (0, 1), of each source's images, kept to measure the judge.
        most_images: int, the most images of a source that are looked at; the classifier gains
            little from more, and would take hours.

    Raises:
        UserError: if nothing is left to learn from, or an image cannot be read.
    """
    settings = ClassifierSettings() if settings is None else settings
    names = frozenset[str]().union(*(faces.names() for faces in evaluated))
    assert len({source.name for source in sources}) == len(sources), "names tell sources apart"
    faces = [
        _held_out(source, names, held_out_share, most_images, settings.seed) for source in sources
    ]
    return attribute_classifier(faces, cache_dir, settings)


def scored_judge(
    judge: AttributeClassifier, evaluated: Iterable[EvaluationFaces]
) -> AttributeClassifier:
    """The judge, measured also on the evaluated faces of each source that it has no scores on.

    Args:
        judge: a classifier that has learned from none of these faces.
        evaluated: the faces; those of one source have one table.
    """
    unseen: dict[str, list[EvaluationFaces]] = {}
    for faces in evaluated:
        if faces.source not in judge.scores:
            unseen.setdefault(faces.source, []).append(faces)
    for name, group in unseen.items():
        indices = np.unique(np.concatenate([each.indices() for each in group]))
        table = group[0].table.take(indices)
        judge = measured_on(judge, LabelledFaces(name, table, np.ones(len(table), bool)))
    return judge


def _held_out(
    source: LearningSource,
    names: frozenset[str],
    share: float,
    most: int,
    seed: int,
) -> LabelledFaces:
    """A source, or a part of it, with the faces that are evaluated held out."""
    table = source.table
    required = np.array([name in names for name in table.names], bool)
    if len(table) > most:
        order = np.random.default_rng([seed, _SAMPLE_DRAWS]).permutation(len(table))
        kept = np.sort(np.union1d(order[:most], np.flatnonzero(required)))
        table, required = table.take(kept), required[kept]
    if source.official and table.partition is not None:
        held_out = hold_out(
            table.identities,
            len(table),
            0.0,
            seed,
            np.flatnonzero(required | (table.partition != 0)),
        )
    else:
        held_out = hold_out(table.identities, len(table), share, seed, np.flatnonzero(required))
    return LabelledFaces(source.name, table, held_out)
