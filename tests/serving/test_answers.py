"""Arrays to the JSON of an answer, and back again as a request."""

from __future__ import annotations

import base64
import json
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.wire.answers import encode_predict
from serving.wire.codec import Layout, decode_predict
from serving.wire.document import parse_document
from serving.wire.limits import Limits
from serving.wire.request_error import RequestError
from serving.wire.signature import Signature, TensorSpec
from serving.wire.tensor_json import to_array

BYTES = Signature(
    "serving_default", {"image_bytes": TensorSpec("image_bytes", "string", (-1,))}, {}, "predict"
)


def to_json(name: str, array: np.ndarray) -> Any:
    return json.loads(encode_predict({name: array}, Layout.COLUMNAR))["outputs"]


def answered(outputs: Any, layout: Layout) -> Any:
    return json.loads(encode_predict(outputs, layout))


def test_one_output_is_bare_and_several_are_objects() -> None:
    one = {"a": np.array([[1, 2], [3, 4]])}
    two = {**one, "b": np.array([True, False])}
    assert answered(one, Layout.ROW) == {"predictions": [[1, 2], [3, 4]]}
    assert answered(one, Layout.COLUMNAR) == {"outputs": [[1, 2], [3, 4]]}
    assert answered(two, Layout.ROW) == {
        "predictions": [{"a": [1, 2], "b": True}, {"a": [3, 4], "b": False}]
    }
    assert answered(two, Layout.COLUMNAR) == {
        "outputs": {"a": [[1, 2], [3, 4]], "b": [True, False]}
    }


def test_only_names_that_end_in_bytes_are_sent_as_base64() -> None:
    text = np.array(["é".encode()], dtype=object)
    assert to_json("x_bytes", text) == [{"b64": base64.b64encode("é".encode()).decode()}]
    assert to_json("bytes", text) == ["é"]
    assert to_json("x_bytes", np.array(b"\0", dtype=object)) == {"b64": "AA=="}
    with pytest.raises(RequestError, match="'x' is not UTF-8 text") as caught:
        to_json("x", np.array([b"\xff"], dtype=object))
    assert caught.value.http_status == 500


def test_floats_are_sent_in_as_few_digits_as_tell_them_apart() -> None:
    array = np.array([0.2, 1.0, np.nan, np.inf, -np.inf], np.float32)
    assert json.dumps(to_json("x", array)) == "[0.2, 1.0, NaN, Infinity, -Infinity]"


def test_outputs_that_are_no_rows_cannot_be_listed_by_row() -> None:
    with pytest.raises(RequestError, match="Tensor name: a has no shape information"):
        encode_predict({"a": np.array(1.0)}, Layout.ROW)
    with pytest.raises(RequestError, match="b has inconsistent batch size: 3 expecting: 2"):
        encode_predict({"a": np.zeros(2), "b": np.zeros(3)}, Layout.ROW)


@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64, np.int32, np.uint8, np.bool_]),
        hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4),
    )
)
def test_arrays_survive_the_round_trip(array: np.ndarray) -> None:
    dtype = {"float32": "float", "float64": "double"}.get(str(array.dtype), str(array.dtype))
    text = json.dumps(to_json("x", array))
    again = to_array(json.loads(text), dtype)
    assert again.dtype == array.dtype
    if 0 not in array.shape:  # [[], []] does not tell the sizes that come after an empty one
        assert again.shape == array.shape
    np.testing.assert_array_equal(again.reshape(array.shape), array)


@given(st.lists(st.binary(), min_size=1, max_size=Limits.rows))
def test_bytes_survive_the_round_trip(values: list[bytes]) -> None:
    array = np.array([*values, None], dtype=object)[:-1]
    answer = answered({"x_bytes": array}, Layout.ROW)
    body = {"instances": answer["predictions"]}
    tensors, _ = decode_predict(parse_document(json.dumps(body).encode()), BYTES)
    assert tensors["image_bytes"].tolist() == values


def test_numbers_that_stand_for_nan_are_sent_as_themselves() -> None:
    names = ["3.0000002e38", "3.1000002e38", "3.2000004e38", "3.3000002e38"]
    for count in range(5):
        array = np.array([*names[:count], "nan", "-inf", "inf"], np.float32)
        again = np.array(to_json("x", array), np.float32)
        np.testing.assert_array_equal(again, array)
