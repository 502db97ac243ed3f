"""Long lists of numbers, read from their text into an array: no Python object for each number.

A list of lists is regular when its brackets and commas, all else left out, are those of its shape:
that is one comparison of bytes, whatever the text is, and it is done before any number is read.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator

import numpy as np
import orjson

_SPACE = rb"[ \t\r\n]*+"
_NUMBER = rb"(?:-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+|-?Infinity|NaN)"
# Between two commas stand opening brackets, one number, closing brackets. Nothing is tried twice:
# every repetition is possessive.
_PIECE = rb"(?:%b\[){0,32}+%b%b%b(?:\]%b){0,32}+" % (_SPACE, _SPACE, _NUMBER, _SPACE, _SPACE)
_LISTS = re.compile(rb"%b(?:,%b)*+" % (_PIECE, _PIECE))

_NO_STRUCTURE = b"0123456789eE+-.NaInfity \t\r\n"
_NO_NUMBER = b"[] \t\r\n"

# NumPy holds at most 64 dimensions; no image model comes near.
MAX_RANK = 32

# Numbers become Python objects for this much text at a time.
_CHUNK_BYTES = 2**18


class FlatNumbers:
    """A JSON value of regular lists of numbers and nothing else, as its text.

    Attributes:
        text: bytes, from the first `[` to the last `]`.
        shape: tuple, of the nested lists.
    """

    def __init__(self, text: bytes, shape: tuple[int, ...]) -> None:
        self.text = text
        self.shape = shape

    @property
    def count(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)

    def lists(self) -> list:
        """The numbers as lists of Python's."""
        return json.loads(self.text)

    def floats(self, dtype: type[np.floating]) -> np.ndarray | None:
        """The numbers as an array of `shape`.

        Returns:
            None where a number does not fit the type: an integer that it cannot hold exactly, or
            one that overflows. Who reads the values one by one can tell which.
        """
        array = np.empty(self.count, dtype)
        text = self.text.translate(None, _NO_NUMBER)
        filled = 0
        for start, end in _chunks(text):
            chunk = _read(text[start:end])
            if chunk is None or _is_lossy(chunk, dtype):
                return None
            array[filled : filled + len(chunk)] = chunk
            filled += len(chunk)
        return array.reshape(self.shape)


def flat_numbers(text: bytes) -> FlatNumbers | None:
    """Takes the text of a JSON value for lists of numbers; None where it is anything else.

    Ragged lists and lists without a number are something else as well.
    """
    if text.count(b"[") != text.count(b"]"):
        return None
    if not all(_LISTS.fullmatch(text, start, end) for start, end in _chunks(text)):
        return None
    structure = text.translate(None, _NO_STRUCTURE)
    rank = len(structure) - len(structure.lstrip(b"["))
    if not rank:
        return None
    sizes = [structure.index(b"]") - rank + 1]
    unit = b"[" + b"," * (sizes[0] - 1) + b"]"
    for depth in range(1, rank):
        # The list one level up ends where one more bracket closes.
        start, end = rank - depth, structure.find(b"]" * (depth + 1))
        inside = end + depth - start
        if inside < len(unit):
            return None
        sizes.append((inside + 1) // (len(unit) + 1))
        # Not by join, which takes 80 bytes for each.
        unit = b"[" + (unit + b",") * (sizes[-1] - 1) + unit + b"]"
    return FlatNumbers(text, tuple(reversed(sizes))) if unit == structure else None


def _chunks(text: bytes) -> Iterator[tuple[int, int]]:
    """Where to cut a text, at commas, so that each part is short work.

    Other threads wait as long as a part takes, for it is done without a pause.
    """
    start = 0
    while start <= len(text):
        end = text.find(b",", start + _CHUNK_BYTES)
        if end < 0:
            end = len(text)
        yield start, end
        start = end + 1


def _read(numbers: bytes) -> np.ndarray | None:
    """float64 [n] of numbers with commas between them."""
    if b"N" in numbers or b"I" in numbers:  # slower, but it knows NaN and Infinity
        return np.fromstring(numbers.decode("ascii"), np.float64, sep=",")
    try:
        return np.array(orjson.loads(b"[" + numbers + b"]"), np.float64)
    except (orjson.JSONDecodeError, OverflowError):  # more than a float64 can hold
        return None


def _is_lossy(values: np.ndarray, dtype: type[np.floating]) -> bool:
    largest_exact = 2 ** (np.finfo(dtype).nmant + 1) - 1
    return bool((np.isfinite(values) & (np.abs(values) > largest_exact)).any())
