"""Predict requests from JSON to arrays.

Pure functions; whatever a document holds, they give arrays or raise `RequestError` with TensorFlow
Serving's wording. Shapes and counts are looked at before anything is converted.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np

from .document import too_many_values
from .flat_numbers import FlatNumbers
from .limits import Limits
from .request_error import RequestError
from .signature import DEFAULT_SIGNATURE, Signature, TensorSpec
from .tensor_json import FLOATS, is_base64_object, shown, to_array


class Layout(Enum):
    """How a request lists its values, and so how the answer does."""

    ROW = "instances"
    COLUMNAR = "inputs"


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
    document: Mapping[str, Any],
    signature: Signature,
    limits: Limits = Limits(),  # noqa: B008  frozen
) -> tuple[dict[str, np.ndarray], Layout]:
    """Reads the tensors of a predict request.

    Args:
        document: the request, from `parse_document`.
        signature: the signature that it asks for.
        limits: how many rows it may hold.

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
    reader = _Reader(signature, limits)
    if Layout.ROW.value in document:
        tensors, layout = reader.rows(document[Layout.ROW.value]), Layout.ROW
    elif Layout.COLUMNAR.value in document:
        tensors, layout = reader.columns(document[Layout.COLUMNAR.value]), Layout.COLUMNAR
    else:
        raise RequestError("Missing 'inputs' or 'instances' key")
    for name, array in tensors.items():
        check_shape(signature, name, array.shape)
    return tensors, layout


def check_rows(count: int, limits: Limits) -> None:
    """Refuses a request of too many rows.

    Raises:
        RequestError: with the number that fits.
    """
    if count > limits.rows:
        raise RequestError(
            f"The request holds {count} rows, and at most {limits.rows} fit in one; send the "
            "images in several requests"
        )


def check_shape(signature: Signature, name: str, shape: tuple[int, ...]) -> None:
    """Refuses an input of another shape than the signature wants.

    Raises:
        RequestError: with both shapes.
    """
    spec = signature.inputs[name]
    if not spec.accepts(shape):
        raise RequestError(
            f"Input '{name}' has shape {shape_text(shape)}, but the signature "
            f"'{signature.name}' wants {shape_text(spec.shape or ())}, where -1 is any size"
        )


def shape_text(shape: tuple[int, ...]) -> str:
    """Writes a shape as TensorFlow Serving does: `[1,2]`."""
    return "[" + ",".join(map(str, shape)) + "]"


class _Reader:
    """Reads the values of a request for one signature."""

    def __init__(self, signature: Signature, limits: Limits) -> None:
        self._signature = signature
        self._inputs = signature.inputs
        self._limits = limits

    def columns(self, value: Any) -> dict[str, np.ndarray]:
        inputs = self._inputs
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
                    f"Unexpected named input: {name} in 'inputs' object. Inputs expected to be "
                    f"in the set {{{_names(inputs)}}}."
                )
        for name in inputs:
            if name not in value:
                raise RequestError(f"Missing named input: {name} in 'inputs' object.")
        return {name: self._column(value[name], spec) for name, spec in inputs.items()}

    def _column(self, value: Any, spec: TensorSpec) -> np.ndarray:
        if spec.shape and spec.shape[0] == -1:
            if isinstance(value, FlatNumbers):
                check_rows(value.shape[0], self._limits)
            elif isinstance(value, list):
                check_rows(len(value), self._limits)
        if isinstance(value, FlatNumbers):
            check_shape(self._signature, spec.name, value.shape)
        try:
            return self._array(value, spec.dtype)
        except RequestError as error:
            raise RequestError(
                f"Failed to process key: {spec.name} of 'inputs'. Error: {error}",
                error.http_status,
            ) from error

    def rows(self, rows: Any) -> dict[str, np.ndarray]:
        inputs = self._inputs
        if isinstance(rows, FlatNumbers):
            check_rows(rows.shape[0], self._limits)
            if len(inputs) == 1:
                name, spec = next(iter(inputs.items()))
                check_shape(self._signature, name, rows.shape)
                array = rows.floats(FLOATS[spec.dtype]) if spec.dtype in FLOATS else None
                if array is not None:
                    return {name: array}
            rows = self._written_out(rows)
        if not isinstance(rows, list):
            raise RequestError(
                f"JSON Value: {shown(rows)} Excepting 'instances' to be an list/array"
            )
        if not rows:
            raise RequestError("JSON Value: [] No values in 'instances' array")
        check_rows(len(rows), self._limits)
        named = _is_named(rows[0])
        if not named and len(inputs) > 1:
            raise RequestError(
                "instances is a plain list, but expecting list of objects as multiple input "
                f"tensors required as per tensorinfo_map: {_names(inputs)}"
            )
        columns: dict[str, list[np.ndarray]] = {name: [] for name in inputs}
        for index, row in enumerate(rows):
            for name, value in _named_row(index, row, named, inputs).items():
                if isinstance(value, FlatNumbers):
                    check_shape(self._signature, name, (len(rows), *value.shape))
                array = self._row_value(index, name, value)
                _require_equal_shapes(index, name, array, columns[name])
                columns[name].append(array)
        return {name: np.stack(arrays) for name, arrays in columns.items()}

    def _row_value(self, index: int, name: str, value: Any) -> np.ndarray:
        try:
            return self._array(value, self._inputs[name].dtype)
        except RequestError as error:
            raise RequestError(
                f"Failed to process element: {index} key: {name} of 'instances' list. Error: "
                f"INVALID_ARGUMENT: {error}",
                error.http_status,
            ) from error

    def _array(self, value: Any, dtype: str) -> np.ndarray:
        if isinstance(value, FlatNumbers):
            array = value.floats(FLOATS[dtype]) if dtype in FLOATS else None
            if array is not None:
                return array
            value = self._written_out(value)
        return to_array(value, dtype)

    def _written_out(self, numbers: FlatNumbers) -> Any:
        """As lists of Python's, which say what is wrong with which number."""
        if numbers.count > self._limits.values:
            raise too_many_values(self._limits)
        return numbers.lists()


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


def _require_equal_shapes(
    index: int, name: str, array: np.ndarray, earlier: list[np.ndarray]
) -> None:
    if earlier and array.shape != earlier[0].shape:
        raise RequestError(
            f"Failed to process element: {index} key: {name} of 'instances' list. Error: "
            f"INVALID_ARGUMENT: Expecting shape {shape_text(earlier[0].shape)} but got: "
            f"{shape_text(array.shape)}"
        )


def _is_named(value: object) -> bool:
    """Whether a value is an object of inputs by name, and not the base64 of one input."""
    return isinstance(value, dict) and not is_base64_object(value)


def _names(inputs: Mapping[str, TensorSpec]) -> str:
    return ",".join(sorted(inputs))
