"""JSON bodies to arrays and back: every rule of the contract, and every complaint."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.wire.answers import encode_predict
from serving.wire.codec import Layout, decode_predict, signature_name
from serving.wire.document import parse_document
from serving.wire.request_error import RequestError
from serving.wire.signature import Signature, TensorSpec
from serving.wire.tensor_json import shown, to_array


def signature(*inputs: TensorSpec) -> Signature:
    return Signature("serving_default", {spec.name: spec for spec in inputs}, {}, "predict")


IMAGE = signature(TensorSpec("image", "float", (-1, 2, 2)))
BYTES = signature(TensorSpec("image_bytes", "string", (-1,)))
STRENGTH = signature(
    TensorSpec("image_bytes", "string", (-1,)), TensorSpec("strength", "float", (-1,))
)
PIXELS = [[0.5, -1], [float("nan"), float("-inf")]]


def decode(body: Any, wanted: Signature) -> tuple[dict[str, np.ndarray], Layout]:
    return decode_predict(parse_document(json.dumps(body).encode()), wanted)


def complaint(body: Any, wanted: Signature) -> str:
    with pytest.raises(RequestError) as caught:
        decode(body, wanted)
    assert caught.value.http_status == 400
    return str(caught.value)


@pytest.mark.parametrize(
    ("body", "layout"),
    [
        ({"instances": [PIXELS, PIXELS]}, Layout.ROW),
        ({"instances": [{"image": PIXELS}, {"image": PIXELS}]}, Layout.ROW),
        ({"inputs": [PIXELS, PIXELS]}, Layout.COLUMNAR),
        ({"inputs": {"image": [PIXELS, PIXELS]}}, Layout.COLUMNAR),
    ],
)
def test_floats_in_every_layout(body: Any, layout: Layout) -> None:
    tensors, found = decode(body, IMAGE)
    assert found is layout
    assert tensors["image"].dtype == np.float32
    np.testing.assert_array_equal(tensors["image"], np.array([PIXELS, PIXELS], np.float32))


@pytest.mark.parametrize(
    "body",
    [
        {"instances": [{"b64": "/+8="}, "é"]},
        {"instances": [{"image_bytes": {"b64": "/+8="}}, {"image_bytes": "é"}]},
        {"inputs": [{"b64": "/+8="}, "é"]},
        {"inputs": {"image_bytes": [{"b64": "/+8="}, "é"]}},
    ],
)
def test_strings_in_every_layout(body: Any) -> None:
    tensors, _ = decode(body, BYTES)
    assert tensors["image_bytes"].tolist() == [b"\xff\xef", "é".encode()]


def test_several_inputs_by_row_and_by_column() -> None:
    row = {"image_bytes": {"b64": "AA=="}, "strength": 1}
    by_row, _ = decode({"instances": [row, row]}, STRENGTH)
    by_column, _ = decode(
        {"inputs": {"image_bytes": [{"b64": "AA=="}] * 2, "strength": [1, 1]}}, STRENGTH
    )
    for tensors in (by_row, by_column):
        assert tensors["image_bytes"].tolist() == [b"\0", b"\0"]
        assert tensors["strength"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("text", ["/+8=", "/+8", "/+\n8=", " /+8 "])
def test_base64_without_padding_or_with_line_ends_is_read(text: str) -> None:
    assert to_array({"b64": text}, "string").item() == b"\xff\xef"


@pytest.mark.parametrize("text", ["_-8=", "/+8==", "/", "é", "/+8=/+8=", "a!b="])
def test_other_base64_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match=r"^Unable to base64 decode"):
        to_array({"b64": text}, "string")


def test_url_safe_base64_is_named() -> None:
    assert "URL-safe" in complaint({"inputs": [{"b64": "_-8="}]}, BYTES)


@pytest.mark.parametrize(
    ("body", "wanted", "message"),
    [
        ({}, IMAGE, "Missing 'inputs' or 'instances' key"),
        ({"inputs": [], "instances": []}, IMAGE, "only one of 'inputs' or 'instances' keys"),
        ({"instances": []}, IMAGE, "No values in 'instances' array"),
        ({"instances": {"image": PIXELS}}, IMAGE, "'instances' to be an list/array"),
        ({"instances": None}, IMAGE, "JSON Value: null Excepting 'instances'"),
        ({"instances": [PIXELS, [[1]]]}, IMAGE, "element: 1 key: image of 'instances' list. "),
        ({"instances": [PIXELS, [[1]]]}, IMAGE, "Expecting shape [2,2] but got: [1,1]"),
        ({"instances": [[[1, 2], [3]]]}, IMAGE, "unexpected size: 1 at level: 1 expected size: 2"),
        ({"instances": [[[1, 2], 3]]}, IMAGE, "JSON Value: 3 found at incorrect level: 2"),
        ({"instances": [[1, [2]]]}, IMAGE, "list at unexpected level: 1 expected < 1"),
        ({"instances": [{"imag": PIXELS}]}, IMAGE, "element: 0 key: imag of 'instances' list"),
        ({"instances": [{"imag": PIXELS}]}, IMAGE, "keys must be equal to: image"),
        ({"instances": [{}]}, IMAGE, "JSON object: {} keys must be equal to: image"),
        (
            {"instances": [{"image": PIXELS}, PIXELS]},
            IMAGE,
            "Expecting object but got list at item",
        ),
        ({"instances": [PIXELS, {"image": 1}]}, IMAGE, "value/list but got object at item 1"),
        ({"instances": ["a"]}, STRENGTH, "instances is a plain list, but expecting list of obj"),
        ({"instances": [{"b64": "AA=="}]}, STRENGTH, "instances is a plain list"),
        ({"instances": [{"strength": 1}]}, STRENGTH, "must be equal to: image_bytes,strength"),
        ({"inputs": ["a"]}, STRENGTH, "inputs is a plain value/list, but expecting an object"),
        ({"inputs": {"strength": [1]}}, STRENGTH, "Missing named input: image_bytes in 'inputs'"),
        ({"inputs": {"image": [PIXELS], "x": 1}}, IMAGE, "Unexpected named input: x in 'inputs'"),
        ({"inputs": {"image": [PIXELS], "x": 1}}, IMAGE, "in the set {image}"),
        (
            {"inputs": [[[1]]]},
            IMAGE,
            "Input 'image' has shape [1,1,1], but the signature 'serving_default' wants [-1,2,2]",
        ),
        ({"inputs": {"b64": "AA=="}}, BYTES, "Input 'image_bytes' has shape [], but"),
        ({"inputs": [1.5]}, BYTES, "JSON Value: 1.5 Type: Number is not of expected type: string"),
        ({"inputs": [{"b65": ""}]}, BYTES, '{"b65": ""} not formatted correctly for base64 data'),
        ({"inputs": [{"b64": 1}]}, BYTES, "not formatted correctly for base64 data"),
        ({"inputs": ["\ud800"]}, BYTES, "The surrogate pair in string is invalid."),
        ({"inputs": ["x"]}, IMAGE, 'JSON Value: "x" Type: String is not of expected type: float'),
        ({"inputs": [True]}, IMAGE, "JSON Value: true Type: True is not of expected type: float"),
        ({"inputs": [None]}, IMAGE, "JSON Value: null Type: Null is not of expected type: float"),
        ({"inputs": [{"b64": "AA=="}]}, IMAGE, "Type: Object is not of expected type: float"),
        ({"inputs": [16777217]}, IMAGE, "value: 16777217 to float without loss of precision."),
        ({"inputs": [1e39]}, IMAGE, "value: 1e+39 to float without loss of precision."),
        ({"inputs": [10**400]}, IMAGE, "to float without loss of precision."),
    ],
)
def test_complaints(body: Any, wanted: Signature, message: str) -> None:
    assert message in complaint(body, wanted)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b"{", "JSON Parse error: Expecting property name enclosed in double quotes at offset: 1"),
        (b'{"a": 1}}', "JSON Parse error: Extra data at offset: 8"),
        (b'{"a": "\xff"}', "JSON Parse error: Invalid encoding in string. at offset: 7"),
        (b"[1]", "JSON Value: [1] Is not object"),
        (b"[" * 100_000, "JSON Parse error: The document is nested too deeply"),
        (b'{"inputs": ' + b"9" * 5000 + b"}", "JSON Parse error: Number too big"),
    ],
)
def test_bodies_that_are_no_object(body: bytes, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_document(body)
    assert str(caught.value) == message


def test_signature_name() -> None:
    assert signature_name({}) == "serving_default"
    assert signature_name({"signature_name": ""}) == "serving_default"
    assert signature_name({"signature_name": "image_bytes"}) == "image_bytes"
    for wrong in (0, None, ["image_bytes"]):
        with pytest.raises(RequestError, match="'signature_name' key must be a string value"):
            signature_name({"signature_name": wrong})


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "uint64"])
def test_integer_inputs_refuse_floats_booleans_and_overflow(dtype: str) -> None:
    limits = np.iinfo(dtype)
    array = to_array([limits.min, limits.max], dtype)
    assert array.dtype == dtype
    assert array.tolist() == [limits.min, limits.max]
    for wrong in (1.0, True, limits.max + 1, limits.min - 1):
        with pytest.raises(RequestError, match=f"is not of expected type: {dtype}"):
            to_array([wrong], dtype)


def test_booleans_are_only_true_and_false() -> None:
    assert to_array([True, False], "bool").tolist() == [True, False]
    with pytest.raises(RequestError, match="JSON Value: 1 Type: Number is not of expected"):
        to_array([1], "bool")


def test_a_type_without_a_form_in_json_is_unimplemented() -> None:
    with pytest.raises(RequestError, match="to type: complex64") as caught:
        to_array([1], "complex64")
    assert caught.value.http_status == 501
    with pytest.raises(RequestError, match="tensor type: complex64") as caught:
        encode_predict({"x": np.zeros(1, np.complex64)}, Layout.COLUMNAR)
    assert caught.value.http_status == 501


def test_deep_lists_are_refused_before_numpy_is_asked() -> None:
    value: Any = 1
    for _ in range(100):
        value = [value]
    with pytest.raises(RequestError, match="nested 100 deep"):
        to_array(value, "float")


def test_a_signature_without_inputs_cannot_be_called() -> None:
    with pytest.raises(RequestError, match="Failed to get input map for signature"):
        decode_predict({"inputs": 1}, signature())


def test_an_input_of_unknown_rank_takes_any_shape() -> None:
    free = signature(TensorSpec("x", "float", None))
    assert decode({"inputs": 1.5}, free)[0]["x"].shape == ()
    assert decode({"inputs": [[1], [2]]}, free)[0]["x"].shape == (2, 1)


def test_long_values_are_quoted_in_short() -> None:
    text = shown({"b64": "A" * 1_000_000})
    assert text.startswith('{"b64": "AAA')
    assert len(text) < 100
    assert len(shown([0] * 1_000_000)) < 300


_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    # With lone surrogates, which JSON can spell and UTF-8 cannot.
    st.text(st.characters(), max_size=5),
    st.fixed_dictionaries({"b64": st.text("AB+/=-_ ", max_size=8)}),
)
_NAMES = st.sampled_from(["image", "image_bytes", "strength", "b64", "other", "\ud800"])
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=12,
)
_DOCUMENTS = st.dictionaries(
    st.sampled_from(["inputs", "instances", "signature_name", "other"]), _VALUES, max_size=3
)


@given(_DOCUMENTS | _VALUES, st.sampled_from([IMAGE, BYTES, STRENGTH]))
def test_any_json_gives_tensors_that_fit_or_a_request_error(body: Any, wanted: Signature) -> None:
    try:
        document = parse_document(json.dumps(body).encode())
        signature_name(document)
        tensors, _ = decode_predict(document, wanted)
    except RequestError as error:
        json.dumps({"error": str(error)}).encode("ascii")
        return
    assert tensors.keys() == wanted.inputs.keys()
    for name, array in tensors.items():
        assert wanted.inputs[name].accepts(array.shape)
        assert array.dtype == (object if wanted.inputs[name].dtype == "string" else np.float32)


@given(st.binary(max_size=40))
def test_any_bytes_give_an_object_or_a_request_error(body: bytes) -> None:
    try:
        document = parse_document(body)
    except RequestError:
        return
    assert isinstance(document, dict)
