"""What a bulk run leaves in its folder, so that one that was killed can be gone on with."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
from collections.abc import Iterator, Sequence
from typing import IO, Any

from faceattr.errors import UserError
from faceattr.files import finished_name, write_text

RECORD = "bulk.json"
FAILED = "failed.jsonl"
_STATE = ".bulk"


@dataclasses.dataclass(frozen=True)
class Job:
    """One photo.

    Attributes:
        photo: its file.
        target: where the edited one goes; there, it is done, for files appear whole.
    """

    photo: pathlib.Path
    target: pathlib.Path

    def to_line(self) -> str:
        """As a line of JSON."""
        return json.dumps([str(self.photo), str(self.target)])

    @classmethod
    def from_line(cls, line: str) -> Job:
        """The inverse of `to_line`."""
        photo, target = json.loads(line)
        return cls(pathlib.Path(photo), pathlib.Path(target))


class BulkFolder:
    """The folder of a bulk run: edited photos, `bulk.json`, `failed.jsonl`, and what is hidden.

    All that workers write is a file that appears whole, under a name that follows from the photo's:
    whoever does a photo a second time after all changes nothing.

    Args:
        path: the folder.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self._failures = path / _STATE / "failed"
        self.todo = path / _STATE / "todo.jsonl"

    @contextlib.contextmanager
    def held(self, record: dict[str, Any]) -> Iterator[None]:
        """Begins a run or goes on with one, and lets no other program in meanwhile.

        Args:
            record: a JSON object, what is done to the photos.

        Raises:
            UserError: if the folder holds something else, or a run that does something else, or one
                that is going on.
        """
        known = self.path / RECORD
        if not known.is_file() and self.path.exists():
            self._check_empty()
        try:
            self._failures.mkdir(parents=True, exist_ok=True)
            lock = (self.path / _STATE / "lock").open("w")
        except OSError as error:
            raise UserError(
                f"--output {self.path}: cannot be written ({error.strerror or error})"
            ) from None
        with lock:
            if not _lock(lock):
                raise UserError(f"--output {self.path}: another program is writing there")
            if known.is_file():
                _check_same(known, record)
            else:
                write_text(known, json.dumps(record, indent=2) + "\n")
            yield

    def _check_empty(self) -> None:
        if not self.path.is_dir():
            raise UserError(f"--output {self.path}: a file, but a folder is wanted")
        # One that was killed at once may have left this.
        ours = (_STATE, RECORD)
        if any(finished_name(path.name) not in ours for path in self.path.iterdir()):
            raise UserError(
                f"--output {self.path}: holds files that are not of a bulk run; name a folder that "
                "is new or empty"
            )

    def left(self, jobs: Sequence[Job]) -> list[Job]:
        """The jobs that are neither done nor known to fail."""
        failed = {failure["photo"] for failure in self.failures()}
        return [job for job in jobs if str(job.photo) not in failed and not job.target.exists()]

    def fail(self, job: Job, error: str) -> None:
        """Keeps why a photo could not be edited."""
        name = hashlib.sha256(os.fsencode(job.photo)).hexdigest()[:32]
        failure = {"photo": str(job.photo), "error": error}
        write_text(self._failures / f"{name}.json", json.dumps(failure) + "\n")

    def failures(self) -> list[dict[str, str]]:
        """What `fail` was told, by the photos' names."""
        found = [
            json.loads(path.read_text(encoding="utf-8"))
            for path in self._failures.iterdir()
            if path.name == finished_name(path.name)
        ]
        return sorted(found, key=lambda failure: failure["photo"])

    def list_failures(self, jobs: Sequence[Job]) -> int:
        """Writes `failed.jsonl`: a photo a line, and why it could not be edited.

        Returns:
            how many of the jobs there are in it.
        """
        photos = {str(job.photo) for job in jobs}
        failures = [failure for failure in self.failures() if failure["photo"] in photos]
        # In ASCII, for a name may be no text.
        write_text(self.path / FAILED, "".join(f"{json.dumps(each)}\n" for each in failures))
        return len(failures)

    def write_todo(self, jobs: Sequence[Job]) -> None:
        """Writes the list that the pipeline reads."""
        write_text(self.todo, "".join(f"{job.to_line()}\n" for job in jobs))

    def count(self) -> int:
        """How many files there are for photos, edited or failed; changes as workers go on."""
        return sum(
            name == finished_name(name) for _, _, names in os.walk(self.path) for name in names
        )

    def clear_unfinished(self, jobs: Sequence[Job], before: float) -> None:
        """Removes what a killed run was writing.

        Args:
            jobs: whose targets it may have been writing.
            before: seconds since the epoch; younger files may be somebody's.
        """
        targets = {self.todo, self.path / RECORD, self.path / FAILED}
        targets |= {job.target for job in jobs}
        for folder in {self._failures, *(target.parent for target in targets)}:
            for path in folder.glob("partial-*"):
                target = path.with_name(finished_name(path.name))
                ours = target in targets or (folder == self._failures and target != path)
                if ours and path.stat().st_mtime < before:
                    path.unlink()


def _check_same(known: pathlib.Path, record: dict[str, Any]) -> None:
    try:
        begun = json.loads(known.read_text(encoding="utf-8"))
    except ValueError:
        raise UserError(f"{known}: damaged; name another folder by --output") from None
    # Folders of earlier versions do not say that an edit is not always made.
    begun = {"always": False, **begun}
    differing = [key for key in record if begun.get(key) != record[key]]
    if differing:
        key = differing[0]
        raise UserError(
            f"--{key} {record[key]}: {known.parent} was begun with {begun.get(key)}; name another "
            "folder by --output"
        )


def _lock(file: IO[str]) -> bool:
    """Takes a lock that ends with the process, however it ends; False if another has it."""
    try:
        import fcntl
    except ImportError:  # Windows has no such lock
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
