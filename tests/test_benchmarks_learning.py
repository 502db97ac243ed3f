"""The curves of benchmarks/learning.py, of made-up measures."""

import io
import math
import pathlib
import types

import pytest
from PIL import Image


@pytest.fixture(scope="module")
def learning():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(pathlib.Path(__file__).parents[1] / "benchmarks")
        import learning

        yield learning


def edit(success, far=None, told=None):
    def value(number):
        return types.SimpleNamespace(value=number)

    return types.SimpleNamespace(
        success=types.SimpleNamespace(edited=value(success)),
        how_far=None if far is None else types.SimpleNamespace(mean=far),
        told_apart=None if told is None else types.SimpleNamespace(edited=value(told)),
    )


def test_means_are_over_the_edits_that_have_the_measure(learning):
    found = learning.means([edit(0.5, 0.2, 0.9), edit(0.7, math.nan), edit(0.9, 0.4)])
    assert found == pytest.approx({"success": 0.7, "how_far": 0.3, "told_apart": 0.9})
    assert math.isnan(learning.means([edit(1.0)])["how_far"])


@pytest.mark.usefixtures("coarse_figures")
def test_there_is_a_chart_for_each_measure(learning):
    points = [
        {"run": run, "step": 100 * k, "core_hours": k / 10}
        | {"how_far": k / 9, "told_apart": 0.9, "success": math.nan}
        for run in ("best", "paper")
        for k in (2, 1)
    ]
    with Image.open(io.BytesIO(learning.drawn(points))) as picture:
        assert picture.width > 2.5 * picture.height
