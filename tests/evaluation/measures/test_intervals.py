import numpy as np
import pytest

from faceattr.evaluation.measures import intervals


def test_wilson_interval_of_a_known_case():
    # 81 of 263 at 95%: (0.2553, 0.3662), Newcombe 1998, table I, method 3.
    result = intervals.share(np.arange(263) < 81)
    assert result.value == pytest.approx(81 / 263)
    assert (result.low, result.high) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert result.count == 263


def test_wilson_interval_has_a_width_where_all_or_none_succeed():
    # Newcombe 1998: 0 of 20 gives (0, 0.1611).
    nothing = intervals.share(np.zeros(20, bool))
    assert nothing.low == 0
    assert nothing.high == pytest.approx(0.1611, abs=1e-4)
    everything = intervals.share(np.ones(20, bool))
    assert everything.high == 1
    assert everything.low == pytest.approx(1 - 0.1611, abs=1e-4)


def test_wilson_interval_of_nothing_knows_nothing():
    result = intervals.share(np.zeros(0, bool))
    assert np.isnan(result.value)
    assert (result.low, result.high) == (0, 1)


def test_bootstrap_interval_is_that_of_the_normal_for_many_values():
    values = np.random.default_rng(0).normal(3, 2, 2000)
    result = intervals.mean(values, seed=1)
    error = values.std() / np.sqrt(2000)
    assert result.value == pytest.approx(values.mean())
    assert result.low == pytest.approx(values.mean() - 1.96 * error, abs=0.15 * error)
    assert result.high == pytest.approx(values.mean() + 1.96 * error, abs=0.15 * error)
    assert intervals.mean(values, seed=1) == result
    assert intervals.mean(values, seed=2) != result


def test_bootstrap_holds_the_true_mean_as_often_as_it_says():
    rng = np.random.default_rng(1)
    held = 0
    for seed in range(200):
        result = intervals.mean(rng.exponential(1, 60), seed, confidence=0.9, draws=300)
        held += result.low <= 1 <= result.high
    assert 0.8 < held / 200 < 0.97


def test_what_is_not_defined_is_not_measured():
    result = intervals.mean(np.array([1.0, np.nan, 3.0]), seed=0)
    assert (result.value, result.count) == (2.0, 2)
    assert np.isnan(intervals.mean(np.full(3, np.nan), seed=0).value)
