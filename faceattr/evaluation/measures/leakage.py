"""What else an edit changes (section 6.3): its effect on every attribute, beside the data's ties.

In CelebA beards go with men. A network that learned that tie instead of beards makes women male
when it adds one; its row then looks like the data's correlations.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from faceattr.edits import Edit
from faceattr.evaluation.judge.classifier_data import LabelledFaces, labels_of
from faceattr.evaluation.measures.measure import Measure
from faceattr.evaluation.subjects.edit_case import EditCase
from faceattr.evaluation.subjects.evaluation_faces import EvaluationFaces


@dataclasses.dataclass(frozen=True, eq=False)
class FaceLeakage:
    """By how much an edit moves the judge on every attribute.

    Attributes:
        edit: which one.
        columns: the attributes.
        changes: float64 [n, columns], of the judge's probability on each face.
        labels: int8 [m, columns] in {-1, 0, 1}, of the data.
    """

    edit: Edit
    columns: tuple[str, ...]
    changes: np.ndarray
    labels: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Leakage:
    """The effect of an edit on all attributes.

    Attributes:
        columns: the attributes.
        changes: float64 [columns], mean change of the classifier's probability, in [-1, 1].
        errors: float64 [columns], standard errors of these means.
        correlations: float64 [columns], how the edited attribute is correlated with each column
            in the data, with the sign of the edit: positive where the data would have the column
            rise.
        follows_data: float, correlation of changes and `correlations` over the columns other than
            the edited one: near 0 for an edit of its attribute alone, near 1 for one that carries
            the data's ties along; NaN with fewer than three of them.
    """

    columns: tuple[str, ...]
    changes: np.ndarray
    errors: np.ndarray
    correlations: np.ndarray
    follows_data: float

    def at(self, values: np.ndarray, column: str) -> float:
        """A value of `changes`, `errors` or `correlations`; NaN for a column that is not there."""
        return float(values[self.columns.index(column)]) if column in self.columns else float("nan")


def compute(case: EditCase) -> FaceLeakage:
    """What the judge says of every attribute, before and after."""
    columns = case.needed.columns
    changes = case.edited.seen.probabilities - case.needed.seen.probabilities
    return FaceLeakage(case.edit, columns, changes, source_labels(case.faces, columns))


def summarise(found: FaceLeakage, seed: int) -> Leakage:
    """The effects, beside the correlations of the data."""
    place = found.columns.index(found.edit.column)
    ties = label_correlations(found.labels)[place] * (1 if found.edit.adds else -1)
    changes = found.changes.mean(axis=0)
    return Leakage(
        columns=found.columns,
        changes=changes,
        errors=_standard_errors(found.changes),
        correlations=ties,
        follows_data=_correlation(np.delete(changes, place), np.delete(ties, place)),
    )


LEAKAGE = Measure("leakage", compute, summarise)


@dataclasses.dataclass(frozen=True, eq=False)
class Correlations:
    """How the attributes go with each other in the data.

    Attributes:
        columns: the attributes.
        matrix: float64 [columns, columns], see `label_correlations`.
    """

    columns: tuple[str, ...]
    matrix: np.ndarray


def correlations(faces: EvaluationFaces, columns: Sequence[str]) -> Correlations:
    """Of the labels of a whole source."""
    return Correlations(tuple(columns), label_correlations(source_labels(faces, columns)))


def source_labels(faces: EvaluationFaces, columns: Sequence[str]) -> np.ndarray:
    """The labels of a whole source, not of the held-out faces alone: int8 [m, columns]."""
    everything = LabelledFaces(faces.source, faces.table, np.zeros(len(faces.table), bool))
    return labels_of(everything, columns)


def _standard_errors(difference: np.ndarray) -> np.ndarray:
    """Of the means over [n, columns]; NaN for a single face, which says nothing of others."""
    if len(difference) < 2:
        return np.full(difference.shape[1], np.nan)
    return difference.std(axis=0, ddof=1) / np.sqrt(len(difference))


def label_correlations(labels: np.ndarray) -> np.ndarray:
    """Pearson's correlation of every two columns over the images where both are known.

    Args:
        labels: int8 [m, c] in {-1, 0, 1}.

    Returns:
        float64 [c, c]; NaN where a column is all of one kind.
    """
    values = labels.astype(np.float64)
    known = (labels != 0).astype(np.float64)
    count = known.T @ known
    with np.errstate(invalid="ignore", divide="ignore"):
        # Means and variances of each column differ with the column it is paired with.
        mean = values.T @ known / count
        # A known label squared is 1.
        variance = 1 - mean**2
        covariance = values.T @ values / count - mean * mean.T
        result = covariance / np.sqrt(variance * variance.T)
    return np.where(np.isfinite(result), np.clip(result, -1, 1), np.nan)


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    known = np.isfinite(first) & np.isfinite(second)
    first, second = first[known], second[known]
    if len(first) < 3 or not first.std() or not second.std():
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])
