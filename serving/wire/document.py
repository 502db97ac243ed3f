"""A request's body as a JSON object, in which long lists of numbers stay text."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from .flat_numbers import FlatNumbers, flat_numbers
from .limits import Limits
from .request_error import RequestError
from .tensor_json import shown

# Shorter lists of numbers are read with all else.
_LONG_LIST_BYTES = 1024

# With no more values than this, a body is read at once.
_FEW_VALUES = 2**12

# A string, so that what it holds is not taken for numbers, or a run of what numbers and lists are
# written with. Nothing is looked at twice: every repetition is possessive, and a string without
# an end is one too.
_STRING_OR_NUMBERS = re.compile(
    rb'"(?:[^"\\]++|\\.)*+"?+|[\[\]0-9eE+\-.,NaInfity \t\r\n]++', re.DOTALL
)


def parse_document(body: bytes, limits: Limits = Limits()) -> dict[str, Any]:  # noqa: B008  frozen
    """Reads a request body as a JSON object; NaN, Infinity and -Infinity are legal.

    Returns:
        the object; `FlatNumbers` stand in it for long lists of numbers.

    Raises:
        RequestError: where the body is not JSON in UTF-8, not an object, or holds more values
            than `limits.values` beside the long lists of numbers.
    """
    if not body:
        raise RequestError("JSON Parse error: The document is empty")
    short = _without_long_lists(body, limits) if _count(body) > _FEW_VALUES else _Shortened(body)
    if _count(short.body) > limits.values:
        raise too_many_values(limits)
    document = _parse(short)
    if not isinstance(document, dict):
        raise RequestError(f"JSON Value: {shown(document)} Is not object")
    return document


@dataclass
class _Shortened:
    """A body with a string in the place of each long list of numbers.

    Attributes:
        body: bytes, that are left.
        lists: the lists by those strings.
        removed: for each list, where its string ends, and how many bytes the body lost there.
    """

    body: bytes
    lists: dict[str, FlatNumbers] = field(default_factory=dict)
    removed: list[tuple[int, int]] = field(default_factory=list)

    def offset(self, position: int) -> int:
        """Where a byte of `body` stood in the request."""
        return position + sum(lost for end, lost in self.removed if end <= position)


def too_many_values(limits: Limits) -> RequestError:
    """Where lists do not fit, and are too long to be looked through for what is wrong."""
    return RequestError(
        f"The request holds more than {limits.values} JSON values that are not in regular lists "
        "of numbers of the signature's shape; send fewer images at a time, and encoded bytes "
        "instead of lists of pixels"
    )


def _count(text: bytes) -> int:
    """No fewer than the Python objects that the text becomes."""
    return text.count(b",") + text.count(b"[") + text.count(b"{")


def _parse(short: _Shortened) -> Any:
    try:
        document = json.loads(short.body.decode("utf-8"))
        return _put_back(document, short.lists) if short.lists else document
    except UnicodeDecodeError as error:
        raise RequestError(
            f"JSON Parse error: Invalid encoding in string. at offset: {short.offset(error.start)}"
        ) from error
    except json.JSONDecodeError as error:
        # Its position counts characters, which are bytes in all but text that is not ASCII.
        raise RequestError(
            f"JSON Parse error: {error.msg} at offset: {short.offset(error.pos)}"
        ) from error
    except RecursionError as error:
        raise RequestError("JSON Parse error: The document is nested too deeply") from error
    except ValueError as error:  # an integer of more digits than Python agrees to read
        raise RequestError("JSON Parse error: Number too big") from error


def _without_long_lists(body: bytes, limits: Limits) -> _Shortened:
    """Puts a string that nobody can guess in the place of each long list of numbers."""
    if body.count(b"{") + body.count(b'"') // 2 > limits.values:
        raise too_many_values(limits)
    secret = secrets.token_hex(16)
    pieces: list[bytes] = []
    short = _Shortened(b"")
    copied = length = 0
    for number, match in enumerate(_STRING_OR_NUMBERS.finditer(body)):
        if number > 4 * limits.values:
            raise too_many_values(limits)
        if body[match.start()] == ord('"') or match.end() - match.start() < _LONG_LIST_BYTES:
            continue
        start = body.find(b"[", match.start(), match.end())
        numbers = flat_numbers(body[start : body.rfind(b"]", match.start(), match.end()) + 1])
        if start < 0 or numbers is None:
            continue
        key = f"{secret}:{len(short.lists)}"
        short.lists[key] = numbers
        pieces += [body[copied:start], f'"{key}"'.encode()]
        length += len(pieces[-1]) + len(pieces[-2])
        copied = start + len(numbers.text)
        short.removed.append((length, len(numbers.text) - len(pieces[-1])))
    short.body = b"".join([*pieces, body[copied:]])
    return short


def _put_back(value: Any, lists: dict[str, FlatNumbers]) -> Any:
    # No deeper than the parser went.
    if isinstance(value, str):
        return lists.get(value, value)
    if isinstance(value, list):
        return [_put_back(item, lists) for item in value]
    if isinstance(value, dict):
        return {key: _put_back(item, lists) for key, item in value.items()}
    return value
