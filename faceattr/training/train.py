"""train(): from settings to a finished run."""

import json
import pathlib
from typing import Any

import keras

from faceattr.errors import UserError
from faceattr.files import replacing, write_text
from faceattr.runs.run import Run
from faceattr.runs.settings import TrainConfig
from faceattr.training.batches import training_batches
from faceattr.training.data import TrainingData
from faceattr.training.devices.strategy import (
    agreement,
    check_shares,
    compiles,
    fit_scope,
    make_deterministic,
    make_strategy,
    worker,
)
from faceattr.training.model import check_backend, complete, new_model, newest_model
from faceattr.training.results import measure
from faceattr.training.watching.callbacks import MetricsLog, Progress, ResetMeans, Samples
from faceattr.training.watching.checkpoints import Checkpoints
from faceattr.training.watching.guards import Advice, FiniteLosses, GracefulStop
from faceattr.training.watching.live_page import LivePage
from faceattr.training.watching.tensorboard_log import TensorBoardLog, tensorboard_is_installed

_SAMPLE_FACES = 8


class TrainingStopped(Exception):
    """The training was stopped before its last step; its checkpoint is saved.

    Attributes:
        step: int, steps done.
    """

    def __init__(self, step: int) -> None:
        super().__init__(f"stopped after step {step}")
        self.step = step


def train(
    config: TrainConfig,
    run_dir: pathlib.Path,
    resume: bool = False,
    strategy: Any = None,
) -> Run:
    """Trains one attribute and leaves a run directory.

    Where several machines train together each calls this with the same arguments, and the chief
    alone writes the run; to resume, all must see its folder.

    Args:
        config: the settings.
        run_dir: the run's folder; new or empty, unless `resume`.
        resume: bool. Whether to go on from the newest checkpoint in `run_dir`.
        strategy: where the networks live, a `tf.distribute.Strategy`, or a `JaxStrategy` on JAX.
            Each replica takes an equal share of every batch. Defaults to `make_strategy()`.

    Returns:
        the run, with `model.keras` and `results.json` written.

    Raises:
        UserError: for settings, data or a run directory that cannot be used.
        TrainingStopped: on Ctrl-C or SIGTERM, after a checkpoint was saved.
        TrainingDiverged: if a loss is NaN or infinite; the last checkpoint is from before.
    """
    if config.deterministic:
        make_deterministic()
    check_backend(config)
    strategy = make_strategy() if strategy is None else strategy
    check_shares(strategy, config.batch_size)
    chief = worker(strategy)[0] == 0
    compiled = compiles(config.xla)
    if resume:
        run = Run.open(run_dir)
        # The split of its first day, whatever has become of the data since.
        data = TrainingData.load(config, run.split_folder)
    else:
        data = TrainingData.load(config)
        run = Run(run_dir)
        if chief:
            run = Run.create(run_dir)
            run.write_data(data.describe(config))
            data.split.write(run.split_folder, data.table)
    with strategy.scope():
        model = (newest_model(run) if resume else None) or new_model(config, data.attribute)
        model.jit_compile = compiled
    first_step = model.steps_done
    if first_step > config.steps:
        raise UserError(f"--steps {config.steps}: the run is at step {first_step} already")
    if chief:
        run.write_config(config)
    if first_step < config.steps:
        _fit(model, strategy, data, config, run, chief)
    if chief:
        complete(model, data)
        with replacing(run.model_path) as beside:
            model.save(beside)
        results = measure(model, data)
        write_text(run.folder / "results.json", json.dumps(results, indent=2) + "\n")
    return run


def _fit(
    model: Any,
    strategy: Any,
    data: TrainingData,
    config: TrainConfig,
    run: Run,
    chief: bool,
) -> None:
    """Makes the steps that are left.

    Raises:
        TrainingStopped, TrainingDiverged: as `train`.
    """
    first_step, steps = model.steps_done, config.steps
    stop = GracefulStop(agreement(strategy))
    callbacks: list[keras.callbacks.Callback] = [
        stop,
        # Before all that write: a step whose losses are not finite leaves no trace.
        FiniteLosses(first_step),
    ]
    if chief:
        callbacks += _writers(data, config, run, first_step)
    # After all that read the means.
    callbacks.append(ResetMeans(first_step))
    batches = training_batches(strategy, data, config, range(first_step, steps))
    with stop, fit_scope(strategy):
        model.fit(
            batches,
            steps_per_epoch=steps - first_step,
            shuffle=False,
            verbose=0,
            callbacks=callbacks,
        )
    if stop.stopped and model.steps_done < steps:
        raise TrainingStopped(model.steps_done)


def _writers(
    data: TrainingData, config: TrainConfig, run: Run, first_step: int
) -> list[keras.callbacks.Callback]:
    """What shows and keeps the training, in the order in which each needs the one before it."""
    steps = config.steps
    faces = (
        data.test_crops(0, config.image_size, _SAMPLE_FACES),
        data.test_crops(1, config.image_size, _SAMPLE_FACES),
    )
    advice = Advice(first_step)
    return [
        Progress(first_step, steps, config.batch_size),
        advice,
        MetricsLog(run, first_step, steps, config.batch_size),
        Samples(run, data.attribute, faces, first_step, config.sample_every, steps),
        *([TensorBoardLog(run, first_step)] if tensorboard_is_installed() else []),
        LivePage(run, first_step, steps, advice),
        Checkpoints(
            run,
            first_step,
            config.checkpoint_every,
            config.checkpoint_minutes,
            config.keep_checkpoints,
            config.best_by,
        ),
    ]
