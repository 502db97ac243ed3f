import types

import numpy as np
import pytest

from faceattr.errors import UserError
from faceattr.evaluation.measures.told_apart import (
    LEAST,
    FacesToTell,
    ToldApart,
    by_features,
    said,
    summarise,
)


def found(shift=0.0, count=100, real=200, seed=0):
    """Edited faces that lie so far from real ones, and half as far as they were before."""
    random = np.random.default_rng(seed)
    unedited = random.standard_normal((count, 6))
    unedited[:, 0] += 2 * shift
    edited = unedited - np.array([shift, 0, 0, 0, 0, 0])
    persons = np.arange(count + real)
    return FacesToTell(
        edited, unedited, random.standard_normal((real, 6)), persons[:count], persons[count:]
    )


def test_edits_that_come_nearer_are_told_apart_less():
    result = summarise(found(1.5), seed=0)
    assert result.unedited.value == pytest.approx(0.933, abs=0.06)
    assert result.edited.value == pytest.approx(0.773, abs=0.08)
    assert result.real.value == pytest.approx(0.5, abs=0.09)
    assert {each.count for each in (result.edited, result.unedited, result.real)} == {200}
    assert result.edited.low < result.edited.value < result.edited.high
    assert summarise(found(1.5), seed=0) == result
    words = said(ToldApart(result.edited, result.unedited, result.real))
    assert words.startswith(f"told from real faces in {100 * result.edited.value:.0f}%")


def test_perfect_edits_cannot_be_told():
    result = summarise(found(0.0), seed=0)
    assert result.edited.value == pytest.approx(0.5, abs=0.09)


def test_two_sets_of_few_real_faces_are_smaller():
    result = summarise(found(1.5, count=90, real=80), seed=0)
    counts = [each.count for each in (result.edited, result.unedited, result.real)]
    assert counts == [160, 160, 80]


@pytest.mark.parametrize(("edited", "real"), [(LEAST - 1, 100), (100, 2 * LEAST - 1)])
def test_of_too_few_faces_nothing_is_said_and_no_network_is_asked(edited, real):
    message = f"at least 25 edited and 50 real faces, there are {edited} and {real}"
    with pytest.raises(UserError, match=message):
        summarise(found(count=edited, real=real), seed=0)
    measure = by_features(lambda images: pytest.fail("asked"), 100, 0)
    with pytest.raises(UserError, match=message):
        measure.compute(types.SimpleNamespace(needed=[0] * edited, needless=[0] * real))
