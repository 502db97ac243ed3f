"""One update of `VAEGAN` on Keras's TensorFlow backend, under any tf.distribute strategy."""

from typing import Any

import tensorflow as tf

from faceattr.models import tensorflow_step
from faceattr.models.vae_gan import losses


class Step(tensorflow_step.Step):
    """What `VAEGAN` has of TensorFlow: gradients, and the arithmetic of replicas."""

    def train_step(self: Any, images: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One update of the three networks (Larsen's Algorithm 1), each pass made once.

        Each network's loss reaches it by the chain rule, from the generated images: D's gradient
        by them is minus the decoder's share of it, and the feature term's goes on through the
        decoder to the codes. Nothing of L_GAN reaches the encoder, and nothing of L_llike reaches
        D ("limiting error signals to relevant networks").

        Args:
            images: the pair (x0, x1), float32 [n, s, s, 3] in [-1, 1] each.

        Returns:
            the running mean of every term of `Terms`.
        """
        encoder, decoder, discriminator = (
            [variable.value for variable in network.trainable_variables]
            for _, network, _ in self.players
        )
        context = tf.distribute.get_replica_context()
        # The optimizers sum gradients over replicas; each loss is a mean over the global batch.
        share = 1.0 / tf.cast(context.num_replicas_in_sync, tf.float32)
        real = tf.concat(images, axis=0)
        with tf.GradientTape(watch_accessed_variables=False) as encoder_tape:
            encoder_tape.watch(encoder)
            mean, log_variance = self.encoder(real, training=True)
            noise = self._noise(tf.shape(mean), context)
            codes = mean + tf.exp(log_variance / 2.0) * noise[0]
            prior = losses.prior_loss(mean, log_variance)
        with tf.GradientTape(watch_accessed_variables=False, persistent=True) as decoder_tape:
            decoder_tape.watch([codes, *decoder])
            generated = self.decoder(tf.concat([codes, noise[1]], axis=0), training=True)
        with tf.GradientTape(watch_accessed_variables=False, persistent=True) as tape:
            tape.watch([generated, *discriminator])
            logits, features = self.discriminator(
                tf.concat([real, generated], axis=0), training=True
            )
            terms = self.terms(real, generated, prior, logits, features)
        *discriminator_gradients, by_gan = tape.gradient(
            terms.discriminator_loss, [*discriminator, generated], output_gradients=share
        )
        by_features = tape.gradient(terms.feature_loss, generated, output_gradients=share)
        decoder_gradients = decoder_tape.gradient(
            generated, decoder, output_gradients=self.gamma * by_features - by_gan
        )
        by_codes = decoder_tape.gradient(generated, codes, output_gradients=by_features)
        encoder_gradients = encoder_tape.gradient(
            [codes, prior], encoder, output_gradients=[by_codes, share]
        )
        waits = self.discriminator_waits(logits)
        discriminator_gradients = [
            tf.where(waits, tf.zeros_like(gradient), gradient)
            for gradient in discriminator_gradients
        ]
        for (_, network, optimizer), gradients in zip(
            self.players,
            (encoder_gradients, decoder_gradients, discriminator_gradients),
            strict=True,
        ):
            optimizer.apply(gradients, network.trainable_variables)
        self.finish_step(mean)
        return tensorflow_step.reducible(self.update_means(terms))

    def _noise(self: Any, shape: tf.Tensor, context: Any) -> tf.Tensor:
        """Two draws of N(0, I), [2, *shape], the same whenever the step is made again.

        So a training that goes on from a checkpoint ends as one that was never stopped.
        """
        replica = tf.cast(context.replica_id_in_sync_group, tf.int32)
        seed = tf.stack([tf.cast(self.steps, tf.int32), replica])
        return tf.random.stateless_normal(tf.concat([[2], shape], axis=0), seed)
