"""A model's outputs as the JSON of an answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from .codec import Layout
from .request_error import RequestError
from .tensor_json import BASE64_KEY, FLOATS, INTEGERS

BYTES_SUFFIX = "_bytes"

# JSON has no NaN, and orjson writes null for it. So numbers that the array does not hold stand for
# NaN and Infinity while it is written, and their text is replaced.
_STAND_INS = ("3.0000002e+38", "3.1000002e+38", "3.2000004e+38", "3.3000002e+38")


def to_json(value: object) -> bytes:
    """Any other JSON value as text."""
    return json.dumps(value).encode("ascii")


def encode_error(message: str) -> bytes:
    """The JSON of an answer that tells what was wrong.

    ASCII only, so that a lone surrogate in what the message quotes cannot break the answer.
    """
    return to_json({"error": message})


def encode_predict(outputs: Mapping[str, np.ndarray], layout: Layout) -> bytes:
    """Writes a model's outputs as the JSON of the answer.

    Numbers are written in as few digits as tell them apart; NaN and Infinity as tokens.

    Args:
        outputs: arrays by output name (strings as `bytes` objects).
        layout: the layout of the request.

    Returns:
        `{"predictions": [one per row]}` or `{"outputs": …}`; bare values where the model has
        one output, objects by output name where it has several. Strings of an output whose name
        ends in `_bytes` are sent as base64.

    Raises:
        RequestError: where the outputs cannot be listed by row, where a text output is not UTF-8
            (500), or where a type has no form in JSON (501).
    """
    if layout is Layout.COLUMNAR:
        columns = {name: _value(name, array) for name, array in outputs.items()}
        return _dumps({"outputs": columns if len(columns) > 1 else next(iter(columns.values()))})
    _require_equal_batches(outputs)
    # Every output has a first dimension, so each column is a list with one item per row.
    if len(outputs) == 1:
        return _dumps({"predictions": _value(*next(iter(outputs.items())))})
    count = len(next(iter(outputs.values())))
    rows: list[dict[str, object]] = [
        {name: _value(name, array[index]) for name, array in outputs.items()}
        for index in range(count)
    ]
    return _dumps({"predictions": rows})


def _dumps(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)


def _value(name: str, array: Any) -> object:
    """What orjson writes as an output's JSON."""
    if isinstance(array, bytes):
        return _string(name, array)
    if array.dtype == object:
        values = [_string(name, leaf) for leaf in array.reshape(-1).tolist()]
        return np.array([*values, None], dtype=object)[:-1].reshape(array.shape).tolist()
    if array.dtype.type in FLOATS.values():
        if not np.isfinite(array).all():
            return orjson.Fragment(_with_tokens(np.asarray(array)))
    elif array.dtype != np.bool_ and array.dtype.type not in INTEGERS.values():
        raise RequestError(f"Failed to write JSON value for tensor type: {array.dtype}", 501)
    return array if array.ndim and array.size else array.tolist() if array.ndim else array[()]


def _with_tokens(array: np.ndarray) -> bytes:
    magnitudes = np.abs(array)
    free = [text for text in _STAND_INS if not (magnitudes == array.dtype.type(text)).any()]
    if len(free) < 2:  # slower, and in more digits
        return json.dumps(array.astype(np.float64).tolist()).encode("ascii")
    infinity, nan = free[:2]
    finite = np.where(np.isnan(array), array.dtype.type(nan), array)
    finite = np.where(np.isinf(array), np.copysign(array.dtype.type(infinity), array), finite)
    text = _dumps(np.ascontiguousarray(finite) if array.ndim else finite[()])
    return text.replace(infinity.encode(), b"Infinity").replace(nan.encode(), b"NaN")


def _string(name: str, leaf: bytes) -> object:
    if name.endswith(BYTES_SUFFIX):
        return {BASE64_KEY: base64.b64encode(leaf).decode("ascii")}
    try:
        return leaf.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(
            f"Output '{name}' is not UTF-8 text; a model that gives bytes must name the output "
            f"with the ending {BYTES_SUFFIX}",
            500,
        ) from error


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
