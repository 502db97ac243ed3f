"""Which photos a command line means, and where the edited ones go."""

from __future__ import annotations

import contextlib
import dataclasses
import glob
import itertools
import pathlib
import re
from collections.abc import Iterator, Sequence

from faceattr.editing.photo_files import READ, WRITTEN, format_of
from faceattr.errors import UserError
from faceattr.files import finished_name

EDITED = pathlib.Path("edited")
"""The folder for results if none is named."""


@dataclasses.dataclass(frozen=True)
class FoundPhoto:
    """A photo to be edited.

    Attributes:
        path: the file.
        name: its path below the folder that was searched, or below what a pattern begins with, or
            its file name.
    """

    path: pathlib.Path
    name: pathlib.Path


@contextlib.contextmanager
def _user_errors() -> Iterator[None]:
    """What the system refuses, such as a name that is too long, is a mistake of the user's."""
    try:
        yield
    except OSError as error:
        raise UserError(f"{error.filename}: cannot be looked at ({error.strerror})") from None


@_user_errors()
def find_photos(named: Sequence[str], output: str | None, edits: Sequence[str]) -> list[FoundPhoto]:
    """The photos that names stand for; folders are searched, with what is below them.

    In folders, what an earlier call wrote is passed over: what lies below the folder for results,
    and files that are named as results of their neighbours.

    Args:
        named: files, folders, and patterns such as `"photos/**/*.jpg"`.
        output: as of `targets`.
        edits: names of edits, such as `"add_smile"`, that results may be named for.

    Raises:
        UserError: if there is no such file, or if a folder holds no photos.
    """
    results = None if output is not None and _names_a_file(output) else _folder(output)
    found: dict[pathlib.Path, FoundPhoto] = {}
    for name in named:
        if not name:
            raise UserError("one of the photos has an empty name")
        path = pathlib.Path(name)
        if path.is_dir():
            photos = _in_folder(path, results, edits)
        elif path.exists():
            photos = [FoundPhoto(path, pathlib.Path(path.name))]
        else:
            photos = _matching(name)
        for photo in photos:
            found.setdefault(photo.path, photo)
    return list(found.values())


def _in_folder(
    folder: pathlib.Path, results: pathlib.Path | None, edits: Sequence[str]
) -> list[FoundPhoto]:
    paths = [path for path in folder.rglob("*") if path.suffix.lower() in READ and path.is_file()]
    if results is not None and results.resolve() != folder.resolve():
        paths = [path for path in paths if results.resolve() not in path.resolve().parents]
    names = "|".join(map(re.escape, edits))
    result = re.compile(rf"(.+?)(?:-(?:{names}))+(?:-residual|-compare|-animated)?")
    originals = {path.with_suffix("") for path in paths}

    def is_result(path: pathlib.Path) -> bool:
        match = result.fullmatch(path.stem)
        return bool(edits and match and path.with_name(match[1]) in originals)

    # What a killed program was writing is no photo.
    whole = [path for path in sorted(paths) if finished_name(path.name) == path.name]
    photos = [path for path in whole if not is_result(path)]
    if not photos:
        raise UserError(f"{folder}: no photos in this folder ({', '.join(READ)})")
    return [FoundPhoto(path, path.relative_to(folder)) for path in photos]


def _matching(pattern: str) -> list[FoundPhoto]:
    if not glob.has_magic(pattern):
        raise UserError(f"{pattern}: no such photo or folder")
    # Path.glob takes no pattern that begins at the root.
    paths = [pathlib.Path(path) for path in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207
    photos = [path for path in paths if path.suffix.lower() in READ and path.is_file()]
    if not photos:
        raise UserError(f"{pattern}: no photo has such a name")
    fixed = itertools.takewhile(lambda part: not glob.has_magic(part), pathlib.Path(pattern).parts)
    folder = pathlib.Path(*fixed)
    return [FoundPhoto(path, path.relative_to(folder)) for path in photos]


def _folder(output: str | None) -> pathlib.Path:
    return EDITED if output is None else pathlib.Path(output)


def _names_a_file(output: str) -> bool:
    path = pathlib.Path(output)
    return bool(path.suffix) and not output.endswith(("/", "\\")) and not path.is_dir()


@_user_errors()
def targets(
    photos: Sequence[FoundPhoto], output: str | None, edits: Sequence[str]
) -> list[pathlib.Path]:
    """Where each edited photo goes: in the photo's own format, unless a file is named.

    Args:
        photos: the photos.
        output: a file, for one photo; a folder otherwise; None for the folder `edited`.
        edits: names of the edits that are made.

    Raises:
        UserError: if the output cannot be what it is to be.
    """
    if output is not None and _names_a_file(output):
        path = pathlib.Path(output)
        if len(photos) > 1:
            raise UserError(f"-o {output}: a file, but there are {len(photos)} photos")
        format_of(path)
        return [path]
    folder = _folder(output)
    if folder.exists() and not folder.is_dir():
        raise UserError(f"-o {output}: a file, but a folder is wanted")
    ending = "".join(f"-{edit}" for edit in edits)
    found = []
    for photo in photos:
        suffix = photo.path.suffix if photo.path.suffix.lower() in WRITTEN else ".png"
        found.append(folder / photo.name.with_name(f"{photo.name.stem}{ending}{suffix}"))
    return found
