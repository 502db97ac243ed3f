"""Adam as every network here is trained, and how its rate falls."""

from typing import Any

import keras
from keras import ops

from faceattr.models.family import LEARNING_RATE

# Not given in the paper: DCGAN's, which goes with this learning rate.
_BETA_1 = 0.5
_FALLING = 0.6  # the share of a training over which the late decay falls


def adam(learning_rate: Any = LEARNING_RATE, **kwargs: Any) -> keras.optimizers.Optimizer:
    """Adam as the paper has it for all three networks; `**kwargs` are those of Keras's Adam."""
    return keras.optimizers.Adam(learning_rate, beta_1=_BETA_1, **kwargs)


@keras.saving.register_keras_serializable(package="faceattr")
class LateDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that is constant for two fifths of `steps` and then falls evenly to zero."""

    def __init__(self, rate: float, steps: int) -> None:
        self.rate = rate
        self.steps = steps

    def __call__(self, step: Any) -> Any:
        left = 1.0 - ops.cast(step, "float32") / self.steps
        return self.rate * ops.clip(left / _FALLING, 0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        return {"rate": self.rate, "steps": self.steps}


def learning_rate(rate: float, decay: str, steps: int) -> Any:
    """A learning rate for Keras's optimizers that falls to zero over `steps`, or does not."""
    schedules = keras.optimizers.schedules
    if decay == "late":
        return LateDecay(rate, steps)
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
