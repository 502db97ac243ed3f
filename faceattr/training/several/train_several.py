"""Several attributes, trained one after the other: each a run, and all together resumable.

several.json           the attribute of each sub-folder, and the settings of all
<attribute>/           the run of one attribute, and strip.png, its edits of a few held-out faces
summary.md, .json      what came of each
montage.png            the strips of all
"""

import dataclasses
import logging
import pathlib
import shutil
import time
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from faceattr.edits import Edit
from faceattr.errors import UserError
from faceattr.files import finished_name
from faceattr.pictures.png import write_png
from faceattr.runs.run import Run, State
from faceattr.runs.settings import TrainConfig
from faceattr.runs.weights import load
from faceattr.training.data import TrainingData
from faceattr.training.devices.strategy import check_shares, compiles, make_strategy, worker
from faceattr.training.plan import write_several
from faceattr.training.several.report import (
    Outcome,
    duration,
    strip,
    strip_path,
    write_report,
)
from faceattr.training.train import check_backend, train
from faceattr.training.watching.guards import TrainingDiverged

_logger = logging.getLogger(__name__)

_STRIP_FACES = 4
# What a training makes before config.json, with which it is a run that can go on.
_BEFORE_SETTINGS = {"checkpoints", "data.json", "samples", "split"}

_Faces = dict[Edit, np.ndarray]


def load_each(
    configs: dict[str, TrainConfig], split_dirs: dict[str, pathlib.Path] | None = None
) -> Iterator[tuple[str, TrainingData]]:
    """Loads the data of each training, for a look: no crop is kept in memory that is a file.

    Args:
        configs: the settings of each, alike but for the attribute.
        split_dirs: the `split` folder of each run that has begun, whose split is taken up again.

    Raises:
        UserError: for data that cannot be used.
    """
    for name, config in configs.items():
        split_dir = (split_dirs or {}).get(name)
        yield name, TrainingData.load(dataclasses.replace(config, cache="none"), split_dir)


def train_several(
    configs: dict[str, TrainConfig],
    folder: pathlib.Path,
    resume: bool = False,
    strategy: Any = None,
) -> list[Outcome]:
    """Trains one attribute after the other, each a run in a sub-folder of `folder`.

    A training whose losses are no longer finite ends, and the next one begins.

    Args:
        configs: the settings of each by its sub-folder, alike but for the attribute; see
            `plan.new_configs` and `plan.resumed_configs`.
        folder: new or empty, unless `resume`.
        resume: bool. Whether to take up what is there: runs that are finished are passed over,
            the others go on or begin.
        strategy: see `train`.

    Returns:
        what came of each; the report is written.

    Raises:
        UserError: for settings, data or a folder that cannot be used; problems of any attribute's
            data are found before the first training begins.
        TrainingStopped: on Ctrl-C or SIGTERM, after a checkpoint was saved.
    """
    strategy = make_strategy() if strategy is None else strategy
    runs = {name: Run(folder / name) for name in configs}
    # Looked at once, so that machines that train together decide alike.
    states = {
        name: _state(runs[name], config) if resume else "new" for name, config in configs.items()
    }
    chief = worker(strategy)[0] == 0
    _check(configs, folder, resume, strategy)
    faces = _strip_faces(configs, runs, states)
    if chief:
        folder.mkdir(parents=True, exist_ok=True)
        write_several(folder, configs)
    outcomes: list[Outcome] = []
    speed = _Speed()
    left = {
        name: 0 if states[name] == "finished" else config.steps - _steps_done(runs[name])
        for name, config in configs.items()
    }
    for place, (name, config) in enumerate(configs.items(), start=1):
        run, state = runs[name], states[name]
        _logger.info(
            "\n=== attribute %d of %d: %s%s",
            place,
            len(configs),
            config.attr,
            ", finished" if state == "finished" else speed.time_left(sum(left.values())),
        )
        problem = None
        if state != "finished":
            start = time.monotonic()
            problem = _train_one(config, run, state, strategy)
            if problem is None:
                speed.add(left[name], time.monotonic() - start)
            left[name] = 0
            # The graph and the weights of this training, before those of the next are made.
            keras.utils.clear_session()
        outcomes.append(Outcome(run, config, problem))
        if chief and problem is None and name in faces:
            _draw_strip(run, faces[name])
    if chief:
        write_report(folder, outcomes)
    return outcomes


def _check(
    configs: dict[str, TrainConfig], folder: pathlib.Path, resume: bool, strategy: Any
) -> None:
    """Raises UserError for what would only be found when an attribute's turn has come."""
    chief = worker(strategy)[0] == 0
    taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if chief and taken and not resume:
        raise UserError(
            f"--run_dir {folder} is not empty; add --resume to go on with what it holds, or name "
            "another folder"
        )
    for name, config in configs.items():
        check_backend(config)
        check_shares(strategy, config.batch_size)
        compiles(config.xla)
        step = _steps_done(Run(folder / name))
        if step > config.steps:
            raise UserError(f"--steps {config.steps}: {config.attr} is at step {step} already")


class _Speed:
    """How fast the trainings of this call were, loading and measuring included."""

    def __init__(self) -> None:
        self.steps = 0
        self.seconds = 0.0

    def add(self, steps: int, seconds: float) -> None:
        self.steps += steps
        self.seconds += seconds

    def time_left(self, steps: int) -> str:
        """The end of a heading; empty while nothing is known."""
        if not self.steps:
            return ""
        return f", about {duration(steps * self.seconds / self.steps)} left in all"


def _train_one(config: TrainConfig, run: Run, state: State, strategy: Any) -> str | None:
    """Trains one attribute; returns why it ended before its last step, if it did."""
    if state == "new" and worker(strategy)[0] == 0:
        _make_way(run)
    try:
        train(config, run.folder, state == "begun", strategy=strategy)
    except TrainingDiverged as problem:
        _logger.warning("%s: %s", config.attr, problem)
        return str(problem)
    return None


def _strip_faces(
    configs: dict[str, TrainConfig], runs: dict[str, Run], states: dict[str, State]
) -> dict[str, _Faces]:
    """Held-out faces for the strips that are to be drawn; finds what is wrong with any data."""
    wanted = {
        name: config
        for name, config in configs.items()
        if states[name] != "finished" or not strip_path(runs[name]).is_file()
    }
    split_dirs = {name: runs[name].split_folder for name in wanted if states[name] != "new"}
    return {
        name: data.sample_crops(configs[name].image_size, _STRIP_FACES)
        for name, data in load_each(wanted, split_dirs)
    }


def _draw_strip(run: Run, faces: _Faces) -> None:
    model = load(run.model_path, run.config.family)
    write_png(strip_path(run), strip(model, faces))


def _steps_done(run: Run) -> int:
    return max((step for step, _ in run.checkpoints), default=0)


def _state(run: Run, config: TrainConfig) -> State:
    """That of the run, which is only begun where it is to be made longer."""
    longer = run.state == "finished" and run.config.steps != config.steps
    return "begun" if longer else run.state


def _make_way(run: Run) -> None:
    """Removes what a training left that was killed before its settings were written."""
    if not run.folder.is_dir() or run.checkpoints:
        return
    names = {finished_name(path.name) for path in run.folder.iterdir()}
    if names <= _BEFORE_SETTINGS:
        shutil.rmtree(run.folder)
