"""train(): from settings to a finished run."""

import pathlib
from typing import Any

import keras

from faceattr.attributes import Attribute
from faceattr.errors import UserError
from faceattr.files import replacing
from faceattr.models.family import Phase, Task
from faceattr.models.optimizer import adam, learning_rate
from faceattr.pictures.png import write_png
from faceattr.runs.run import Run
from faceattr.runs.settings import TrainConfig
from faceattr.runs.weights import finished_model, newest_model
from faceattr.training.batches import training_batches
from faceattr.training.beginning import fine_tunes, kept_split, told_of_base
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
from faceattr.training.results import measure
from faceattr.training.watching.callbacks import (
    MetricsLog,
    Progress,
    ResetMeans,
    Samples,
    sample_grid,
)
from faceattr.training.watching.checkpoints import Checkpoints
from faceattr.training.watching.guards import Advice, FiniteLosses, GivenAdvice, GracefulStop
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
    base: Run | None = None,
) -> Run:
    """Trains what the settings say and leaves a run directory.

    Where several machines train together each calls this with the same arguments, and the chief
    alone writes the run; to resume, all must see its folder.

    Args:
        config: the settings.
        run_dir: the run's folder; new or empty, unless `resume`.
        resume: bool. Whether to go on from the newest checkpoint in `run_dir`.
        strategy: where the networks live, a `tf.distribute.Strategy`, or a `JaxStrategy` on JAX.
            Each replica takes an equal share of every batch. Defaults to `make_strategy()`.
        base: a finished run with whose networks it begins, see `Family.begin` and `Family.extend`.
            To resume, it is not needed.

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
    run = Run.open(run_dir) if resume else Run(run_dir)
    split_folder: pathlib.Path | None = None
    if resume:
        # The split of its first day, whatever has become of the data since.
        split_folder = run.split_folder
    else:
        if chief:
            Run.check_new(run_dir)
        if base is not None:
            split_folder = kept_split(config, base)
    data = TrainingData.load(config, split_folder)
    with strategy.scope():
        model = (newest_model(run) if resume else None) or new_model(config, data.attributes, base)
        model.jit_compile = compiled
    first_step = model.steps_done
    if first_step > config.steps:
        raise UserError(f"--steps {config.steps}: the run is at step {first_step} already")
    if chief:
        # After all that takes its time: what is killed in it leaves no folder that is half a run.
        if not resume:
            run = Run.create(run_dir)
            told = {} if base is None else told_of_base(data.attributes, base)
            run.write_data({**told, **data.describe(config)})
            data.split.write(run.split_folder, data.table)
        if base is not None:  # a run that goes on has it from here
            run.save_checkpoint(model, first_step)
        run.write_config(config)
    advice = Advice(config.family.alarms)
    for phase in config.family.phases(config.options, config.steps):
        stop = config.steps if phase.stop is None else min(phase.stop, config.steps)
        if model.steps_done < stop:
            # A player that does not learn has no curves to be judged by.
            said = Advice(()) if phase.players else advice
            _fit(model, strategy, data, config, run, chief, phase, stop, said)
    if chief:
        model = config.family.complete(model, data, data.edits)
        # The last grid is of the model that is kept.
        faces = data.sample_crops(config.image_size, _SAMPLE_FACES)
        write_png(run.sample_path(config.steps), sample_grid(model, faces))
        with replacing(run.model_path) as beside:
            model.save(beside)
        run.write_results(measure(model, config.family, data), config.steps)
    return run


def check_backend(config: TrainConfig) -> None:
    """Raises UserError for a model that Keras's backend does not train."""
    backend = keras.backend.backend()
    if backend not in config.family.backends:
        raise UserError(
            f"--model {config.model} trains on {' and '.join(config.family.backends)}; leave "
            f"KERAS_BACKEND={backend} out, or --model"
        )


def new_model(
    config: TrainConfig, attributes: tuple[Attribute, ...], base: Run | None = None
) -> Any:
    """A model with the initial weights that `config.seed` gives, and its optimizers.

    Args:
        config: the settings.
        attributes: what it learns to edit.
        base: a finished run whose weights it begins with, if there is one.
    """
    keras.utils.set_random_seed(config.seed)
    task = Task(
        attributes=attributes,
        options=config.options,
        image_size=config.image_size,
        width=config.width,
        precision=config.precision,
        synchronized=config.batchnorm == "synchronized",
    )
    family = config.family
    if base is None or fine_tunes(attributes, base):
        model = family.build(task)
        if base is not None:
            family.begin(model, finished_model(base))
    else:
        model = family.extend(finished_model(base), task)
    model.compile(*(_optimizer(config, player) for player in model.networks_of))
    return model


def _optimizer(config: TrainConfig, player: str) -> keras.optimizers.Optimizer:
    steps = config.family.learning_steps(player, config.options, config.steps)
    rate = learning_rate(config.learning_rate, config.learning_rate_decay, steps)
    return adam(
        rate,
        beta_2=config.family.beta_2,
        clipnorm=config.clip_norm,
        name=f"{player}_optimizer",
    )


def _fit(
    model: Any,
    strategy: Any,
    data: TrainingData,
    config: TrainConfig,
    run: Run,
    chief: bool,
    phase: Phase,
    last_step: int,
    advice: Advice,
) -> None:
    """Makes the steps of a phase that are left.

    Raises:
        TrainingStopped, TrainingDiverged: as `train`.
    """
    first_step = model.steps_done
    model.learning = phase.players
    model.train_function = None  # an earlier phase's, which had others learn
    stop = GracefulStop(agreement(strategy))
    callbacks: list[keras.callbacks.Callback] = [
        stop,
        # Before all that write: a step whose losses are not finite leaves no trace.
        FiniteLosses(first_step),
    ]
    if chief:
        callbacks += _writers(data, config, run, first_step, advice)
    # After all that read the means.
    callbacks.append(ResetMeans(first_step))
    batches = training_batches(strategy, data, config, range(first_step, last_step))
    with stop, fit_scope(strategy):
        model.fit(
            batches,
            steps_per_epoch=last_step - first_step,
            shuffle=False,
            verbose=0,
            callbacks=callbacks,
        )
    if stop.stopped and model.steps_done < config.steps:
        raise TrainingStopped(model.steps_done)


def _writers(
    data: TrainingData, config: TrainConfig, run: Run, first_step: int, advice: Advice
) -> list[keras.callbacks.Callback]:
    """What shows and keeps the training, in the order in which each needs the one before it."""
    steps, terms = config.steps, config.family.terms(data.edits)
    faces = data.sample_crops(config.image_size, _SAMPLE_FACES)
    return [
        Progress(first_step, steps, len(data.draws(config).rows(first_step)), terms),
        GivenAdvice(first_step, advice),
        MetricsLog(run, first_step, steps, config.batch_size),
        Samples(run, faces, first_step, config.sample_every, steps),
        *([TensorBoardLog(run, first_step, terms)] if tensorboard_is_installed() else []),
        LivePage(run, first_step, terms, advice),
        Checkpoints(
            run,
            first_step,
            config.checkpoint_every,
            config.checkpoint_minutes,
            config.keep_checkpoints,
            config.best_by,
        ),
    ]
