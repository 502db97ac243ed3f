"""One update of `ResidualGAN` on Keras's JAX backend, for GPUs and TPUs without TensorFlow."""

from collections.abc import Callable
from typing import Any

import jax
import keras
from jax import numpy as jnp
from keras import ops


class Step:
    """What `ResidualGAN` has of JAX: a pure function from one state of training to the next."""

    @property
    def non_trainable_variables(self) -> list[Any]:
        # Keras carries one optimizer's variables from step to step; the other's travel with these.
        own = super().non_trainable_variables  # type: ignore[misc]
        optimizer = getattr(self, "discriminator_optimizer", None)
        return own if optimizer is None else own + optimizer.variables

    def train_step(self: Any, state: Any, images: tuple[Any, Any]) -> tuple[dict[str, Any], Any]:
        """One update of all three networks from one evaluation of the objective.

        Args:
            state: values of the trainable variables, the others, the generator's optimizer and
                the metrics, in Keras's order.
            images: the pair (x0, x1), float32 [n, s, s, 3] in [-1, 1] each.

        Returns:
            the running mean of every term of `Objective`, and the new state.
        """
        trainable, non_trainable, generator_optimizer, metrics = state
        players = (
            (self.generator_variables, self.generator_optimizer),
            (self.discriminator.trainable_variables, self.discriminator_optimizer),
        )
        rest = [
            *zip(self.non_trainable_variables, non_trainable, strict=True),
            *zip(self.generator_optimizer.variables, generator_optimizer, strict=True),
            *zip(self.metrics_variables, metrics, strict=True),
        ]

        def players_losses(trainable: list[Any]) -> Any:
            mapping = [*zip(self.trainable_variables, trainable, strict=True), *rest]
            with keras.StatelessScope(state_mapping=mapping) as scope:
                objective = self.objective(images, training=True)
                scaled = (
                    self.generator_optimizer.scale_loss(objective.generator_loss),
                    self.discriminator_optimizer.scale_loss(objective.discriminator_loss),
                )
            return scaled, (objective, _values(scope, mapping))

        scaled, pull_back, (objective, values) = jax.vjp(players_losses, trainable, has_aux=True)
        for number, (variables, optimizer) in enumerate(players):
            # What a player's loss does not need of the other's half is never computed: XLA drops
            # the gradients that nobody reads.
            cotangents = [jnp.zeros_like(loss) for loss in scaled]
            cotangents[number] = jnp.ones_like(scaled[number])
            (gradients,) = pull_back(tuple(cotangents))
            gradient_of = {
                id(variable): gradient
                for variable, gradient in zip(self.trainable_variables, gradients, strict=True)
            }
            updated, optimizer_values = optimizer.stateless_apply(
                [values[id(variable)] for variable in optimizer.variables],
                [gradient_of[id(variable)] for variable in variables],
                [values[id(variable)] for variable in variables],
            )
            for variable, value in zip(
                [*variables, *optimizer.variables], [*updated, *optimizer_values], strict=True
            ):
                values[id(variable)] = value
        everything = [*self.trainable_variables, *(variable for variable, _ in rest)]
        mapping = [(variable, values[id(variable)]) for variable in everything]
        with keras.StatelessScope(state_mapping=mapping) as scope:
            self.finish_step()
            logs = self.update_means(objective)
        values = _values(scope, mapping)
        return logs, tuple(
            [values[id(variable)] for variable in variables]
            for variables in (
                self.trainable_variables,
                self.non_trainable_variables,
                self.generator_optimizer.variables,
                self.metrics_variables,
            )
        )

    def test_step(self: Any, state: Any, images: tuple[Any, Any]) -> tuple[dict[str, Any], Any]:
        """The terms of `Objective` on a held-out batch, with inference statistics."""
        trainable, non_trainable, metrics = state
        mapping = [
            *zip(self.trainable_variables, trainable, strict=True),
            *zip(self.non_trainable_variables, non_trainable, strict=True),
            *zip(self.metrics_variables, metrics, strict=True),
        ]
        with keras.StatelessScope(state_mapping=mapping) as scope:
            logs = self.update_means(self.objective(images, training=False))
        values = _values(scope, mapping)
        metrics = [values[id(variable)] for variable in self.metrics_variables]
        return logs, (trainable, non_trainable, metrics)

    @staticmethod
    def input_gradient(function: Callable[[Any], Any], images: Any) -> Any:
        """The gradient of `sum(function(images))` by `images`, itself differentiable."""
        return jax.grad(lambda x: ops.sum(function(x)))(images)


def _values(scope: keras.StatelessScope, mapping: list[tuple[Any, Any]]) -> dict[int, Any]:
    """The values of variables at the end of a scope, by the variables' identity."""
    return {id(variable): scope.get_current_value(variable) for variable, _ in mapping}
