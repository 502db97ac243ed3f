"""The folders that models lie in: a base path holds numbered version folders."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from faceattr.errors import UserError

from .wire.rest_path import LARGEST_VERSION

SAVED_MODEL_FILE = "saved_model.pb"


@dataclass(frozen=True)
class Latest:
    """The version policy that serves the highest numbers.

    Attributes:
        count: int, how many of them.
    """

    count: int = 1

    def chosen(self, numbers: list[int]) -> list[int]:
        """Those of the numbers, in rising order, that are to be served."""
        return numbers[-self.count :]


@dataclass(frozen=True)
class All:
    """The version policy that serves every version there is."""

    def chosen(self, numbers: list[int]) -> list[int]:
        """Those of the numbers, in rising order, that are to be served."""
        return numbers


@dataclass(frozen=True)
class Specific:
    """The version policy that serves the versions that it names."""

    numbers: tuple[int, ...]

    def chosen(self, numbers: list[int]) -> list[int]:
        """Those of the numbers, in rising order, that are to be served."""
        return [number for number in numbers if number in self.numbers]


@dataclass(frozen=True)
class ModelSource:
    """A model to be served.

    Attributes:
        name: str, as it stands in the paths.
        base_path: the folder that holds its numbered version folders.
        policy: which of them are served.
        labels: versions by their label.
    """

    name: str
    base_path: Path
    policy: Latest | All | Specific = Latest()
    labels: dict[str, int] = field(default_factory=dict, hash=False)


def find_versions(base_path: Path) -> dict[int, Path]:
    """Finds the numbered version folders directly under a base path, lowest first.

    Raises:
        OSError: where it cannot be read.
    """
    found = {
        int(entry.name): entry
        for entry in base_path.iterdir()
        if entry.name.isascii() and entry.name.isdecimal() and entry.is_dir()
    }
    return {number: found[number] for number in sorted(found) if number <= LARGEST_VERSION}


def contents(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What a folder holds: name, size and time of change of every file, in nanoseconds.

    Two that are equal tell that nobody wrote to it in between.
    """
    found = []
    for path in sorted(folder.rglob("*")):
        try:
            about = path.stat()
        except OSError:  # gone while we looked
            continue
        found.append((path.relative_to(folder).as_posix(), about.st_size, about.st_mtime_ns))
    return tuple(found)


def check_base_path(base_path: Path, flag: str = "--model_base_path") -> None:
    """Checks that a folder holds at least one numbered version folder.

    Args:
        base_path: the folder.
        flag: str, where it was named: what the message begins with.

    Raises:
        UserError: with the flag's name and the likely right folder, where it does not.
    """
    flag = f"{flag}: '{base_path}'"
    if not base_path.exists():
        raise UserError(
            f"{flag} does not exist; pass the folder that holds the numbered version folders, "
            "such as bundles/add_glasses/saved_model"
        )
    if not base_path.is_dir():
        raise UserError(f"{flag} is not a folder; pass the folder that holds the version folders")
    try:
        versions = find_versions(base_path)
    except OSError as error:
        raise UserError(
            f"{flag} cannot be read ({error.strerror}); grant this user access to it"
        ) from error
    if versions:
        return
    if (base_path / SAVED_MODEL_FILE).is_file():
        raise UserError(
            f"{flag} is itself a SavedModel; put it in a folder with a number for a name, such as "
            f"1, and pass the folder above it"
        )
    nested = base_path / "saved_model"
    if nested.is_dir() and find_versions(nested):
        raise UserError(f"{flag} has no numbered version folder; pass '{nested}'")
    raise UserError(
        f"{flag} has no numbered version folder; the SavedModel belongs in a folder such as "
        f"'{base_path / '1'}'"
    )
