"""One update of an `AdversarialModel` on TensorFlow, under any tf.distribute strategy."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf
from keras import ops

if TYPE_CHECKING:
    from faceattr.models.adversarial import AdversarialModel


def train_step(model: AdversarialModel, batch: Any) -> dict[str, tf.Tensor]:
    """One update of the players that learn, from one evaluation of the objective.

    Args:
        batch: what `objective` takes.

    Returns:
        the running mean of every term.
    """
    terms, gradients, seen = model.player_gradients(batch)
    for player in model.learning_players:
        scaled = isinstance(player.optimizer, keras.optimizers.LossScaleOptimizer)
        found = gradients[player.name]
        player.optimizer.apply(_agreed(found) if scaled else found, player.variables)
    model.finish_step(seen)
    return reducible(model.update_means(terms))


def player_gradients(
    model: AdversarialModel, batch: Any
) -> tuple[Any, dict[str, list[tf.Tensor]], Any]:
    """The terms of a batch, and the gradients of each player's loss by its variables.

    Returns:
        the terms; player -> gradients, of those that learn; and what `finish_step` is given.
    """
    players = model.learning_players
    values = [[variable.value for variable in player.variables] for player in players]
    # The optimizers sum gradients over replicas; a loss is a mean over the global batch.
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    with contextlib.ExitStack() as stack:
        # Each tape watches only its own player, so none records the others' part of the graph.
        tapes = [
            stack.enter_context(tf.GradientTape(watch_accessed_variables=False)) for _ in players
        ]
        for tape, watched in zip(tapes, values, strict=True):
            tape.watch(watched)
        terms = model.objective(batch, training=True)
        losses = [
            player.optimizer.scale_loss(getattr(terms, f"{player.name}_loss") / replicas)
            for player in players
        ]
    gradients = {
        player.name: tape.gradient(loss, watched)
        for player, tape, loss, watched in zip(players, tapes, losses, values, strict=True)
    }
    return terms, gradients, None


def test_step(model: AdversarialModel, batch: Any) -> dict[str, tf.Tensor]:
    """The terms on a held-out batch, with inference statistics."""
    return reducible(model.update_means(model.objective(batch, training=False)))


def carried_variables(model: AdversarialModel) -> Sequence[Any]:
    """None: TensorFlow's optimizers keep their own variables."""
    return ()


def input_gradient(function: Callable[[Any], Any], images: tf.Tensor) -> tf.Tensor:
    """The gradient of `sum(function(images))` by `images`, itself differentiable."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        total = ops.sum(function(images))
    return tape.gradient(total, images)


def _agreed(gradients: list[tf.Tensor]) -> list[tf.Tensor]:
    """Gradients that overflowed on one replica made not finite on all.

    Keras's loss scaling asks the first replica alone whether to skip a step.
    """
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return gradients
    nought_or_nan = tf.add_n([tf.reduce_sum(0.0 * gradient) for gradient in gradients])
    nought_or_nan = context.all_reduce(tf.distribute.ReduceOp.SUM, nought_or_nan)
    return [gradients[0] + nought_or_nan, *gradients[1:]]


def reducible(logs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    # Keras reduces the logs of several workers along their first axis, which scalars have not.
    if isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy):
        return {name: keras.ops.reshape(value, (1,)) for name, value in logs.items()}
    return logs
