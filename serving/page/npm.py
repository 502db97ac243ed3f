"""What the page takes from npm: fetched once, by npm, as the lock file has it."""

import hashlib
import pathlib
import shutil
import subprocess

from faceattr.errors import UserError

_STAMP = ".faceattr-lock"


def packages(lock_folder: pathlib.Path, target: pathlib.Path, development: bool) -> pathlib.Path:
    """The folder `node_modules`; fetches what is missing or of another lock file.

    Args:
        lock_folder: has `package.json` and `package-lock.json`, in which each package has a hash.
        target: where `node_modules` is to be.
        development: whether to fetch what the tests need, too.

    Raises:
        UserError: if npm is not installed, or cannot fetch them.
    """
    lock = (lock_folder / "package-lock.json").read_bytes()
    wanted = {kind: hashlib.sha256(lock + kind).hexdigest() for kind in (b"some", b"all")}
    stamp, modules = target / _STAMP, target / "node_modules"
    there = stamp.read_text(encoding="utf-8") if stamp.is_file() else ""
    if there in ((wanted[b"all"],) if development else wanted.values()):
        return modules
    target.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(lock_folder / name, target / name)
    # No script of a package is run.
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        subprocess.run(
            command if development else [*command, "--omit=dev"],
            cwd=target,
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
    stamp.write_text(wanted[b"all" if development else b"some"], encoding="utf-8")
    return modules
