import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceattr.training.watching.charts import smooth, thin


@given(st.lists(st.floats(-1e3, 1e3), max_size=300), st.integers(1, 50))
def test_thinning_keeps_the_means_and_the_last_step(values, most):
    rows = [{"step": 20 * number, "term": value} for number, value in enumerate(values, 1)]
    thinned = thin(rows, most)
    assert len(thinned) <= most
    steps = [row["step"] for row in thinned]
    assert steps == sorted(set(steps))
    assert steps[-1:] == [20 * len(values)][: len(values)]
    begin = 0
    for row in thinned:
        end = row["step"] // 20
        assert row["term"] == pytest.approx(np.mean(values[begin:end]))
        begin = end


def test_thinning_leaves_out_what_is_not_finite():
    rows = [{"step": 1, "a": math.nan, "b": 1.0}, {"step": 2, "a": math.nan}, {"step": 3, "a": 4}]
    first, second = thin(rows, 2)
    assert math.isnan(first["a"])
    assert first["b"] == 1.0
    assert second == {"step": 3, "a": 4.0}


@given(st.lists(st.one_of(st.floats(-1e3, 1e3), st.just(math.nan)), max_size=200))
def test_smoothing_stays_among_the_values_and_keeps_gaps(values):
    smoothed = smooth(values)
    assert [math.isnan(value) for value in smoothed] == [math.isnan(value) for value in values]
    finite = [value for value in values if not math.isnan(value)]
    for value in smoothed:
        assert math.isnan(value) or min(finite) - 1e-6 <= value <= max(finite) + 1e-6


def test_smoothing_calms_noise_and_does_not_trail_behind():
    line = [float(value) for value in range(300)]
    noise = np.random.default_rng(0).normal(size=300) * 20
    np.testing.assert_allclose(smooth(line)[:290], line[:290])
    calmed = np.array(smooth(list(line + noise))) - line
    assert calmed[10:-10].std() < noise.std() / 2
    assert smooth(line[:20]) == line[:20], "a short curve is as it is"
