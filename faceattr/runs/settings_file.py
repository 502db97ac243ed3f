"""Settings as JSON files: `config.json` of a run, and those that `--config` names."""

import json
import pathlib
from collections.abc import Mapping
from typing import Any

from faceattr.attributes import nearest
from faceattr.errors import UserError
from faceattr.options import Option, value_problem


def read_object(path: pathlib.Path) -> dict[str, Any]:
    """Reads a JSON file that holds one object.

    Raises:
        UserError: if the file cannot be read or holds anything else; names the line.
    """
    try:
        # With a byte order mark too, which editors on Windows write.
        settings = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_once)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    except json.JSONDecodeError as error:
        raise UserError(
            f"{path}: line {error.lineno}: not JSON ({error.msg}); mend it there"
        ) from None
    except ValueError as error:
        raise UserError(f"{path}: {error}") from None
    if not isinstance(settings, dict):
        raise UserError(f'{path}: must hold one JSON object, such as {{"attr": "young"}}')
    return settings


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} is there twice; keep one")
    return values


def check_settings(
    path: pathlib.Path, settings: dict[str, Any], options: Mapping[str, Option]
) -> None:
    """Checks what a file holds, each value by itself.

    Args:
        path: where the settings are from.
        settings: a JSON object.
        options: the settings that there are, by name.

    Raises:
        UserError: naming the file, the key and what is wrong with its value.
    """
    for name, value in settings.items():
        if name not in options:
            raise UserError(f"{path}: {name!r} is no setting; {nearest(name, options)}")
        if problem := value_problem(options[name], value):
            raise UserError(f"{path}: {name} {json.dumps(value)}: {problem}")
