"""What else an edit changes (section 6.3): its effect on every attribute, beside the data's ties.

In CelebA beards go with men. A network that learned that tie instead of beards makes women male
when it adds one; its row then looks like the data's correlations.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class Decorrelation:
    """The effect of edits on all attributes.

    Attributes:
        edits: names of the edits, the rows.
        columns: the attributes, the columns.
        changes: float64 [edits, columns], mean change of the classifier's probability, in
            [-1, 1].
        errors: float64 of the same shape, standard errors of these means.
        correlations: float64 of the same shape, how the edited attribute is correlated with each
            column in the data, with the sign of the edit: positive where the data would have the
            column rise.
        follows_data: float64 [edits], correlation of changes and `correlations` over the columns
            other than the edited one: near 0 for an edit of its attribute alone, near 1 for one
            that carries the data's ties along; NaN with fewer than three of them.
    """

    edits: tuple[str, ...]
    columns: tuple[str, ...]
    changes: np.ndarray
    errors: np.ndarray
    correlations: np.ndarray
    follows_data: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class EditScores:
    """One edit as the classifier sees it.

    Attributes:
        column: str, the attribute that is edited.
        to_positive: bool, whether the edit adds it.
        before, after: float [n, columns], probabilities.
    """

    column: str
    to_positive: bool
    before: np.ndarray
    after: np.ndarray


def decorrelation(
    scores: Mapping[str, EditScores], columns: Sequence[str], labels: np.ndarray
) -> Decorrelation:
    """Lays the effects of edits beside the correlations of the data.

    Args:
        scores: edit -> its scores.
        columns: the attributes, in the order of the scores.
        labels: int8 [m, columns] in {-1, 0, 1}, of the data that the edits were trained on.
    """
    ties = label_correlations(labels)
    changes, errors, correlations, follows = [], [], [], []
    for edit in scores.values():
        difference = edit.after - edit.before
        place = list(columns).index(edit.column)
        tie = ties[place] * (1 if edit.to_positive else -1)
        changes.append(difference.mean(axis=0))
        errors.append(_standard_errors(difference))
        correlations.append(tie)
        follows.append(_correlation(np.delete(changes[-1], place), np.delete(tie, place)))
    return Decorrelation(
        edits=tuple(scores),
        columns=tuple(columns),
        changes=np.array(changes),
        errors=np.array(errors),
        correlations=np.array(correlations),
        follows_data=np.array(follows),
    )


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
