"""One update of an `AdversarialModel` on JAX, for GPUs and TPUs without TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import jax
import keras
from jax import numpy as jnp
from keras import ops

if TYPE_CHECKING:
    from faceattr.models.adversarial import AdversarialModel


def carried_variables(model: AdversarialModel) -> Sequence[Any]:
    """Variables that Keras would not carry from step to step: of all optimizers but the first."""
    others = model.players[1:] if model.compiled else ()
    return [variable for player in others for variable in player.optimizer.variables]


def train_step(model: AdversarialModel, state: Any, batch: Any) -> tuple[dict[str, Any], Any]:
    """One update of the players that learn, from one evaluation of the objective.

    Args:
        state: values of the trainable variables, the others, the first player's optimizer and
            the metrics, in Keras's order.
        batch: what `objective` takes.

    Returns:
        the running mean of every term, and the new state.
    """
    trainable, non_trainable, first_optimizer, metrics = state
    first = model.players[0].optimizer
    players = model.learning_players
    rest = [
        *zip(model.non_trainable_variables, non_trainable, strict=True),
        *zip(first.variables, first_optimizer, strict=True),
        *zip(model.metrics_variables, metrics, strict=True),
    ]

    def players_losses(trainable: list[Any]) -> Any:
        mapping = [*zip(model.trainable_variables, trainable, strict=True), *rest]
        with keras.StatelessScope(state_mapping=mapping) as scope:
            terms = model.objective(batch, training=True)
            scaled = tuple(
                player.optimizer.scale_loss(getattr(terms, f"{player.name}_loss"))
                for player in players
            )
        return scaled, (terms, _values(scope, mapping))

    scaled, pull_back, (terms, values) = jax.vjp(players_losses, trainable, has_aux=True)
    for number, player in enumerate(players):
        # What a player's loss does not need of the others' part is never computed: XLA drops
        # the gradients that nobody reads.
        cotangents = [jnp.zeros_like(loss) for loss in scaled]
        cotangents[number] = jnp.ones_like(scaled[number])
        (gradients,) = pull_back(tuple(cotangents))
        gradient_of = {
            id(variable): gradient
            for variable, gradient in zip(model.trainable_variables, gradients, strict=True)
        }
        optimizer, variables = player.optimizer, player.variables
        updated, optimizer_values = optimizer.stateless_apply(
            [values[id(variable)] for variable in optimizer.variables],
            [gradient_of[id(variable)] for variable in variables],
            [values[id(variable)] for variable in variables],
        )
        for variable, value in zip(
            [*variables, *optimizer.variables], [*updated, *optimizer_values], strict=True
        ):
            values[id(variable)] = value
    everything = [*model.trainable_variables, *(variable for variable, _ in rest)]
    mapping = [(variable, values[id(variable)]) for variable in everything]
    with keras.StatelessScope(state_mapping=mapping) as scope:
        model.finish_step()
        logs = model.update_means(terms)
    values = _values(scope, mapping)
    return logs, tuple(
        [values[id(variable)] for variable in variables]
        for variables in (
            model.trainable_variables,
            model.non_trainable_variables,
            first.variables,
            model.metrics_variables,
        )
    )


def test_step(model: AdversarialModel, state: Any, batch: Any) -> tuple[dict[str, Any], Any]:
    """The terms on a held-out batch, with inference statistics."""
    trainable, non_trainable, metrics = state
    mapping = [
        *zip(model.trainable_variables, trainable, strict=True),
        *zip(model.non_trainable_variables, non_trainable, strict=True),
        *zip(model.metrics_variables, metrics, strict=True),
    ]
    with keras.StatelessScope(state_mapping=mapping) as scope:
        logs = model.update_means(model.objective(batch, training=False))
    values = _values(scope, mapping)
    metrics = [values[id(variable)] for variable in model.metrics_variables]
    return logs, (trainable, non_trainable, metrics)


def input_gradient(function: Callable[[Any], Any], images: Any) -> Any:
    """The gradient of `sum(function(images))` by `images`, itself differentiable."""
    return jax.grad(lambda x: ops.sum(function(x)))(images)


def _values(scope: keras.StatelessScope, mapping: list[tuple[Any, Any]]) -> dict[int, Any]:
    """The values of variables at the end of a scope, by the variables' identity."""
    return {id(variable): scope.get_current_value(variable) for variable, _ in mapping}
