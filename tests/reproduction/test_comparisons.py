import numpy as np
import pytest

from faceattr.reproduction.comparisons import (
    Claim,
    alike,
    higher,
    joint_verdict,
    lower,
    not_worse,
)

_NOISE = np.random.default_rng(0).normal(size=200)


def _two(gap, spread=0.1):
    """Two measures of the same 200 faces, the first higher by about `gap`."""
    noise = np.random.default_rng(1).normal(scale=spread, size=200)
    return ("ours", _NOISE + gap + noise), ("other", _NOISE)


@pytest.mark.parametrize(("gap", "verdict"), [(-1, "held"), (1, "not held"), (0, "undecided")])
def test_a_measure_that_should_be_lower(gap, verdict):
    found = lower("distance", *_two(gap), seed=0)

    assert found.verdict == verdict
    assert found.difference.value == pytest.approx(gap, abs=0.03)
    assert found.first_mean - found.second_mean == pytest.approx(found.difference.value)


@pytest.mark.parametrize(("gap", "verdict"), [(1, "held"), (-1, "not held"), (0, "undecided")])
def test_a_measure_that_should_be_higher(gap, verdict):
    assert higher("PSNR", *_two(gap), seed=0).verdict == verdict


@pytest.mark.parametrize(
    ("gap", "spread", "verdict"),
    [(0.02, 0.1, "held"), (0.5, 0.1, "not held"), (-0.5, 0.1, "not held"), (0.0, 5, "undecided")],
)
def test_a_measure_that_should_not_change(gap, spread, verdict):
    assert alike("error", *_two(gap, spread), margin=0.1, seed=0).verdict == verdict


def test_pairs_are_compared_and_not_groups():
    # Faces differ by far more than methods do; in pairs the small gap is seen.
    ours, other = _two(0.05, spread=0.01)

    assert higher("PSNR", ours, other, seed=0).verdict == "held"
    assert not_worse("PSNR", ours, other, margin=0.0, seed=0).verdict == "undecided"


@pytest.mark.parametrize(
    ("fall", "verdict"), [(0.0, "held"), (0.5, "not held"), (0.1, "undecided")]
)
def test_groups_of_different_faces(fall, verdict):
    random = np.random.default_rng(2)
    here, there = random.normal(size=300) / 3, random.normal(size=400) / 3 - fall

    found = not_worse("rise", ("lfw", there), ("celeba", here), margin=0.1, seed=0)

    assert found.verdict == verdict
    assert found.difference.value == pytest.approx(there.mean() - here.mean())


def test_faces_where_either_is_not_known_are_left_out():
    ours = np.array([0.0, np.nan, 1.0, np.inf])
    other = np.array([1.0, 1.0, np.nan, 1.0])

    found = lower("distance", ("ours", ours), ("other", other), seed=0)

    assert (found.first_mean, found.second_mean, found.difference.count) == (0.0, 1.0, 1)


def test_nothing_measured_decides_nothing():
    nothing = np.full(3, np.nan)

    assert lower("x", ("a", nothing), ("b", nothing), seed=0).verdict == "undecided"
    assert not_worse("x", ("a", nothing), ("b", nothing), 0.1, seed=0).verdict == "undecided"


def test_a_claim_holds_if_all_of_its_measures_do():
    held = lower("a", *_two(-1), seed=0)
    against = lower("b", *_two(1), seed=0)

    assert Claim("text", "where", (held, held)).verdict == "held"
    assert Claim("text", "where", (held, against)).verdict == "not held"
    assert Claim("text", "where", ()).verdict == "undecided"
    assert joint_verdict(["held", "undecided"]) == "undecided"
