"""The gradients of a `VAEGAN` on TensorFlow, under any tf.distribute strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tensorflow as tf

from faceattr.models.vae_gan import losses

if TYPE_CHECKING:
    from faceattr.models.vae_gan.model import VAEGAN, Terms


def player_gradients(
    model: VAEGAN, images: tuple[tf.Tensor, tf.Tensor]
) -> tuple[Terms, dict[str, list[tf.Tensor]], tf.Tensor]:
    """The gradients of the three networks (Larsen's Algorithm 1), each pass made once.

    Each network's loss reaches it by the chain rule, from the generated images: D's gradient
    by them is minus the decoder's share of it, and the feature term's goes on through the
    decoder to the codes. Nothing of L_GAN reaches the encoder, and nothing of L_llike reaches
    D ("limiting error signals to relevant networks").

    Args:
        images: the pair (x0, x1), float32 [n, s, s, 3] in [-1, 1] each.

    Returns:
        the terms, the gradients of each player, and the mean codes of the batch.
    """
    encoder, decoder, discriminator = (
        [variable.value for variable in player.variables] for player in model.players
    )
    context = tf.distribute.get_replica_context()
    # The optimizers sum gradients over replicas; each loss is a mean over the global batch.
    share = 1.0 / tf.cast(context.num_replicas_in_sync, tf.float32)
    real = tf.concat(images, axis=0)
    with tf.GradientTape(watch_accessed_variables=False) as encoder_tape:
        encoder_tape.watch(encoder)
        mean, log_variance = model.encoder(real, training=True)
        drawn = noise(model, tf.shape(mean), context)
        codes = mean + tf.exp(log_variance / 2.0) * drawn[0]
        prior = losses.prior_loss(mean, log_variance)
    with tf.GradientTape(watch_accessed_variables=False, persistent=True) as decoder_tape:
        decoder_tape.watch([codes, *decoder])
        generated = model.decoder(tf.concat([codes, drawn[1]], axis=0), training=True)
    with tf.GradientTape(watch_accessed_variables=False, persistent=True) as tape:
        tape.watch([generated, *discriminator])
        logits, features = model.discriminator(tf.concat([real, generated], axis=0), training=True)
        terms = model.terms(real, generated, prior, logits, features)
    *discriminator_gradients, by_gan = tape.gradient(
        terms.discriminator_loss, [*discriminator, generated], output_gradients=share
    )
    by_features = tape.gradient(terms.feature_loss, generated, output_gradients=share)
    decoder_gradients = decoder_tape.gradient(
        generated, decoder, output_gradients=model.gamma * by_features - by_gan
    )
    by_codes = decoder_tape.gradient(generated, codes, output_gradients=by_features)
    encoder_gradients = encoder_tape.gradient(
        [codes, prior], encoder, output_gradients=[by_codes, share]
    )
    waits = model.discriminator_waits(logits)
    gradients = {
        "encoder": encoder_gradients,
        "decoder": decoder_gradients,
        "discriminator": [
            tf.where(waits, tf.zeros_like(gradient), gradient)
            for gradient in discriminator_gradients
        ],
    }
    return terms, gradients, mean


def noise(model: VAEGAN, shape: tf.Tensor, context: Any) -> tf.Tensor:
    """Two draws of N(0, I), [2, *shape], the same whenever the step is made again.

    So a training that goes on from a checkpoint ends as one that was never stopped.
    """
    replica = tf.cast(context.replica_id_in_sync_group, tf.int32)
    seed = tf.stack([tf.cast(model.steps, tf.int32), replica])
    return tf.random.stateless_normal(tf.concat([[2], shape], axis=0), seed)
