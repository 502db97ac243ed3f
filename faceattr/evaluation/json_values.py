"""Measured values as what JSON knows, and back: written and read by their types."""

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from typing import Any

import numpy as np


def json_value(value: Any) -> Any:
    """Data classes and mappings as dicts, arrays and sequences as lists, NumPy's numbers as
    Python's, paths as text; NaN and infinity, for which JSON has no number, as None.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: json_value(getattr(value, field.name))
            for field in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        return {str(name): json_value(item) for name, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return json_value(value.tolist())
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)


def of_type(kind: Any, value: Any) -> Any:
    """What `json_value` made of a value of this type, as that type again.

    A number that JSON did not know is NaN; arrays are float64, but those that are arrays already
    stay as they are. A field that is missing has its default.

    Arrays of one value, as they come from a file of arrays, are values as well.

    Args:
        kind: a data class, `float`, `np.ndarray`, a tuple, list or mapping of such, `X | None`.
        value: what JSON held.

    Raises:
        KeyError, TypeError, ValueError: if it is not of this type.
    """
    inner = typing.get_args(kind)
    origin = typing.get_origin(kind)
    if isinstance(kind, types.UnionType):
        return None if value is None else of_type(inner[0], value)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind)
        given = {name: of_type(hint, value[name]) for name, hint in hints.items() if name in value}
        return kind(**given)
    if origin in (tuple, list):
        return origin(of_type(inner[0], item) for item in value)
    if origin in (dict, Mapping):
        return {name: of_type(inner[1], item) for name, item in value.items()}
    if kind is np.ndarray:
        return value if isinstance(value, np.ndarray) else np.array(value, np.float64)
    if kind is float:
        return math.nan if value is None else float(value)
    return kind(value) if kind in (bool, int, str) else value
