"""Run: the directory that one training leaves.

config.json            the settings
data.json              what it was trained on: source, attribute, counts, crop geometry
split/*.txt            the image names of training and test, by class
metrics.jsonl          a line of means every few steps
samples/step-*.png     fixed test faces, their residuals and edits, both directions
live.html              the training to look at: curves, samples, settings
tensorboard/           the same for TensorBoard, where it is asked for
checkpoints/*.keras    the newest few, networks and optimizers; best.keras where it is asked for
model.keras            the finished training
"""

import dataclasses
import json
import os
import pathlib
import re
import shutil
from typing import Any

from faceattr.attributes import Attribute, find_attribute
from faceattr.edits import Edit
from faceattr.errors import UserError
from faceattr.files import replacing, write_text
from faceattr.runs.settings import TrainConfig


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
class Run:
    """Paths and files of a run directory; keeps no state of its own."""

    folder: pathlib.Path

    @classmethod
    def create(cls, folder: pathlib.Path) -> "Run":
        """Makes a new run directory; it is a run once its settings are written.

        Raises:
            UserError: if the folder exists and is not empty.
        """
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UserError(
                f"--run_dir {folder} is not empty; add --resume to go on with that run, or name "
                "another folder"
            )
        for name in ("samples", "checkpoints"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        return cls(folder)

    @classmethod
    def open(cls, folder: pathlib.Path) -> "Run":
        """Opens a run directory that a training made.

        Raises:
            UserError: if there is none.
        """
        run = cls(folder)
        if not run._config_path.is_file():
            raise UserError(f"{folder}: no run here (it has no config.json)")
        return run

    @property
    def _config_path(self) -> pathlib.Path:
        return self.folder / "config.json"

    @property
    def config(self) -> TrainConfig:
        return TrainConfig.read(self._config_path)

    def write_config(self, config: TrainConfig) -> None:
        write_text(self._config_path, config.to_json())

    @property
    def data(self) -> dict[str, Any]:
        """What the run was trained on."""
        return json.loads((self.folder / "data.json").read_text(encoding="utf-8"))

    @property
    def attribute(self) -> Attribute:
        """The attribute that the run was trained on."""
        column = self.data["column"]
        return find_attribute(column, [column])

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits that the run learns."""
        return self.attribute.edits

    def write_data(self, data: dict[str, Any]) -> None:
        write_text(self.folder / "data.json", json.dumps(data, indent=2) + "\n")

    @property
    def split_folder(self) -> pathlib.Path:
        """The lists of which image is in which set."""
        return self.folder / "split"

    @property
    def metrics_path(self) -> pathlib.Path:
        return self.folder / "metrics.jsonl"

    def keep_metrics_until(self, step: int) -> None:
        """Drops the rows of steps that a resumed training will see again."""
        if not self.metrics_path.exists():
            return
        lines = self.metrics_path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = []
        for line in lines:
            try:
                row = json.loads(line)
            except json.JSONDecodeError:  # a row cut off by a kill
                continue
            if row["step"] <= step:
                kept.append(line if line.endswith("\n") else line + "\n")
        write_text(self.metrics_path, "".join(kept))

    def read_metrics(self, start: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Rows of `metrics.jsonl`.

        Args:
            start: int, the byte to read from: 0, or where an earlier call ended.

        Returns:
            the rows from there on, and the byte after the last of them; a row that is not whole
            yet waits for the next call.
        """
        if not self.metrics_path.exists():
            return [], start
        with self.metrics_path.open("rb") as file:
            file.seek(start)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        return [json.loads(line) for line in whole.splitlines()], start + len(whole)

    def sample_path(self, step: int) -> pathlib.Path:
        return self.folder / "samples" / f"step-{step:08d}.png"

    @property
    def samples(self) -> list[tuple[int, pathlib.Path]]:
        """(step, file) of each sample grid, oldest first."""
        return _steps_of(self.folder / "samples", "png")

    @property
    def page_path(self) -> pathlib.Path:
        """The page to watch the training on."""
        return self.folder / "live.html"

    @property
    def tensorboard_folder(self) -> pathlib.Path:
        return self.folder / "tensorboard"

    @property
    def model_path(self) -> pathlib.Path:
        """The finished training."""
        return self.folder / "model.keras"

    @property
    def checkpoints(self) -> list[tuple[int, pathlib.Path]]:
        """(step, file) of each checkpoint, oldest first; the best of them is not listed again."""
        return _steps_of(self._checkpoint_folder, "keras")

    @property
    def _checkpoint_folder(self) -> pathlib.Path:
        return self.folder / "checkpoints"

    def save_checkpoint(self, model: Any, step: int, keep: int = 2) -> pathlib.Path:
        """Saves networks and optimizers; the file is there whole or not at all.

        Args:
            model: a `ResidualGAN`.
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
        for file in self._checkpoint_folder.glob("partial-step-*.keras"):
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


def _steps_of(folder: pathlib.Path, suffix: str) -> list[tuple[int, pathlib.Path]]:
    """(step, file) of each `step-<step>.<suffix>`, in the order of the steps."""
    found = []
    for path in folder.glob(f"step-*.{suffix}"):
        if match := re.fullmatch(r"step-(\d+)", path.stem):
            found.append((int(match[1]), path))
    return sorted(found)
