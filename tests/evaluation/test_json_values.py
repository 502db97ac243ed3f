import dataclasses
import json
import pathlib

import numpy as np
import pytest

from faceattr.evaluation.json_values import json_value, of_type
from faceattr.evaluation.measures.intervals import Estimate


@dataclasses.dataclass(frozen=True)
class Holder:
    values: np.ndarray
    estimate: Estimate


def test_everything_measured_becomes_json():
    held = Holder(np.array([[1.5, np.nan]]), Estimate(np.float64(0.5), -np.inf, 1.0, 3))
    value = json_value(
        {"held": held, 2: (np.int64(4), np.bool_(True), None), "at": pathlib.Path("a/b")}
    )
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


@dataclasses.dataclass(frozen=True, eq=False)
class Whole:
    name: str
    held: Holder
    bins: dict[str, tuple[Estimate, ...]]
    note: str | None = None
    other: Holder | None = None


def test_what_json_held_is_of_its_type_again():
    nothing = Estimate(np.nan, np.nan, np.nan, 0)
    held = Holder(np.array([1.5, np.nan]), nothing)
    whole = Whole("a", held, {"one": (Estimate(0.5, 0.25, 1.0, 3),)})
    value = json.loads(json.dumps(json_value(whole), allow_nan=False))
    again = of_type(Whole, value)
    assert json_value(again) == value
    assert again.bins == whole.bins
    assert again.other is again.note is None
    assert np.isnan(again.held.estimate.value)
    np.testing.assert_array_equal(again.held.values, held.values)
    assert again.held.values.dtype == np.float64
    del value["note"], value["other"]
    assert of_type(Whole, value).note is None, "a default stands for what is missing"
    del value["name"]
    with pytest.raises(TypeError, match="name"):
        of_type(Whole, value)
