"""One JSON value to one array, by TensorFlow Serving's rules.

Numbers become numbers, `{"b64": "<standard base64>"}` becomes bytes, nested lists become the
shape. Nothing here knows about requests or signatures.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import json

import numpy as np

from .flat_numbers import MAX_RANK
from .request_error import RequestError

BASE64_KEY = "b64"

FLOATS: dict[str, type[np.floating]] = {"float": np.float32, "double": np.float64}
INTEGERS: dict[str, type[np.integer]] = {
    "int8": np.int8,
    "int16": np.int16,
    "int32": np.int32,
    "int64": np.int64,
    "uint8": np.uint8,
    "uint16": np.uint16,
    "uint32": np.uint32,
    "uint64": np.uint64,
}

# An error message quotes the value it is about, but not a megabyte of it.
_SHOWN_CHARACTERS = 80


_SHORT = json.JSONEncoder(default=lambda numbers: numbers.text[:_SHOWN_CHARACTERS].decode())


def is_base64_object(value: object) -> bool:
    """Whether a JSON value is `{"b64": "…"}`: one key, a string."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get(BASE64_KEY), str)


def shown(value: object) -> str:
    """Writes a JSON value for an error message, cut short where it is long."""
    # Only the first few parts of a long value are written at all.
    chunks = itertools.islice(_SHORT.iterencode(value), _SHOWN_CHARACTERS)
    text = "".join(chunk[: _SHOWN_CHARACTERS + 1] for chunk in chunks)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "..."


def to_array(value: object, dtype: str) -> np.ndarray:
    """Converts a JSON value to an array.

    Args:
        value: scalar, `{"b64": …}` or lists of these, nested to any depth.
        dtype: str, the wanted type by TensorFlow's name ("float", "string", "int32", …).

    Returns:
        Array of the nested lists' shape; a "string" array holds `bytes` objects.

    Raises:
        RequestError: 400 where the lists are ragged or a value is not of the type, 501 where
            the type has no form in JSON.
    """
    shape = _dense_shape(value)
    if len(shape) > MAX_RANK:
        raise RequestError(f"JSON lists are nested {len(shape)} deep; at most {MAX_RANK} fit")
    leaves = _flatten(value, shape)
    if dtype in FLOATS:
        array = _float_array(leaves, dtype)
    elif dtype in INTEGERS:
        array = _integer_array(leaves, dtype)
    elif dtype == "bool":
        array = _bool_array(leaves)
    elif dtype == "string":
        array = _bytes_array(leaves)
    else:
        raise RequestError(f"Conversion of JSON Value: {shown(value)} to type: {dtype}", 501)
    return array.reshape(shape)


def _dense_shape(value: object) -> tuple[int, ...]:
    """The shape that the first elements promise."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return tuple(shape)


def _flatten(value: object, shape: tuple[int, ...]) -> list[object]:
    """All leaves in row-major order; checks level by level that the lists keep `shape`."""
    level = [value]
    for depth, size in enumerate(shape):
        for item in level:
            if not isinstance(item, list):
                raise RequestError(
                    f"JSON Value: {shown(item)} found at incorrect level: {depth + 1} in the "
                    f"JSON DOM. Expected at level: {len(shape)}"
                )
            if len(item) != size:
                raise RequestError(
                    f"Encountered list at unexpected size: {len(item)} at level: {depth} "
                    f"expected size: {size}"
                )
        level = list(itertools.chain.from_iterable(level))  # type: ignore[arg-type]
    if any(isinstance(leaf, list) for leaf in level):
        raise RequestError(
            f"Encountered list at unexpected level: {len(shape)} expected < {len(shape)}"
        )
    return level


def _type_error(value: object, dtype: str) -> RequestError:
    kinds = {type(None): "Null", bool: str(value), dict: "Object", str: "String"}
    kind = kinds.get(type(value), "Number")
    return RequestError(f"JSON Value: {shown(value)} Type: {kind} is not of expected type: {dtype}")


def _require(leaves: list[object], allowed: set[type], dtype: str) -> None:
    # Exact types, because a bool is an int to isinstance().
    if not set(map(type, leaves)) <= allowed:
        raise _type_error(next(leaf for leaf in leaves if type(leaf) not in allowed), dtype)


def _float_array(leaves: list[object], dtype: str) -> np.ndarray:
    _require(leaves, {int, float}, dtype)
    kind = FLOATS[dtype]
    largest_exact = 2 ** (np.finfo(kind).nmant + 1) - 1
    for leaf in leaves:
        if type(leaf) is int and abs(leaf) > largest_exact:
            raise _lossy_error(leaf, dtype)
    wide = np.array(leaves, dtype=np.float64)
    with np.errstate(over="ignore"):
        array = wide.astype(kind)
    overflowed = np.isfinite(wide) & ~np.isfinite(array)
    if overflowed.any():
        raise _lossy_error(leaves[int(overflowed.argmax())], dtype)
    return array


def _lossy_error(value: object, dtype: str) -> RequestError:
    return RequestError(
        f"Cannot convert JSON value: {shown(value)} to {dtype} without loss of precision."
    )


def _integer_array(leaves: list[object], dtype: str) -> np.ndarray:
    _require(leaves, {int}, dtype)
    limits = np.iinfo(INTEGERS[dtype])
    for leaf in leaves:
        if not limits.min <= leaf <= limits.max:  # type: ignore[operator]
            raise _type_error(leaf, dtype)
    return np.array(leaves, dtype=INTEGERS[dtype])


def _bool_array(leaves: list[object]) -> np.ndarray:
    _require(leaves, {bool}, "bool")
    return np.array(leaves, dtype=np.bool_)


def _bytes_array(leaves: list[object]) -> np.ndarray:
    array = np.empty(len(leaves), dtype=object)
    for index, leaf in enumerate(leaves):
        array[index] = _leaf_bytes(leaf)
    return array


def _leaf_bytes(leaf: object) -> bytes:
    if isinstance(leaf, dict):
        if not is_base64_object(leaf):
            raise RequestError(f"JSON Value: {shown(leaf)} not formatted correctly for base64 data")
        return _decode_base64(leaf[BASE64_KEY])
    if not isinstance(leaf, str):
        raise _type_error(leaf, "string")
    try:
        return leaf.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RequestError("JSON Parse error: The surrogate pair in string is invalid.") from error


def _decode_base64(text: str) -> bytes:
    """Decodes standard base64; like the original, without need of padding or of one line."""
    if "-" in text or "_" in text:
        raise RequestError(
            "Unable to base64 decode: '-' and '_' belong to URL-safe base64; "
            "send standard base64, with '+' and '/'"
        )
    compact = "".join(text.split())
    if "=" not in compact:
        compact += "=" * (-len(compact) % 4)
    try:
        return base64.b64decode(compact, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError("Unable to base64 decode: not standard base64") from error
