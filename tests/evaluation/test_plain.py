import dataclasses
import json
import pathlib

import numpy as np

from faceattr.evaluation.measures.intervals import Estimate
from faceattr.evaluation.plain import plain


@dataclasses.dataclass(frozen=True)
class Holder:
    values: np.ndarray
    estimate: Estimate


def test_everything_measured_becomes_json():
    held = Holder(np.array([[1.5, np.nan]]), Estimate(np.float64(0.5), -np.inf, 1.0, 3))
    value = plain({"held": held, 2: (np.int64(4), np.bool_(True), None), "at": pathlib.Path("a/b")})
    assert json.loads(json.dumps(value, allow_nan=False)) == value
    assert value == {
        "held": {
            "values": [[1.5, None]],
            "estimate": {"value": 0.5, "low": None, "high": 1.0, "count": 3, "confidence": 0.95},
        },
        "2": [4, True, None],
        "at": "a/b",
    }
    assert value["2"][1] is True
