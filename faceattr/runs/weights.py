"""The model of a run: of its newest checkpoint, or finished."""

import logging
import pathlib
from typing import Any

import keras

from faceattr.errors import UserError
from faceattr.models.family import Family
from faceattr.runs.run import Run

_logger = logging.getLogger(__name__)


def load(path: pathlib.Path, family: Family) -> Any:
    """The model of a .keras file of a run, with its optimizers.

    Args:
        path: the file.
        family: of the run's settings.
    """
    family.model_class()
    # Weights that the file lacks, or has too many of, are an error here.
    return keras.models.load_model(path)


def newest_model(run: Run) -> Any | None:
    """The model of a run's newest checkpoint that is whole; None if it has no checkpoint.

    Raises:
        UserError: if there are checkpoints and none can be loaded.
    """
    family = run.config.family
    for step, path in reversed(run.checkpoints):
        try:
            model = load(path, family)
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


def finished_model(run: Run) -> Any:
    """The model that a run's edits are made with.

    Where the training is not finished this is the newest checkpoint's, with a warning.

    Raises:
        UserError: if the run has no weights yet.
    """
    if run.state == "finished":
        return load(run.model_path, run.config.family)
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
