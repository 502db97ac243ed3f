"""The model that a training's settings stand for, new or as its newest checkpoint left it."""

import logging
from typing import Any

import keras

from faceattr.attributes import Attribute
from faceattr.errors import UserError
from faceattr.residual_gan import ResidualGAN, adam
from faceattr.training.config import TrainConfig
from faceattr.training.run import Run

_logger = logging.getLogger(__name__)


def new_model(config: TrainConfig, attribute: Attribute) -> ResidualGAN:
    """A model with the initial weights that `config.seed` gives, and its optimizers."""
    keras.utils.set_random_seed(config.seed)
    model = ResidualGAN(
        image_size=config.image_size,
        width=config.width,
        alpha=attribute.alpha if config.alpha is None else config.alpha,
        residual=config.residual,
        dual=config.dual,
        synchronized=config.batchnorm == "synchronized",
        spectral_norm=config.spectral_norm,
        r1=config.r1,
        ema_decay=config.ema_decay,
        dtype=config.precision,
    )
    model.compile(
        *(
            adam(_learning_rate(config), clipnorm=config.clip_norm, name=name)
            for name in _OPTIMIZERS
        )
    )
    return model


_OPTIMIZERS = ("generator_optimizer", "discriminator_optimizer")


def _learning_rate(config: TrainConfig) -> Any:
    schedules = keras.optimizers.schedules
    if config.learning_rate_decay == "linear":
        return schedules.PolynomialDecay(config.learning_rate, config.steps, end_learning_rate=0.0)
    if config.learning_rate_decay == "cosine":
        return schedules.CosineDecay(config.learning_rate, config.steps)
    return config.learning_rate


def newest_model(run: Run) -> ResidualGAN | None:
    """The model of a run's newest checkpoint that is whole; None if it has no checkpoint.

    Raises:
        UserError: if there are checkpoints and none can be loaded.
    """
    for step, path in reversed(run.checkpoints):
        try:
            # Weights that the file lacks, or has too many of, are an error here.
            model = keras.models.load_model(path)
        # Whatever a damaged zip, JSON or HDF5 file raises: the checkpoint before it may be whole.
        except Exception as error:
            _logger.warning("%s is damaged (%s); trying the one before it", path, error)
            continue
        assert model.steps_done == step, f"{path} is of another step"
        _logger.info("going on from %s", path)
        return model
    if run.checkpoints:
        raise UserError(
            f"{run.folder / 'checkpoints'}: no checkpoint can be loaded; start a new run"
        )
    return None
