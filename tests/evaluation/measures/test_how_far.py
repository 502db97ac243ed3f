import dataclasses
import math

import numpy as np
import pytest

from faceattr.attributes import find_attribute
from faceattr.errors import UserError
from faceattr.evaluation.judge.outside import readings
from faceattr.evaluation.measures.how_far import (
    FaceReading,
    HowFar,
    area_under_curve,
    card,
    mean_said,
    said,
    shown,
    summarise,
    why_missing,
)

(AGE,) = readings("Young")
(GAP,) = readings("Mouth_Slightly_Open")
MAKE_YOUNG = FaceReading(
    AGE,
    False,
    unedited=np.tile([50.0, 40.0], 10),
    edited=np.tile([44.0, 34.0], 10),
    real=np.tile([20.0, 30.0], 10),
)


def test_a_share_is_the_way_gone_over_the_whole_way():
    (far,) = summarise((MAKE_YOUNG,), 0).judges
    assert (far.unedited.value, far.edited.value, far.real.value) == (45, 39, 25)
    assert far.moved.value == -6
    assert (far.moved.low, far.moved.high) == (-6, -6), "a face is compared with itself"
    assert far.share.value == pytest.approx(6 / 20)
    assert far.share.low < 0.3 < far.share.high, "real faces are others, and few"
    assert far.share.low > 0.25
    assert far.share.high < 0.4
    assert far.area.value == 1, "each of the old is read older than each of the young"
    assert (far.unit, far.not_seen) == ("years", 0)


def test_the_opposite_edit_is_measured_the_other_way():
    back = dataclasses.replace(
        MAKE_YOUNG,
        rises=True,
        unedited=MAKE_YOUNG.real,
        edited=MAKE_YOUNG.real + 30,
        real=MAKE_YOUNG.unedited,
    )
    (far,) = summarise((back,), 0).judges
    assert far.share.value == pytest.approx(30 / 20)
    assert far.area.value == 1
    assert HowFar((far,)).mean == 1, "past real faces is as good as there"


@pytest.mark.parametrize("real", [np.tile([51.0, 41.0], 10), np.tile([49.9, 40.1], 10)])
def test_a_judge_that_does_not_tell_real_faces_apart_says_nothing(real):
    """Older than those that are to become young; or as old."""
    found = summarise((dataclasses.replace(MAKE_YOUNG, real=real),), 0)
    (far,) = found.judges
    assert not far.tells
    assert math.isnan(found.mean)
    assert far.moved.value == -6, "what it reads is told all the same"
    assert "does not tell real ones apart (AUC " in said(found)
    assert "%" not in said(found)
    (_, cells), *_ = card(found, "").rows
    assert cells[0].value is None


def test_chance_is_not_taken_for_a_judge():
    """Eleven faces of a class, ordered a little better than by chance."""
    random = np.random.default_rng(3)
    before, real = random.normal(0, 1, 11), random.normal(0.9, 1, 11)
    (far,) = summarise((FaceReading(GAP, True, before, before, real),), 0).judges
    assert far.tells == (far.area.value >= 0.7 and far.area.low > 0.5)


def test_faces_that_are_not_seen_are_left_out_on_both_sides():
    edited = MAKE_YOUNG.edited.copy()
    edited[0] = np.nan
    real = np.append(MAKE_YOUNG.real, np.nan)
    (far,) = summarise((dataclasses.replace(MAKE_YOUNG, edited=edited, real=real),), 0).judges
    assert far.not_seen == 2
    assert far.moved.value == pytest.approx(-6)
    assert far.unedited.count == far.edited.count == 19
    assert far.real.count == 20
    with pytest.raises(UserError, match="at least 10 faces of each class, there are 20 and 9"):
        summarise((dataclasses.replace(MAKE_YOUNG, real=MAKE_YOUNG.real[:9]),), 0)


def test_area_under_the_curve():
    assert area_under_curve(np.array([1, 2, 3]), np.array([4, 5])) == 1
    assert area_under_curve(np.array([4, 5]), np.array([1, 2, 3])) == 0
    assert area_under_curve(np.array([1, 3]), np.array([2, 2])) == 0.5
    assert area_under_curve(np.array([1, 2]), np.array([2])) == 0.75, "equal ones half"


def test_what_is_said_and_shown():
    gap = FaceReading(GAP, True, np.full(20, 0.02), np.full(20, 0.05), np.tile([0.1, 0.14], 10))
    found = summarise((gap,), 0)
    words = said(found)
    assert words.startswith("how far: lips' gap 30% of the way (")
    assert words.endswith("+0.03 of +0.1 eye distances, AUC 1.00")
    assert shown(found).value == pytest.approx(0.3)
    happy = dataclasses.replace(gap, reading=readings("Smiling")[0])
    assert "+3 of +10 points" in said(summarise((happy,), 0))
    both = [found, summarise((MAKE_YOUNG,), 0)]
    assert mean_said(both) == "mean over 2 edits: 30%"
    assert mean_said([]) == "mean over 0 edits: unknown"
    assert [name for name, _ in card(found, "").rows] == ["lips' gap, eye distances"]
    assert card(None, "why").missing == "why"
    columns = ("No_Beard", "Young")
    reasons = [why_missing(find_attribute(name, columns).adding) for name in columns]
    assert reasons == ["no outside judge reads it", "not measured"]
