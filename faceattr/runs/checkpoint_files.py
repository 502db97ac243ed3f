"""The checkpoints of a run: the newest few, and the best one where it is asked for."""

import dataclasses
import json
import os
import pathlib
import re
import shutil
from typing import Any

from faceattr.files import finished_name, replacing, write_text


@dataclasses.dataclass(frozen=True)
class Best:
    """Why a checkpoint is the best so far.

    Attributes:
        step: int, steps done when it was saved.
        term: str, the term of `Objective` that judged it.
        value: float, the mean of that term over the steps that were judged; lower is better.
    """

    step: int
    term: str
    value: float


@dataclasses.dataclass(frozen=True)
class CheckpointFiles:
    """Checkpoints in the folder of a run.

    Attributes:
        folder: of the run.
    """

    folder: pathlib.Path

    @property
    def checkpoints(self) -> list[tuple[int, pathlib.Path]]:
        """(step, file) of each checkpoint, oldest first; the best of them is not listed again."""
        return files_of_steps(self._checkpoint_folder, "keras")

    @property
    def _checkpoint_folder(self) -> pathlib.Path:
        return self.folder / "checkpoints"

    def save_checkpoint(self, model: Any, step: int, keep: int = 2) -> pathlib.Path:
        """Saves networks and optimizers; the file is there whole or not at all.

        Args:
            model: what is trained.
            step: int, steps done.
            keep: int >= 1, how many checkpoints to keep. Older ones are deleted once the new one
                is on the disk, and so are those of later steps: they were damaged, or this
                training would have gone on from them.
        """
        assert keep >= 1, f"a run cannot keep {keep} checkpoints"
        path = self._checkpoint_folder / f"step-{step:08d}.keras"
        with replacing(path) as beside:
            model.save(beside)
            # A file can be renamed before its bytes are on the disk. Not so here: after a power
            # failure there must be a checkpoint to go on from, and the older ones are deleted.
            with beside.open("rb+") as saved:
                os.fsync(saved.fileno())
        found = self.checkpoints
        kept = [file for at, file in found if at <= step][-keep:]
        for _, file in found:
            if file not in kept:
                file.unlink()
        # What a killed training was writing, large, and of a step that may not come again.
        for file in self._checkpoint_folder.glob("partial-*.keras"):
            if re.fullmatch(r"step-\d+\.keras", finished_name(file.name)):
                file.unlink()
        return path

    @property
    def best_path(self) -> pathlib.Path:
        """The best checkpoint so far, where a term was named to judge by."""
        return self._checkpoint_folder / "best.keras"

    @property
    def _best_record(self) -> pathlib.Path:
        return self._checkpoint_folder / "best.json"

    @property
    def best(self) -> Best | None:
        """What `best_path` is best by; None if there is none, or if its record is damaged."""
        try:
            return Best(**json.loads(self._best_record.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def keep_best(self, checkpoint: pathlib.Path, best: Best) -> None:
        """Makes a checkpoint that was just saved the best one.

        Args:
            checkpoint: its file, linked where the file system can and else copied.
            best: why.
        """
        # The record goes first and comes last, so that it never speaks of another file.
        self._best_record.unlink(missing_ok=True)
        with replacing(self.best_path) as beside:
            beside.unlink(missing_ok=True)
            try:
                beside.hardlink_to(checkpoint)
            except OSError:
                shutil.copyfile(checkpoint, beside)
        write_text(self._best_record, json.dumps(dataclasses.asdict(best)) + "\n")

    def forget_best(self) -> None:
        """Deletes the best checkpoint and its record, if there is one."""
        self._best_record.unlink(missing_ok=True)
        self.best_path.unlink(missing_ok=True)


def files_of_steps(folder: pathlib.Path, suffix: str) -> list[tuple[int, pathlib.Path]]:
    """(step, file) of each `step-<step>.<suffix>`, in the order of the steps."""
    found = []
    for path in folder.glob(f"step-*.{suffix}"):
        if match := re.fullmatch(r"step-(\d+)", path.stem):
            found.append((int(match[1]), path))
    return sorted(found)
