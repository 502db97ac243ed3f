"""Whether the files of a bundle are the ones that were exported. Needs no TensorFlow."""

import hashlib
import json
import pathlib
from collections.abc import Collection, Mapping
from typing import Any

from faceattr.errors import UserError


def digests(folder: pathlib.Path, but: Collection[str] = ()) -> dict[str, str]:
    """The SHA-256 of every file in a folder, in hexadecimal, by its path from there.

    Args:
        folder: the folder.
        but: paths that are left out.
    """
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {
        name: _digest(path)
        for name, path in sorted(files.items())
        if path.is_file() and name not in but
    }


def check_files(folder: pathlib.Path, files: Mapping[str, str]) -> None:
    """Compares files with their digests.

    Args:
        folder: the bundle.
        files: what `digests` said of it.

    Raises:
        UserError: names the first that is missing or another than it was.
    """
    for name, digest in files.items():
        path = folder / name
        try:
            found = _digest(path)
        except FileNotFoundError:
            raise UserError(f"{path}: no such file; export the run again") from None
        except OSError as error:
            raise UserError(f"{path}: cannot be read ({error.strerror})") from None
        if found != digest:
            raise UserError(
                f"{path}: not the file that was exported (its SHA-256 is not the manifest's); "
                "export the run again"
            )


def checksum(value: Mapping[str, Any]) -> str:
    """The SHA-256 of a JSON object, in hexadecimal, however it is laid out in a file."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _digest(path: pathlib.Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
