"""How good a classifier is: accuracy, balanced accuracy, calibration."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class ColumnScore:
    """How well one attribute is told on faces whose label is known.

    Attributes:
        positives, negatives: int, faces with and without the attribute.
        accuracy: share of all that is right; NaN without faces.
        balanced_accuracy: mean of the shares that are right among those with and without; NaN if
            either class is missing.
        recall_positive, recall_negative: these two shares, the most that an edit can be expected
            to reach; NaN where the class is missing.
        calibration_error: see `calibration_error`.
    """

    positives: int
    negatives: int
    accuracy: float
    balanced_accuracy: float
    recall_positive: float
    recall_negative: float
    calibration_error: float


@dataclasses.dataclass(frozen=True)
class ReliabilityBin:
    """Faces whose probability falls into [low, high), or [low, 1] in the last bin.

    Attributes:
        low, high: bounds of the probability.
        count: int, faces in it; empty bins are left out.
        mean_probability: mean of what the classifier says.
        share_positive: share of the faces that have the attribute.
    """

    low: float
    high: float
    count: int
    mean_probability: float
    share_positive: float


def column_score(probabilities: np.ndarray, labels: np.ndarray) -> ColumnScore:
    """Scores one column.

    Args:
        probabilities: float [n] in [0, 1], that a face has the attribute.
        labels: int [n] in {-1, 0, 1}; 0, unknown, is passed over.
    """
    known = labels != 0
    probabilities, positive = probabilities[known], labels[known] > 0
    right = (probabilities > 0.5) == positive
    recalls = [_mean(right[positive]), _mean(right[~positive])]
    return ColumnScore(
        positives=int(positive.sum()),
        negatives=int((~positive).sum()),
        accuracy=_mean(right),
        balanced_accuracy=sum(recalls) / 2,
        recall_positive=recalls[0],
        recall_negative=recalls[1],
        calibration_error=calibration_error(probabilities, positive),
    )


def reliability(
    probabilities: np.ndarray, positive: np.ndarray, bins: int = 10
) -> list[ReliabilityBin]:
    """What a classifier says against what is true, by equal bins of probability.

    Args:
        probabilities: float [n] in [0, 1].
        positive: bool [n], whether each face has the attribute.
        bins: int >= 1.
    """
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    return [
        ReliabilityBin(
            low=number / bins,
            high=(number + 1) / bins,
            count=int((place == number).sum()),
            mean_probability=float(probabilities[place == number].mean()),
            share_positive=float(positive[place == number].mean()),
        )
        for number in np.unique(place).tolist()
    ]


def calibration_error(probabilities: np.ndarray, positive: np.ndarray, bins: int = 10) -> float:
    """The expected calibration error (Naeini et al. 2015), in [0, 1]; NaN without faces.

    The mean over faces of the distance, within a bin, of the mean probability from the share of
    positives.
    """
    if not len(probabilities):
        return float("nan")
    found = reliability(probabilities, positive, bins)
    gaps = [bin.count * abs(bin.mean_probability - bin.share_positive) for bin in found]
    return sum(gaps) / len(probabilities)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
