"""What the page takes from npm: fetched once, by npm, as the lock file has it."""

import contextlib
import hashlib
import pathlib
import shutil
import subprocess
import tempfile
from collections.abc import Collection

from faceattr.errors import UserError

_STAMP = ".faceattr-lock"


def packages(lock_folder: pathlib.Path, target: pathlib.Path, development: bool) -> pathlib.Path:
    """The folder `node_modules`; fetches what is missing or of another lock file.

    What is fetched appears whole or not at all: programs that find nothing and fetch the same at
    the same time do not meet, and the first that is done has fetched for all.

    Args:
        lock_folder: has `package.json` and `package-lock.json`, in which each package has a hash.
        target: where `node_modules` is to be.
        development: whether to fetch what the tests need, too.

    Raises:
        UserError: if npm is not installed, or cannot fetch them.
    """
    lock = (lock_folder / "package-lock.json").read_bytes()
    wanted = {kind: hashlib.sha256(lock + kind).hexdigest() for kind in (b"some", b"all")}
    enough = (wanted[b"all"],) if development else tuple(wanted.values())
    if not _has(target, enough):
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{target.name}-", dir=target.parent) as scratch:
            fetched = pathlib.Path(scratch) / "fetched"
            fetched.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copy(lock_folder / name, fetched / name)
            _fetch(fetched, development)
            (fetched / _STAMP).write_text(
                wanted[b"all" if development else b"some"], encoding="utf-8"
            )
            _put(fetched, target, enough)
    return target / "node_modules"


def _has(target: pathlib.Path, stamps: Collection[str]) -> bool:
    stamp = target / _STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") in stamps


def _fetch(folder: pathlib.Path, development: bool) -> None:
    # No script of a package is run.
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        subprocess.run(
            command if development else [*command, "--omit=dev"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
    except FileNotFoundError:
        raise UserError(
            "npm: not installed; it fetches what runs the networks in a browser (Debian: "
            "apt-get install npm)"
        ) from None
    except subprocess.CalledProcessError as error:
        raise UserError(f"npm ci: failed ({error.stderr.strip().splitlines()[-1]})") from None


def _put(fetched: pathlib.Path, target: pathlib.Path, enough: Collection[str]) -> None:
    """Renames `fetched` to `target`, unless another program has put there what is enough."""
    while True:
        try:
            fetched.rename(target)
            return
        except OSError:  # how a system says that a folder with files is there
            if not target.exists():
                raise
        if _has(target, enough):
            return
        # Of another lock file, or without what the tests need; another program may be faster.
        older = pathlib.Path(tempfile.mkdtemp(prefix="older-", dir=fetched.parent))
        with contextlib.suppress(FileNotFoundError):
            target.rename(older / target.name)
