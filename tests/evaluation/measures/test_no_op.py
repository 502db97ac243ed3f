import numpy as np
import pytest

from faceattr.evaluation.measures.locality import mean_change
from faceattr.evaluation.measures.no_op import FaceNoOp, NoOp, summarise


def no_op(needed: np.ndarray, needless: np.ndarray) -> NoOp:
    return summarise(FaceNoOp(mean_change(needed), mean_change(needless)), 0)


def test_no_op_tells_an_edit_that_looks_from_one_that_does_not():
    residual = np.full((4, 8, 8, 3), 0.2)
    seeing = no_op(residual, residual / 10)
    assert seeing.needed.value == pytest.approx(0.2)
    assert seeing.needless.value == pytest.approx(0.02)
    assert seeing.ratio == pytest.approx(0.1)
    assert no_op(residual, -residual).ratio == pytest.approx(1)
    assert np.isnan(no_op(0 * residual, residual).ratio)
