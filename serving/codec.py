"""Predict requests from JSON to arrays, and the model's outputs back to JSON.

Pure functions between bytes and arrays; whatever the bytes hold, they give a result or raise
`RequestError` with TensorFlow Serving's wording.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np

from .request_error import RequestError
from .signature import DEFAULT_SIGNATURE, Signature, TensorSpec
from .tensor_json import is_base64_object, shown, to_array, to_json


class Layout(Enum):
    """How a request lists its values, and so how the answer does."""

    ROW = "instances"
    COLUMNAR = "inputs"


def parse_document(body: bytes) -> dict[str, Any]:
    """Reads a request body as a JSON object; NaN, Infinity and -Infinity are legal.

    Raises:
        RequestError: where the body is not JSON in UTF-8, or not an object.
    """
    if not body:
        raise RequestError("JSON Parse error: The document is empty")
    try:
        document = json.loads(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise RequestError(
            f"JSON Parse error: Invalid encoding in string. at offset: {error.start}"
        ) from error
    except json.JSONDecodeError as error:
        raise RequestError(f"JSON Parse error: {error.msg} at offset: {error.pos}") from error
    except RecursionError as error:
        raise RequestError("JSON Parse error: The document is nested too deeply") from error
    except ValueError as error:  # an integer of more digits than Python agrees to read
        raise RequestError("JSON Parse error: Number too big") from error
    if not isinstance(document, dict):
        raise RequestError(f"JSON Value: {shown(document)} Is not object")
    return document


def signature_name(document: Mapping[str, Any]) -> str:
    """The signature that a request asks for; "serving_default" where it names none.

    Raises:
        RequestError: where `signature_name` is not a string.
    """
    name = document.get("signature_name", DEFAULT_SIGNATURE)
    if not isinstance(name, str):
        raise RequestError(
            f"JSON Value: {shown(document)} not formatted correctly. "
            "'signature_name' key must be a string value."
        )
    # An empty name means the default one, as an unset proto field does.
    return name or DEFAULT_SIGNATURE


def decode_predict(
    document: Mapping[str, Any], signature: Signature
) -> tuple[dict[str, np.ndarray], Layout]:
    """Reads the tensors of a predict request.

    Args:
        document: the request, from `parse_document`.
        signature: the signature that it asks for.

    Returns:
        Arrays by input name, each of its input's dtype and shape (strings as `bytes` objects),
        and the layout that the answer must take.

    Raises:
        RequestError: where keys, types or shapes do not fit the signature.
    """
    if not signature.inputs:
        raise RequestError(f"Failed to get input map for signature: {signature.name}")
    if Layout.ROW.value in document and Layout.COLUMNAR.value in document:
        raise RequestError(
            f"JSON Value: {shown(document)} Not formatted correctly expecting only one of "
            "'inputs' or 'instances' keys to exist"
        )
    if Layout.ROW.value in document:
        tensors = _from_rows(document[Layout.ROW.value], signature.inputs)
        layout = Layout.ROW
    elif Layout.COLUMNAR.value in document:
        tensors = _from_columns(document[Layout.COLUMNAR.value], signature.inputs)
        layout = Layout.COLUMNAR
    else:
        raise RequestError("Missing 'inputs' or 'instances' key")
    for name, array in tensors.items():
        spec = signature.inputs[name]
        if not spec.accepts(array.shape):
            raise RequestError(
                f"Input '{name}' has shape {_shape_text(array.shape)}, but the signature "
                f"'{signature.name}' wants {_shape_text(spec.shape or ())}, where -1 is any size"
            )
    return tensors, layout


def encode_predict(outputs: Mapping[str, np.ndarray], layout: Layout) -> dict[str, object]:
    """Writes a model's outputs as the JSON object of the answer.

    Args:
        outputs: arrays by output name (strings as `bytes` objects).
        layout: the layout of the request.

    Returns:
        `{"predictions": [one per row]}` or `{"outputs": …}`; bare values where the model has
        one output, objects by output name where it has several.

    Raises:
        RequestError: where the outputs cannot be listed by row, or have no form in JSON.
    """
    if layout is Layout.COLUMNAR:
        columns = {name: to_json(name, array) for name, array in outputs.items()}
        return {"outputs": columns if len(columns) > 1 else next(iter(columns.values()))}
    _require_equal_batches(outputs)
    # Every output has a first dimension, so each column is a list with one item per row.
    lists: dict[str, Any] = {name: to_json(name, array) for name, array in outputs.items()}
    if len(lists) == 1:
        return {"predictions": next(iter(lists.values()))}
    rows = zip(*lists.values(), strict=True)
    return {"predictions": [dict(zip(lists, row, strict=True)) for row in rows]}


def _from_columns(value: Any, inputs: Mapping[str, TensorSpec]) -> dict[str, np.ndarray]:
    if not _is_named(value):
        if len(inputs) > 1:
            raise RequestError(
                "inputs is a plain value/list, but expecting an object as multiple input "
                f"tensors required as per tensorinfo_map: {_names(inputs)}"
            )
        value = {next(iter(inputs)): value}
    for name in value:
        if name not in inputs:
            raise RequestError(
                f"Unexpected named input: {name} in 'inputs' object. Inputs expected to be in "
                f"the set {{{_names(inputs)}}}."
            )
    for name in inputs:
        if name not in value:
            raise RequestError(f"Missing named input: {name} in 'inputs' object.")
    return {name: _column(value[name], spec) for name, spec in inputs.items()}


def _column(value: Any, spec: TensorSpec) -> np.ndarray:
    try:
        return to_array(value, spec.dtype)
    except RequestError as error:
        raise RequestError(
            f"Failed to process key: {spec.name} of 'inputs'. Error: {error}", error.http_status
        ) from error


def _from_rows(rows: Any, inputs: Mapping[str, TensorSpec]) -> dict[str, np.ndarray]:
    if not isinstance(rows, list):
        raise RequestError(f"JSON Value: {shown(rows)} Excepting 'instances' to be an list/array")
    if not rows:
        raise RequestError("JSON Value: [] No values in 'instances' array")
    if not _is_named(rows[0]) and len(inputs) > 1:
        raise RequestError(
            "instances is a plain list, but expecting list of objects as multiple input tensors "
            f"required as per tensorinfo_map: {_names(inputs)}"
        )
    columns: dict[str, list[np.ndarray]] = {name: [] for name in inputs}
    for index, row in enumerate(rows):
        for name, value in _named_row(index, row, _is_named(rows[0]), inputs).items():
            array = _row_value(index, name, value, inputs[name].dtype)
            _require_equal_shapes(index, name, array, columns[name])
            columns[name].append(array)
    return {name: np.stack(arrays) for name, arrays in columns.items()}


def _named_row(
    index: int, row: Any, named: bool, inputs: Mapping[str, TensorSpec]
) -> dict[str, Any]:
    """One row as an object with exactly the input names."""
    if named != _is_named(row):
        expected = "object but got list" if named else "value/list but got object"
        raise RequestError(f"Expecting {expected} at item {index} of input list")
    if not named:
        return {next(iter(inputs)): row}
    for name in row:
        if name not in inputs:
            raise RequestError(
                f"Failed to process element: {index} key: {name} of 'instances' list. Error: "
                f"INVALID_ARGUMENT: JSON object: does not have named input: {name}; keys must be "
                f"equal to: {_names(inputs)}"
            )
    if set(row) != set(inputs):
        raise RequestError(
            f"Failed to process element: {index} of 'instances' list. JSON object: {shown(row)} "
            f"keys must be equal to: {_names(inputs)}"
        )
    return row


def _row_value(index: int, name: str, value: Any, dtype: str) -> np.ndarray:
    try:
        return to_array(value, dtype)
    except RequestError as error:
        raise RequestError(
            f"Failed to process element: {index} key: {name} of 'instances' list. Error: "
            f"INVALID_ARGUMENT: {error}",
            error.http_status,
        ) from error


def _require_equal_shapes(
    index: int, name: str, array: np.ndarray, earlier: list[np.ndarray]
) -> None:
    if earlier and array.shape != earlier[0].shape:
        raise RequestError(
            f"Failed to process element: {index} key: {name} of 'instances' list. Error: "
            f"INVALID_ARGUMENT: Expecting shape {_shape_text(earlier[0].shape)} but got: "
            f"{_shape_text(array.shape)}"
        )


def _require_equal_batches(outputs: Mapping[str, np.ndarray]) -> None:
    batch_size: int | None = None
    for name, array in outputs.items():
        if array.ndim == 0:
            raise RequestError(
                f"Tensor name: {name} has no shape information; ask with 'inputs' instead"
            )
        if batch_size is not None and len(array) != batch_size:
            raise RequestError(
                f"Tensor name: {name} has inconsistent batch size: {len(array)} expecting: "
                f"{batch_size}"
            )
        batch_size = len(array)


def _is_named(value: object) -> bool:
    """Whether a value is an object of inputs by name, and not the base64 of one input."""
    return isinstance(value, dict) and not is_base64_object(value)


def _names(inputs: Mapping[str, TensorSpec]) -> str:
    return ",".join(sorted(inputs))


def _shape_text(shape: tuple[int, ...]) -> str:
    return "[" + ",".join(map(str, shape)) + "]"
