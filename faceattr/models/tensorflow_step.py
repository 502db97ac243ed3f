"""One update of `ResidualGAN` on Keras's TensorFlow backend, under any tf.distribute strategy."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import ops


class Step:
    """What `ResidualGAN` has of TensorFlow: gradients, and the arithmetic of replicas."""

    def train_step(self: Any, images: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One update of all three networks from one evaluation of the objective.

        Args:
            images: the pair (x0, x1), float32 [n, s, s, 3] in [-1, 1] each.

        Returns:
            the running mean of every term of `Objective`.
        """
        generator, discriminator = self.generator_variables, self.discriminator.trainable_variables
        # Each tape watches only its own player, so neither records the other's half of the graph.
        with (
            tf.GradientTape(watch_accessed_variables=False) as generator_tape,
            tf.GradientTape(watch_accessed_variables=False) as discriminator_tape,
        ):
            generator_tape.watch([variable.value for variable in generator])
            discriminator_tape.watch([variable.value for variable in discriminator])
            objective = self.objective(images, training=True)
            # The optimizers sum gradients over replicas; the loss is a mean over the global batch.
            replicas = tf.distribute.get_strategy().num_replicas_in_sync
            generator_loss = self.generator_optimizer.scale_loss(
                objective.generator_loss / replicas
            )
            discriminator_loss = self.discriminator_optimizer.scale_loss(
                objective.discriminator_loss / replicas
            )
        generator_gradients = generator_tape.gradient(
            generator_loss, [variable.value for variable in generator]
        )
        discriminator_gradients = discriminator_tape.gradient(
            discriminator_loss, [variable.value for variable in discriminator]
        )
        for optimizer, gradients, variables in (
            (self.generator_optimizer, generator_gradients, generator),
            (self.discriminator_optimizer, discriminator_gradients, discriminator),
        ):
            scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
            optimizer.apply(_agreed(gradients) if scaled else gradients, variables)
        self.finish_step()
        return reducible(self.update_means(objective))

    def test_step(self: Any, images: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The terms of `Objective` on a held-out batch, with inference statistics."""
        return reducible(self.update_means(self.objective(images, training=False)))

    def _maybe_symbolic_build(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: `ResidualGAN` is built when it is made.

        Keras would average a batch over all workers first, only to learn its shape, and fails at
        that for a pair of images.
        """

    @staticmethod
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
