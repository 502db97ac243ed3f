"""Adam as every network here is trained, and how its rate falls."""

from typing import Any

import keras

from faceattr.models.family import LEARNING_RATE

# Not given in the paper: DCGAN's, which goes with this learning rate.
_BETA_1 = 0.5


def adam(learning_rate: Any = LEARNING_RATE, **kwargs: Any) -> keras.optimizers.Optimizer:
    """Adam as the paper has it for all three networks; `**kwargs` are those of Keras's Adam."""
    return keras.optimizers.Adam(learning_rate, beta_1=_BETA_1, **kwargs)


def learning_rate(rate: float, decay: str, steps: int) -> Any:
    """A learning rate for Keras's optimizers that falls to zero over `steps`, or does not."""
    schedules = keras.optimizers.schedules
    if decay == "linear":
        return schedules.PolynomialDecay(rate, steps, end_learning_rate=0.0)
    if decay == "cosine":
        return schedules.CosineDecay(rate, steps)
    return rate


def loss_scaled(
    optimizer: keras.optimizers.Optimizer, compute_dtype: str
) -> keras.optimizers.Optimizer:
    """An optimizer as float16 needs it; Keras wraps only the one that it knows of."""
    scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    if compute_dtype != "float16" or scaled:
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)
