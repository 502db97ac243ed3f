import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from faceattr.errors import UserError
from faceattr.evaluation.measures.fresh_classifier import fit, halves, told_right


def clouds(shift, count=400, features=10, seed=0):
    """Two Gaussian clouds, so far apart in the first feature."""
    first, second = np.random.default_rng(seed).standard_normal((2, count, features))
    first[:, 0] += shift
    return first, second


def own_persons(first, second):
    return np.arange(len(first)), len(first) + np.arange(len(second))


@pytest.mark.parametrize(("shift", "best"), [(0.0, 0.5), (2.0, 0.8413), (4.0, 0.9772)])
def test_clouds_are_told_apart_as_well_as_can_be(shift, best):
    sets = clouds(shift, count=2000)
    right = told_right(*sets, own_persons(*sets), seed=0)
    assert right.shape == (4000,)
    assert right.mean() == pytest.approx(best, abs=0.02)


def test_features_of_any_size_count_as_much_and_what_never_changes_tells_nothing():
    first, second = clouds(2.0, count=60)
    persons = own_persons(first, second)
    scale = np.append(10.0 ** np.arange(-5, 5), 0.0)
    wide = [np.append(side, np.ones((60, 1)), axis=1) * scale + 3 for side in (first, second)]
    np.testing.assert_array_equal(
        told_right(*wide, persons, seed=1), told_right(first, second, persons, seed=1)
    )


def test_knowing_persons_does_not_help():
    """Each person is known by a mark of their own, and there is nothing else to be known."""
    random = np.random.default_rng(0)
    person = np.repeat(np.arange(40), 5)
    marks = 5 * np.eye(40)[person] + random.normal(0, 0.1, (200, 40))
    sets, who = np.split(marks, 2), tuple(np.split(person, 2))
    assert told_right(*sets, who, seed=0).mean() < 0.65
    strangers = told_right(*sets, own_persons(*sets), seed=0)
    assert strangers.mean() > 0.95, "which is what persons in both halves would have given"


def test_sets_of_other_sizes_weigh_the_same():
    first, second = clouds(1.0, count=300)
    sign = np.repeat([1.0, -1.0], [300, 30])
    margin = fit(np.concatenate([first, second[:30]]), sign)
    fresh = clouds(1.0, count=2000, seed=1)
    shares = [(margin(fresh[0]) > 0).mean(), (margin(fresh[1]) < 0).mean()]
    assert shares == pytest.approx([0.69, 0.69], abs=0.1)


@hypothesis.given(
    faces=st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=2, max_size=40),
    seed=st.integers(0, 99),
)
def test_no_person_lies_in_both_halves_and_both_are_as_large(faces, seed):
    persons, in_first = (np.array(part) for part in zip(*faces, strict=True))
    half = halves(persons, in_first, np.random.default_rng(seed))
    assert not set(persons[half]) & set(persons[~half])
    assert abs(len(set(persons[half])) - len(set(persons[~half]))) <= 1
    alone = halves(np.arange(len(faces)), in_first, np.random.default_rng(seed))
    for some in (in_first, ~in_first):
        assert abs((alone & some).sum() - (~alone & some).sum()) <= 1


def test_one_person_cannot_be_told_from_another():
    sets = clouds(1.0, count=30)
    with pytest.raises(UserError, match="too few persons"):
        told_right(*sets, (np.zeros(30, int), np.ones(30, int)), seed=0)
