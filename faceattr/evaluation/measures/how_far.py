"""How far an edit comes, by models that others made: 0 for unedited faces, 1 for real ones.

The judge of success learned from the same faces as what it judges, and can be fooled as that was.
The models of `judge.outside` know nothing of either. What they read of edited faces is put between
what they read of the same faces before and of real faces that are as the edit wants them. Where a
model cannot tell these two apart itself, there is no such place, and none is given.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from faceattr.edits import Edit
from faceattr.errors import UserError
from faceattr.evaluation.judge.outside import OutsideJudges, Reading, readings
from faceattr.evaluation.measures import intervals
from faceattr.evaluation.measures.cells import SHARE, UNKNOWN, Card, Cell
from faceattr.evaluation.measures.intervals import Estimate
from faceattr.evaluation.measures.measure import Measure
from faceattr.evaluation.subjects.edit_case import EditCase
from faceattr.evaluation.subjects.face_set import draw_few
from faceattr.pictures.words import number, span

LEAST_AREA = 0.7
"""A model whose area under the curve is smaller, or might be chance, says nothing of an edit."""

_CANNOT_TELL = "it does not tell real ones apart"

# Fewer faces of a class have no mean to speak of.
_LEAST = 10
# Keeps these draws apart from other draws of the same seed.
_BOOTSTRAP_DRAWS = 0xFA12
_DRAWS = 2000


@dataclasses.dataclass(frozen=True, eq=False)
class FaceReading:
    """What one model reads of each face; NaN where it sees none.

    Attributes:
        reading: which model, and what.
        rises: bool, whether real faces that are as the edit wants them have more of it.
        unedited, edited: float64 [n], of the same faces.
        real: float64 [m], of faces that are as the edit wants them.
    """

    reading: Reading
    rises: bool
    unedited: np.ndarray
    edited: np.ndarray
    real: np.ndarray


@dataclasses.dataclass(frozen=True)
class Far:
    """How far an edit comes by one model.

    Attributes:
        judge: str, what is read.
        unit: str, of the means; `"%"` for probabilities.
        share: of the way from unedited to real faces; may be below 0 or above 1. NaN where the
            model does not tell these apart, see `LEAST_AREA`.
        unedited, edited, real: means of what is read.
        moved: mean of what is read of a face after the edit less that before.
        area: under the curve (AUC): how often it orders a face of either class rightly; 0.5 is
            chance. The model's own accuracy on real faces.
        not_seen: int, faces of which it read nothing, left out.
    """

    judge: str
    unit: str
    share: Estimate
    unedited: Estimate
    edited: Estimate
    real: Estimate
    moved: Estimate
    area: Estimate
    not_seen: int

    @property
    def tells(self) -> bool:
        """Whether the model tells real faces of the two classes apart."""
        return not math.isnan(self.share.value)


@dataclasses.dataclass(frozen=True)
class HowFar:
    """One edit, by each model that reads its attribute."""

    judges: tuple[Far, ...]

    @property
    def mean(self) -> float:
        """Over the models that tell; past real faces counts as there. NaN if none tells."""
        known = [min(1.0, each.share.value) for each in self.judges if each.tells]
        return sum(known) / len(known) if known else math.nan


def by_judges(judges: OutsideJudges, most: int, seed: int) -> Measure:
    """The measure.

    Args:
        judges: the models.
        most: int, the most faces of a class that they are asked about.
        seed: int, of the draw of these.
    """

    def compute(case: EditCase) -> tuple[FaceReading, ...] | None:
        chosen = draw_few(len(case.needed), most, seed)
        real = case.needless.images[draw_few(len(case.needless), most, seed)]
        sets = (case.needed.images[chosen], case.edited.images[chosen], real)
        found = tuple(
            FaceReading(
                reading,
                reading.rises == case.edit.adds,
                *(reading.ask(judges, images) for images in sets),
            )
            for reading in readings(case.edit.column)
        )
        return found or None

    return Measure("how_far", compute, summarise)


def summarise(found: tuple[FaceReading, ...], seed: int) -> HowFar:
    """The means and shares, with bootstrap intervals over faces.

    Raises:
        UserError: with too few faces.
    """
    return HowFar(tuple(_far(each, seed) for each in found))


def _far(found: FaceReading, seed: int) -> Far:
    seen = ~np.isnan(found.unedited + found.edited)
    before, after = found.unedited[seen], found.edited[seen]
    real = found.real[~np.isnan(found.real)]
    if min(len(before), len(real)) < _LEAST:
        raise UserError(
            f"how far an edit comes needs at least {_LEAST} faces of each class, there are "
            f"{len(before)} and {len(real)} of which {found.reading.name} can be read; hold out "
            "more with --test_per_class"
        )
    random = np.random.default_rng([seed, _BOOTSTRAP_DRAWS])
    # A face and its edit are drawn together; real faces of the target are others.
    faces, others = (
        random.integers(len(side), size=(_DRAWS, len(side))) for side in (before, real)
    )
    sign = 1 if found.rises else -1

    def estimate(value: float, draws: Sequence[float]) -> Estimate:
        return Estimate(value, *intervals.between(draws), len(before))

    low, high = sign * before, sign * real
    pairs = zip(low[faces], high[others], strict=True)
    area = estimate(area_under_curve(low, high), [area_under_curve(*pair) for pair in pairs])
    share = Estimate(math.nan, math.nan, math.nan, len(before))
    if area.value >= LEAST_AREA and area.low > 0.5:
        moved = (after - before)[faces].mean(axis=1)
        gaps = real[others].mean(axis=1) - before[faces].mean(axis=1)
        whole = (after.mean() - before.mean()) / (real.mean() - before.mean())
        share = estimate(float(whole), (moved / gaps).tolist())
    return Far(
        judge=found.reading.name,
        unit=found.reading.unit,
        share=share,
        unedited=intervals.mean(before, seed),
        edited=intervals.mean(after, seed),
        real=intervals.mean(real, seed),
        moved=intervals.mean(after - before, seed),
        area=area,
        not_seen=int((~seen).sum()) + len(found.real) - len(real),
    )


def area_under_curve(low: np.ndarray, high: np.ndarray) -> float:
    """How often a value of `high` is above one of `low`; of equal ones half count: float in [0, 1].

    Args:
        low, high: float [n] and [m], n and m >= 1.
    """
    low = np.sort(low)
    below = np.searchsorted(low, high, "left") + np.searchsorted(low, high, "right")
    return float(below.mean() / (2 * len(low)))


def why_missing(edit: Edit) -> str:
    """Why there is nothing of an edit, where no reason was given."""
    return "not measured" if readings(edit.column) else "no outside judge reads it"


def card(found: HowFar | None, reason: str) -> Card:
    """Each model's numbers, or why there are none."""
    if found is None:
        return Card("How far", missing=reason)
    rows = [
        (
            _titled(each),
            (
                Cell(each.share if each.tells else None, "%", _CANNOT_TELL, SHARE),
                *(Cell(_amount(mean, each)) for mean in (each.unedited, each.edited, each.real)),
                Cell(each.area, line=(0.5, 1.0)),
            ),
        )
        for each in found.judges
    ]
    not_seen = sum(each.not_seen for each in found.judges)
    return Card(
        "How far",
        tuple(rows),
        ("outside judge", "of the way", "unedited", "edited", "real", "tells real ones apart"),
        "Models that others made; 0% is as unedited faces, 100% as real ones of the target. Last: "
        "how often it orders two real faces, one of either class, rightly (0.5 is chance)."
        + (f" No face was seen {not_seen} times." if not_seen else ""),
    )


