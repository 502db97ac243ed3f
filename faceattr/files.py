"""Files that are there whole or not at all."""

import contextlib
import os
import pathlib
import re
from collections.abc import Iterator

from faceattr.errors import UserError

_UNFINISHED = re.compile(r"^partial-[0-9a-f]{8}-")


@contextlib.contextmanager
def replacing(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Gives a path beside `path` to write to, and renames it into place if nothing was raised.

    A killed program leaves `partial-<8 digits>-<name>` at worst, never half of `path`. The file to
    write to is made here, empty, under a name that none beside it has: two programs that write the
    same file do not meet, and what others left is not touched.

    Args:
        path: the file to write; an older one is replaced.
    """
    beside = _new_file_beside(path)
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


@contextlib.contextmanager
def new_folder(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """Gives a hidden folder beside `folder` to fill, and renames it if nothing was raised.

    Args:
        folder: the new folder; its parents are made.

    Raises:
        UserError: if it is there already.
    """
    if folder.exists():
        raise UserError(f"--out {folder}: is there already; name a new folder")
    # Not above: it takes longer to load than all else that a small edit does here.
    import tempfile

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        partial = pathlib.Path(scratch) / folder.name
        partial.mkdir()
        yield partial
        partial.rename(folder)


def _new_file_beside(path: pathlib.Path) -> pathlib.Path:
    while True:
        # The end of a name that is as long as names can be is enough, and has the suffix.
        end = path.name.encode()[-200:].decode(errors="ignore")
        beside = path.with_name(f"partial-{os.urandom(4).hex()}-{end}")
        try:
            beside.touch(exist_ok=False)
        except FileExistsError:
            continue
        return beside


def finished_name(name: str) -> str:
    """The name of the file that `replacing` was writing; any other name is given back."""
    return _UNFINISHED.sub("", name)


def write_text(path: pathlib.Path, text: str) -> None:
    """Writes a UTF-8 text file, whole or not at all."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")
