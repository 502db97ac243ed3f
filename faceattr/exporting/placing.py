"""A finished bundle is put in place of an older one in one step."""

import contextlib
import ctypes
import os
import pathlib
import sys
import tempfile
from collections.abc import Iterator

from faceattr.bundles.manifest import MANIFEST_NAME
from faceattr.errors import UserError

# Of Linux's renameat2 and of macOS's renamex_np: both names are there before and after.
_EXCHANGE = 2
_THIS_FOLDER = -100


@contextlib.contextmanager
def placed(target: pathlib.Path) -> Iterator[pathlib.Path]:
    """Gives a folder to fill, and puts it in place if nothing was raised.

    A program that is killed at any moment leaves the old bundle there or the new one, and at worst
    a hidden folder beside it. (On file systems that cannot exchange two folders, such as NFS, there
    is none for the moment between two renames.)

    Args:
        target: where the bundle is to be. An older bundle is replaced.

    Raises:
        UserError: if something is there that is no bundle.
    """
    if target.exists() and not (target / MANIFEST_NAME).is_file():
        raise UserError(
            f"{target}: there already and no bundle (it has no {MANIFEST_NAME}); move it away, or "
            "choose another --out"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    # What is in the hidden folder at the end, the older bundle, goes with it.
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as scratch:
        bundle = pathlib.Path(scratch) / target.name
        bundle.mkdir()
        yield bundle
        if target.exists():
            if not _exchanged(bundle, target):
                _renamed(bundle, target)
        else:
            bundle.rename(target)


def _exchanged(bundle: pathlib.Path, target: pathlib.Path) -> bool:
    """Exchanges two folders at once; whether the system can."""
    library = ctypes.CDLL(None, use_errno=True)
    paths = os.fsencode(bundle), os.fsencode(target)
    try:
        if sys.platform == "darwin":
            return library.renamex_np(*paths, _EXCHANGE) == 0
        return library.renameat2(_THIS_FOLDER, paths[0], _THIS_FOLDER, paths[1], _EXCHANGE) == 0
    except AttributeError:  # of a system that has neither
        return False


def _renamed(bundle: pathlib.Path, target: pathlib.Path) -> None:
    old = bundle.with_name("old")
    target.rename(old)
    try:
        bundle.rename(target)
    except BaseException:
        old.rename(target)
        raise
