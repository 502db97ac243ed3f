"""What a training takes, found out by a few of its steps before it is started."""

import dataclasses
import statistics
import time
from typing import Any

import keras
import numpy as np

from faceattr.data.packing import cached_in_memory
from faceattr.pictures.words import duration, figures, memory
from faceattr.runs.run import Run
from faceattr.runs.settings import TrainConfig
from faceattr.training.batches import training_batches
from faceattr.training.data import TrainingData
from faceattr.training.devices.strategy import accelerated, compiles, fit_scope
from faceattr.training.train import new_model

_STEPS = 4
# On a CPU a step takes as much longer as its batch is larger, so a few pairs tell.
_PAIRS = 4
_FLOAT32 = 4  # bytes
# A weight, its gradient and Adam's two moments.
_COPIES_OF_A_WEIGHT = 4


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a step of a training takes.

    Attributes:
        parameters: trainable parameters of each player, by its name.
        weight_bytes: of one device: weights, gradients and Adam's moments.
        all_reduce_bytes: what a device sends in a ring all-reduce of the gradients.
        step_seconds: of the training's whole batch.
        measured_pairs: int, the batch that it was measured with; where it is smaller than the
            training's, `step_seconds` is in proportion.
    """

    parameters: dict[str, int]
    weight_bytes: int
    all_reduce_bytes: int
    step_seconds: float
    measured_pairs: int


def measure_cost(
    config: TrainConfig, data: TrainingData, strategy: Any, base: Run | None = None
) -> Cost:
    """Makes a few steps of a training and throws them away.

    Args:
        config: the settings.
        data: what to train on.
        strategy: from `make_strategy`; its replicas get equal shares.
        base: the run that the training begins with, if there is one.
    """
    replicas = strategy.num_replicas_in_sync
    pairs = config.batch_size if accelerated() else min(config.batch_size, _PAIRS * replicas)
    few = dataclasses.replace(config, batch_size=pairs)
    with strategy.scope():
        model = new_model(few, data.attributes, base)
        model.jit_compile = compiles(config.xla)
    clock = _Clock()
    with fit_scope(strategy):
        model.fit(
            training_batches(strategy, _in_memory(few, data), few, range(_STEPS)),
            steps_per_epoch=_STEPS,
            shuffle=False,
            verbose=0,
            callbacks=[clock],
        )
    parameters = {
        player.name: sum(int(np.prod(variable.shape)) for variable in player.variables)
        for player in model.players
    }
    total = sum(parameters.values())
    return Cost(
        parameters=parameters,
        weight_bytes=_FLOAT32 * _COPIES_OF_A_WEIGHT * total,
        all_reduce_bytes=_FLOAT32 * total * 2 * (replicas - 1) // replicas,
        step_seconds=clock.seconds() * config.batch_size / pairs,
        measured_pairs=pairs,
    )


def describe_cost(
    config: TrainConfig, data: TrainingData, strategy: Any, base: Run | None = None
) -> str:
    """What a training with these settings takes on this machine, as lines of text.

    Makes a few steps, on a CPU of a few pairs.

    Args:
        config: the settings.
        data: what to train on.
        strategy: from `make_strategy`.
        base: the run that the training begins with, if there is one.
    """
    cost = measure_cost(config, data, strategy, base)
    replicas = strategy.num_replicas_in_sync
    on = "on one device" if replicas == 1 else f"on each of {replicas} devices"
    parameters = ", ".join(f"{name} {count:,}" for name, count in cost.parameters.items())
    measured = (
        "measured here"
        if cost.measured_pairs == config.batch_size
        else f"measured here with {cost.measured_pairs} pairs a step"
    )
    return "\n".join(
        [
            f"parameters   {parameters}",
            f"weights      {memory(cost.weight_bytes)} {on} with their gradients and moments; the "
            "maps of the networks come on top, and grow with the batch",
            f"all-reduce   {memory(cost.all_reduce_bytes)} per step that each device sends",
            f"time         {figures(cost.step_seconds)} s per step of {config.batch_size} pairs, "
            f"{duration(cost.step_seconds * config.steps)} for {config.steps:,} steps ({measured})",
        ]
    )


def _in_memory(config: TrainConfig, data: TrainingData) -> TrainingData:
    """The same data, with the crops of the first few steps in memory."""
    if data.table.images is not None:
        return data
    draws = data.draws(config)
    indices = np.unique(np.concatenate([draws.rows(step).indices for step in range(_STEPS)]))
    table = cached_in_memory(data.table, indices, config.image_size)
    return TrainingData(table, data.attributes, data.split, data.synthetic)


class _Clock(keras.callbacks.Callback):
    """How long steps take; not the first, which makes the graph."""

    def __init__(self) -> None:
        super().__init__()
        self._ends: list[float] = []

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._ends.append(time.perf_counter())

    def seconds(self) -> float:
        """The median."""
        return statistics.median(np.diff(self._ends).tolist())
