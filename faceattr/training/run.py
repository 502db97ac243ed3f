"""Run: the directory that one training leaves.

config.json            the settings
data.json              what it was trained on: source, attribute, counts, crop geometry
split/*.txt            the image names of training and test, by class
metrics.jsonl          a line of means every few steps
samples/step-*.png     fixed test faces, their residuals and edits, both directions
checkpoints/*.keras    the newest two, networks and optimizers
model.keras            the finished training
"""

import dataclasses
import json
import pathlib
import re
from typing import Any

from faceattr.errors import UserError
from faceattr.files import replacing, write_text
from faceattr.training.config import TrainConfig

_KEPT_CHECKPOINTS = 2


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

    def sample_path(self, step: int) -> pathlib.Path:
        return self.folder / "samples" / f"step-{step:08d}.png"

    @property
    def model_path(self) -> pathlib.Path:
        """The finished training."""
        return self.folder / "model.keras"

    @property
    def checkpoints(self) -> list[tuple[int, pathlib.Path]]:
        """(step, file) of each checkpoint, oldest first."""
        found = []
        for path in (self.folder / "checkpoints").glob("step-*.keras"):
            if match := re.fullmatch(r"step-(\d+)\.keras", path.name):
                found.append((int(match[1]), path))
        return sorted(found)

    def save_checkpoint(self, model: Any, step: int) -> pathlib.Path:
        """Saves networks and optimizers; the file is there whole or not at all."""
        path = self.folder / "checkpoints" / f"step-{step:08d}.keras"
        with replacing(path) as beside:
            model.save(beside)
        for _, old in self.checkpoints[:-_KEPT_CHECKPOINTS]:
            old.unlink()
        return path
