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
results.json           what it measured, and of which step; written last
"""

import dataclasses
import json
import math
import pathlib
from typing import Any, Literal

from faceattr.attributes import Attribute, find_attribute
from faceattr.edits import Edit
from faceattr.errors import UserError
from faceattr.files import write_text
from faceattr.runs.checkpoint_files import CheckpointFiles, files_of_steps
from faceattr.runs.settings import TrainConfig

State = Literal["new", "begun", "finished"]


@dataclasses.dataclass(frozen=True)
class Run(CheckpointFiles):
    """Paths and files of a run directory; keeps no state of its own."""

    @classmethod
    def create(cls, folder: pathlib.Path) -> "Run":
        """Makes a new run directory; it is a run once its settings are written.

        Raises:
            UserError: if the folder exists and is not empty.
        """
        cls.check_new(folder)
        for name in ("samples", "checkpoints"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        return cls(folder)

    @staticmethod
    def check_new(folder: pathlib.Path) -> None:
        """Checks that a run may begin in a folder.

        Raises:
            UserError: if it exists and is not empty.
        """
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UserError(
                f"--run_dir {folder} is not empty; add --resume to go on with that run, or name "
                "another folder"
            )

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
    def attributes(self) -> tuple[Attribute, ...]:
        """The attributes that the run learns to edit."""
        data = self.data
        # Earlier runs learned one, and named it by itself.
        columns = [each["column"] for each in data.get("attributes", [data])]
        return tuple(find_attribute(column, [column]) for column in columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """Of all attributes that its networks edit: those that they were added to, then its own."""
        before = self.data.get("added_to", {}).get("columns", ())
        return (*before, *(attribute.column for attribute in self.attributes))

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits that the run learns."""
        return tuple(edit for attribute in self.attributes for edit in attribute.edits)

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

    def seconds_trained(self, steps: float = math.inf) -> float:
        """How long the steps in `metrics.jsonl` took, over all the times that the run went on.

        Args:
            steps: int, those of the first so many alone. Defaults to all.
        """
        seconds, last = 0.0, 0
        for row in self.read_metrics()[0]:
            if row["step"] > steps:
                break
            pairs = (row["step"] - last) * self.config.batch_size
            seconds += pairs / max(row["pairs_per_second"], 1e-3)
            last = row["step"]
        return seconds

    def sample_path(self, step: int) -> pathlib.Path:
        return self.folder / "samples" / f"step-{step:08d}.png"

    @property
    def samples(self) -> list[tuple[int, pathlib.Path]]:
        """(step, file) of each sample grid, oldest first."""
        return files_of_steps(self.folder / "samples", "png")

    @property
    def results(self) -> dict[str, Any]:
        """What the training measured at its end; empty where it did not come to one."""
        try:
            return json.loads(self._results_path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}

    def write_results(self, results: dict[str, Any], steps: int) -> None:
        """Writes `results.json`, with which a run is finished.

        Args:
            results: what was measured.
            steps: int, those of the model that it was measured of.
        """
        write_text(self._results_path, json.dumps({**results, "steps": steps}, indent=2) + "\n")

    @property
    def _results_path(self) -> pathlib.Path:
        return self.folder / "results.json"

    @property
    def state(self) -> State:
        """`"new"`, `"begun"`, or `"finished"`: all the steps of its settings are made and measured.

        A run that is made longer is begun again until it has its new steps.
        """
        if not self._config_path.is_file():
            return "new"
        if not self.model_path.is_file() or not self._results_path.is_file():
            return "begun"
        return "finished" if self._measured_steps() == self.config.steps else "begun"

    def _measured_steps(self) -> int | None:
        if (steps := self.results.get("steps")) is not None:
            return steps
        # Earlier runs did not say: their results are of the newest checkpoint, if they are newer.
        if not self.checkpoints:
            return self.config.steps
        step, newest = self.checkpoints[-1]
        measured = self._results_path.stat().st_mtime >= newest.stat().st_mtime
        return step if measured else None

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
