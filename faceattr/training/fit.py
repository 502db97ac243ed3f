"""train(): from settings to a finished run."""

import json
import logging
import pathlib
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from faceattr import pixels
from faceattr.attributes import Attribute
from faceattr.data.pipeline import training_pairs
from faceattr.errors import UserError
from faceattr.files import replacing, write_text
from faceattr.metrics import psnr
from faceattr.residual_gan import Objective, ResidualGAN
from faceattr.training.callbacks import (
    Advice,
    Checkpoints,
    FiniteLosses,
    GracefulStop,
    MetricsLog,
    Progress,
    Samples,
)
from faceattr.training.config import TrainConfig
from faceattr.training.run import Run
from faceattr.training.strategy import check_shares, make_strategy
from faceattr.training.training_data import TrainingData

_logger = logging.getLogger(__name__)

_SAMPLE_FACES = 8
_EVALUATION_BATCH = 64


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
    strategy: tf.distribute.Strategy | None = None,
) -> Run:
    """Trains one attribute and leaves a run directory.

    Args:
        config: the settings.
        run_dir: the run's folder; new or empty, unless `resume`.
        resume: bool. Whether to go on from the newest checkpoint in `run_dir`.
        strategy: where the networks live. Each replica takes an equal share of every batch, and
            normalises its share alone. Defaults to all GPUs of this machine, or its one device.

    Returns:
        the run, with `model.keras` and `results.json` written.

    Raises:
        UserError: for settings, data or a run directory that cannot be used.
        TrainingStopped: on Ctrl-C or SIGTERM, after a checkpoint was saved.
        TrainingDiverged: if a loss is NaN or infinite; the last checkpoint is from before.
    """
    strategy = make_strategy() if strategy is None else strategy
    check_shares(strategy, config.batch_size)
    if config.deterministic:
        tf.config.experimental.enable_op_determinism()
    if resume:
        run = Run.open(run_dir)
        # The split of its first day, whatever has become of the data since.
        data = TrainingData.load(config, run.split_folder)
    else:
        data = TrainingData.load(config)
        run = Run.create(run_dir)
        run.write_data(data.describe(config))
        data.split.write(run.split_folder, data.table)
    with strategy.scope():
        model, first_step = _model(config, data.attribute, run)
    if first_step > config.steps:
        raise UserError(f"--steps {config.steps}: the run is at step {first_step} already")
    run.write_config(config)
    run.keep_metrics_until(first_step)
    stop = GracefulStop()
    if first_step < config.steps:
        pairs = training_pairs(
            data.table,
            data.split,
            config.image_size,
            config.batch_size,
            config.seed,
            range(first_step, config.steps),
            config.jitter,
        )
        faces = (
            data.test_crops(0, config.image_size, _SAMPLE_FACES),
            data.test_crops(1, config.image_size, _SAMPLE_FACES),
        )
        with stop:
            model.fit(
                pairs,
                steps_per_epoch=config.steps - first_step,
                shuffle=False,
                verbose=0,
                callbacks=[
                    stop,
                    # Before all that write: a step whose losses are not finite leaves no trace.
                    FiniteLosses(first_step),
                    Progress(first_step, config.steps),
                    Advice(first_step),
                    MetricsLog(run, first_step, config.steps, config.batch_size),
                    Samples(
                        run, data.attribute, faces, first_step, config.sample_every, config.steps
                    ),
                    Checkpoints(run, first_step, config.checkpoint_every),
                ],
            )
        step = model.steps_done
        if stop.stopped and step < config.steps:
            raise TrainingStopped(step)
    with replacing(run.model_path) as beside:
        model.save(beside)
    results = _evaluate(model, data, config)
    write_text(run.folder / "results.json", json.dumps(results, indent=2) + "\n")
    return run


def _model(config: TrainConfig, attribute: Attribute, run: Run) -> tuple[ResidualGAN, int]:
    """A new model, or the one of the newest checkpoint that is whole, and its steps done.

    Raises:
        UserError: if there are checkpoints and none can be loaded.
    """
    for step, path in reversed(run.checkpoints):
        try:
            model = keras.models.load_model(path)
        # Whatever a damaged zip, JSON or HDF5 file raises: the checkpoint before it may be whole.
        except Exception as error:
            _logger.warning("%s is damaged (%s); trying the one before it", path, error)
            continue
        assert model.steps_done == step, f"{path} is of another step"
        _logger.info("going on from %s", path)
        return model, step
    if run.checkpoints:
        raise UserError(
            f"{run.folder / 'checkpoints'}: no checkpoint can be loaded; start a new run"
        )
    keras.utils.set_random_seed(config.seed)
    model = ResidualGAN(
        image_size=config.image_size,
        width=config.width,
        alpha=attribute.alpha if config.alpha is None else config.alpha,
        residual=config.residual,
        dual=config.dual,
    )
    model.compile()
    return model, 0


def _evaluate(model: ResidualGAN, data: TrainingData, config: TrainConfig) -> dict[str, Any]:
    """Measures on the held-out faces.

    Returns:
        `objective`: each term of Eq. 8 and 9; on synthetic faces also `truth`: for each edit the
        mean PSNR in dB of the edited and of the unedited image against the true counterfactual.
    """
    crops = [data.test_crops(label, config.image_size) for label in (0, 1)]
    x = [pixels.to_float(images) for images in crops]
    results: dict[str, Any] = {"objective": _objective(model, x)}
    for label, direction in enumerate(("to_positive", "to_negative")):
        truth = data.counterfactuals(label)
        if truth is None:
            continue
        edited = np.concatenate(
            [
                np.asarray(model.edit(x[label][start : start + _EVALUATION_BATCH], direction))
                for start in range(0, len(truth), _EVALUATION_BATCH)
            ]
        )
        results.setdefault("truth", {})[data.attribute.edits[label]] = {
            "edited_psnr": float(psnr(pixels.to_uint8(edited), truth).mean()),
            "unedited_psnr": float(psnr(crops[label], truth).mean()),
            "faces": len(truth),
        }
    return results


def _objective(model: ResidualGAN, x: list[np.ndarray]) -> dict[str, float]:
    """The mean of each term of `Objective` over all pairs of held-out faces."""
    measure = tf.function(lambda pair: model.objective(pair, training=False))
    sums = dict.fromkeys(Objective._fields, 0.0)
    # By hand and not by model.evaluate: replicas would get empty shares of the last batch.
    for start in range(0, len(x[0]), _EVALUATION_BATCH):
        pair = tuple(tf.constant(images[start : start + _EVALUATION_BATCH]) for images in x)
        for name, value in measure(pair)._asdict().items():
            sums[name] += float(value) * len(pair[0])
    return {name: total / len(x[0]) for name, total in sums.items()}
