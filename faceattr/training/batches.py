"""What a training's `fit` is fed: the batches of its steps, on either backend."""

from typing import Any

import keras

from faceattr.errors import UserError
from faceattr.runs.settings import TrainConfig
from faceattr.training.data import TrainingData
from faceattr.training.devices.strategy import worker


def training_batches(strategy: Any, data: TrainingData, config: TrainConfig, steps: range) -> Any:
    """The batches of the given steps, the same for every backend and number of devices.

    Args:
        strategy: from `make_strategy`.
        data: what to train on.
        config: the settings.
        steps: range of steps.

    Raises:
        UserError: on JAX, for crops that are neither packed nor in memory.
    """
    draws = data.draws(config)
    if keras.backend.backend() == "jax":
        from faceattr.data.numpy_batches import NumpyBatches

        if data.table.images is None:
            raise UserError(
                "on JAX the crops must be in memory or packed: --cache memory, or python -m "
                "faceattr.data pack and --data packed"
            )
        return NumpyBatches(data.table, draws, steps, config.jitter)
    from faceattr.data.pipeline import training_batches

    index, workers = worker(strategy)
    # tf.distribute cuts what a worker reads into the shares of all workers and takes one of them a
    # step, so each gets its shares of several steps at once; the last are never asked for.
    ahead = -len(steps) % workers
    batches = training_batches(
        data.table,
        draws,
        config.image_size,
        range(steps.start, steps.stop + ahead),
        config.jitter,
        (index, workers),
    )
    if workers == 1:
        return batches
    return batches.rebatch(config.batch_size, drop_remainder=True)