def shown(found: HowFar) -> Cell:
    """What stands before success."""
    return Cell(found.mean, "%", beside="; ".join(map(_words, found.judges)))


def said(found: HowFar) -> str:
    """Its words on the console."""
    return f"how far: {'; '.join(map(_words, found.judges))}"


def mean_said(found: Sequence[HowFar]) -> str:
    """The mean over edits, in words."""
    known = [each.mean for each in found if not math.isnan(each.mean)]
    mean = sum(known) / len(known) if known else None
    edits = "1 edit" if len(known) == 1 else f"{len(known)} edits"
    return f"mean over {edits}: {number(mean, '%', UNKNOWN)}"


def _words(far: Far) -> str:
    if not far.tells:
        return f"{far.judge}: {_CANNOT_TELL} (AUC {number(far.area.value, 'ratio', UNKNOWN)})"
    share = far.share
    way = far.real.value - far.unedited.value
    if far.unit == "%":
        moved = f"{100 * far.moved.value:+.0f} of {100 * way:+.0f} points"
    else:
        moved = f"{far.moved.value:+.2g} of {way:+.2g} {far.unit}"
    return (
        f"{far.judge} {number(share.value, '%')} of the way ({span(share.low, share.high, '%')}), "
        f"{moved}, AUC {number(far.area.value, 'ratio')}"
    )


def _titled(far: Far) -> str:
    return far.judge if far.unit == "%" else f"{far.judge}, {far.unit}"


def _amount(mean: Estimate, far: Far) -> str:
    return number(mean.value, "%" if far.unit == "%" else "")
