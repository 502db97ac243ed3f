"""The model that a training's settings stand for: new, of its newest checkpoint, or finished."""

import logging
import pathlib
from typing import Any

import keras

from faceattr.attributes import Attribute
from faceattr.errors import UserError
from faceattr.models.residual_gan.model import ResidualGAN, adam

# Imported for Keras too, which then knows the classes of the .keras files.
from faceattr.models.vae_gan.model import VAEGAN
from faceattr.runs.run import Run
from faceattr.runs.settings import TrainConfig
from faceattr.training.data import TrainingData

_logger = logging.getLogger(__name__)


# Of each class; the authors of the VAE-GAN take 10,000 in all.
_VECTOR_FACES = 10_000


def check_backend(config: TrainConfig) -> None:
    """Raises UserError for a model that Keras's backend does not train."""
    backend = keras.backend.backend()
    if config.model == "vae_gan" and backend != "tensorflow":
        raise UserError(
            f"--model vae_gan trains on TensorFlow; leave KERAS_BACKEND={backend} out, or --model"
        )


def new_model(config: TrainConfig, attribute: Attribute) -> ResidualGAN | VAEGAN:
    """A model with the initial weights that `config.seed` gives, and its optimizers."""
    keras.utils.set_random_seed(config.seed)
    shared: dict[str, Any] = {
        "image_size": config.image_size,
        "width": config.width,
        "synchronized": config.batchnorm == "synchronized",
        "dtype": config.precision,
    }
    model: ResidualGAN | VAEGAN
    players: tuple[str, ...]
    if config.model == "vae_gan":
        model = VAEGAN(**shared)
        players = ("encoder", "decoder", "discriminator")
    else:
        model = ResidualGAN(
            alpha=attribute.alpha if config.alpha is None else config.alpha,
            residual=config.residual,
            dual=config.dual,
            spectral_norm=config.spectral_norm,
            r1=config.r1,
            ema_decay=config.ema_decay,
            **shared,
        )
        players = ("generator", "discriminator")
    model.compile(
        *(
            adam(_learning_rate(config), clipnorm=config.clip_norm, name=f"{player}_optimizer")
            for player in players
        )
    )
    return model


def complete(model: ResidualGAN | VAEGAN, data: TrainingData) -> None:
    """Gives a model, after its last step, what it takes from the training images at once.

    Of a VAE-GAN this is the attribute vector, from up to 10,000 images of each class; until then
    it has one that followed the batches.
    """
    if isinstance(model, VAEGAN):
        negatives, positives = (
            data.train_crops(label, model.image_size, _VECTOR_FACES) for label in (0, 1)
        )
        model.set_vector(model.attribute_vector(negatives, positives))


def _learning_rate(config: TrainConfig) -> Any:
    schedules = keras.optimizers.schedules
    if config.learning_rate_decay == "linear":
        return schedules.PolynomialDecay(config.learning_rate, config.steps, end_learning_rate=0.0)
    if config.learning_rate_decay == "cosine":
        return schedules.CosineDecay(config.learning_rate, config.steps)
    return config.learning_rate


def load(path: pathlib.Path) -> ResidualGAN | VAEGAN:
    """The model of a .keras file of a run, with its optimizers."""
    # Weights that the file lacks, or has too many of, are an error here.
    return keras.models.load_model(path)


def newest_model(run: Run) -> ResidualGAN | VAEGAN | None:
    """The model of a run's newest checkpoint that is whole; None if it has no checkpoint.

    Raises:
        UserError: if there are checkpoints and none can be loaded.
    """
    for step, path in reversed(run.checkpoints):
        try:
            model = load(path)
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


def finished_model(run: Run) -> ResidualGAN | VAEGAN:
    """The model that a run's edits are made with.

    Where the training is not finished this is the newest checkpoint's, with a warning.

    Raises:
        UserError: if the run has no weights yet.
    """
    if run.model_path.is_file():
        return load(run.model_path)
    model = newest_model(run)
    if model is None:
        raise UserError(
            f"{run.folder}: a run without weights; go on with python train.py --run_dir "
            f"{run.folder} --resume"
        )
    _logger.warning(
        "%s: the training is not finished; this is its step %d", run.folder, model.steps_done
    )
    return model
