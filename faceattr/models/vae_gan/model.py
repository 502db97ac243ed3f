"""VAEGAN: the baseline that the paper compares with (its [17]), and one training step of it.

"Autoencoding beyond pixels using a learned similarity metric", Larsen, Sonderby, Larochelle and
Winther, ICML 2016; its equations are named here as Larsen's. An edit moves an image's code by the
difference of the mean codes of two sets of images, and decodes it (their section 4.1).

Not given there, or read so:

1. Dis_l is the output of the last convolution, normalised, before its ReLU. D normalises real,
   reconstructed and sampled images together, as the authors' program does: normalised apart, they
   would differ by less than they do.
2. The decoder maximises what D minimises (Eq. 9 as it is written), so one backward pass through D
   serves both.
3. L_GAN weighs real images as much as reconstructed and sampled ones together, so that a D that
   knows nothing says one half.
4. gamma of Eq. 9 is not given in the text; `GAMMA` was chosen by looking at reconstructions.
5. Adam with the paper's (Shen and Liu's) learning rate, for the same treatment of both methods;
   Larsen et al. have RMSProp and 3e-4.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from faceattr.edits import Edit
from faceattr.models.adversarial import AdversarialModel
from faceattr.models.vae_gan import losses
from faceattr.models.vae_gan.networks import LATENT, Decoder, Encoder, RealnessDiscriminator
from faceattr.models.vae_gan.vectors import VectorEdits, mean_code

GAMMA = 1e-2
"""Weight of the feature term in the decoder's loss, Larsen's Eq. 9."""

# An undecided D loses 0.69 on each kind; the authors' program skips its update at 0.4 less.
_AHEAD = 0.28


class Terms(NamedTuple):
    """Every term of Larsen's Eq. 8 to 10 for one batch, scalars, and what to watch beside them."""

    prior_loss: Any
    feature_loss: Any
    encoder_loss: Any
    decoder_loss: Any
    discriminator_loss: Any
    discriminator_accuracy_real: Any
    discriminator_accuracy_reconstructed: Any
    discriminator_accuracy_sampled: Any
    reconstruction_error: Any


@keras.saving.register_keras_serializable(package="faceattr")
class VAEGAN(AdversarialModel):
    """Encoder, decoder and discriminator, each trained with a loss of its own.

    Args:
        image_size: int, side of the face crops, a power of two from 32 to 256. Defaults to 128.
        width: int >= 1, channels of the encoder's first layer. Defaults to 64, as in the paper.
        latent: int >= 1, numbers in a code. Defaults to 128.
        gamma: float >= 0, weight of the feature term in the decoder's loss. Defaults to `GAMMA`.
        synchronized: bool. Whether replicas normalise their shares of a batch together. Defaults
            to False, each by itself.
        **kwargs: of `keras.Model`; `dtype="mixed_bfloat16"` computes the networks in half
            precision, outputs and losses still in float32.

    Call arguments:
        images: float32 [n, s, s, 3] in [-1, 1].

    Returns:
        their reconstructions, of the same shape, in (-1, 1).

    Example:

    ```python
    model = VAEGAN(image_size=64, width=32)
    model.compile()
    model.fit(dataset_of_pairs, steps_per_epoch=3000)
    glasses = model.attribute_vector(faces_without, faces_with)
    edited = model.with_vector(glasses).edit(faces, adding, strength=0.8)
    ```
    """

    terms_type = Terms

    def __init__(
        self,
        image_size: int = 128,
        width: int = 64,
        latent: int = LATENT,
        gamma: float = GAMMA,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.image_size = image_size
        self.width = width
        self.latent = latent
        self.gamma = gamma
        self.synchronized = synchronized
        settings = {**self.network_settings, "latent": latent}
        self.encoder = Encoder(name="encoder", **settings)
        self.decoder = Decoder(name="decoder", **settings)
        self.discriminator = RealnessDiscriminator(name="discriminator", **settings)
        self.build()

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights; the shapes are known from `image_size` and `latent`."""
        images = (None, self.image_size, self.image_size, 3)
        self.encoder.build(images)
        self.decoder.build((None, self.latent))
        self.discriminator.build(images)
        self.count_steps()
        # Saved with the model: a reloaded one edits as this one does.
        self.vector = self.add_weight(
            name="vector",
            shape=(self.latent,),
            initializer="zeros",
            dtype="float32",
            trainable=False,
            aggregation="mean",
        )
        self.built = True

    @property
    def networks_of(self) -> dict[str, list[keras.Model]]:
        """Three players of one network each."""
        return {
            "encoder": [self.encoder],
            "decoder": [self.decoder],
            "discriminator": [self.discriminator],
        }

    def call(self, images: Any, training: bool = False) -> Any:
        return self.decoder(self.encode(images, training), training=training)

    def encode(self, images: Any, training: bool = False) -> Any:
        """The mean code of each image, float32 [n, latent]; images as those of a call."""
        return self.encoder(images, training=training)[0]

    def reconstruct(self, images: Any) -> Any:
        """What is decoded from the mean codes of images: float32 [n, s, s, 3] in (-1, 1)."""
        return self(images, training=False)

    def shown(self, images: Any) -> list[tuple[str, Any]]:
        """A reconstruction says how much of a face is lost before any edit."""
        return [("decoded", self.reconstruct(images))]

    def residual_image(self, images: Any, edit: Edit) -> Any:
        """`decode(z + a) - x`, z the image's mean code and a the attribute vector, or minus it.

        A VAE-GAN does not give an image back whose code it leaves alone. So the strength of an
        edit does not scale the step in code space: it goes from the image itself, at 0, to what
        the VAE-GAN decodes, at 1, and the same strength means the same for every family.

        Args:
            images: float32 [n, s, s, 3] in [-1, 1].
            edit: one of the attribute's two edits.

        Returns:
            float32 [n, s, s, 3], not clipped.
        """
        return self.with_vector(self.vector).residual_image(images, edit)

    def with_vector(self, vector: Any) -> VectorEdits:
        """The edits that this VAE-GAN makes with another attribute vector, float32 [latent]."""
        return VectorEdits(self, vector)

    def set_vector(self, vector: Any) -> None:
        """Keeps an attribute vector, float32 [latent], to edit with and to be saved."""
        self.vector.assign(vector)

    def attribute_vector(
        self,
        negatives: np.ndarray | Iterable[np.ndarray],
        positives: np.ndarray | Iterable[np.ndarray],
    ) -> np.ndarray:
        """The mean code of images with an attribute less that of images without it.

        Args:
            negatives: uint8 [n, s, s, 3], or float32 in [-1, 1], or an iterable of such batches.
            positives: the same, with the attribute.

        Returns:
            float32 [latent].

        Raises:
            ValueError: if there is no image of a kind.
        """
        return mean_code(self, positives) - mean_code(self, negatives)

    def objective(self, images: tuple[Any, Any], training: bool = False) -> Terms:
        """The terms on a batch, each image reconstructed from its mean code.

        Args:
            images: the pair (x0, x1), float32 [n, s, s, 3] in [-1, 1] each.
            training: bool; False, for the terms that are trained are those of `train_step`.
        """
        assert not training, "a step samples its codes, see train_step"
        real = ops.concatenate(images)
        mean, log_variance = self.encoder(real, training=False)
        # The same codes each time: what is measured must not change with the draw.
        prior = keras.random.normal(ops.shape(mean), seed=0)
        generated = self.decoder(ops.concatenate([mean, prior]), training=False)
        logits, features = self.discriminator(ops.concatenate([real, generated]), training=False)
        return self.terms(real, generated, losses.prior_loss(mean, log_variance), logits, features)

    def terms(self, real: Any, generated: Any, prior: Any, logits: Any, features: Any) -> Terms:
        """Every term, from what the networks returned.

        Args:
            real: float32 [m, s, s, 3].
            generated: float32 [2m, s, s, 3], reconstructions of `real`, then decoded prior codes.
            prior: the value of `losses.prior_loss`.
            logits: float32 [3m], D's of `real` and of `generated`.
            features: float32 [3m, k], Dis_l of the same.
        """
        real_logits, reconstructed_logits, sampled_logits = ops.split(logits, 3)
        real_features, reconstructed_features, _ = ops.split(features, 3)
        feature = losses.feature_loss(ops.stop_gradient(real_features), reconstructed_features)
        # Minus Larsen's Eq. 10.
        discriminator = losses.real_loss(real_logits) + 0.5 * (
            losses.generated_loss(reconstructed_logits) + losses.generated_loss(sampled_logits)
        )
        return Terms(
            prior_loss=prior,
            feature_loss=feature,
            encoder_loss=prior + feature,
            decoder_loss=self.gamma * feature - discriminator,
            discriminator_loss=discriminator,
            discriminator_accuracy_real=_share(real_logits > 0),
            discriminator_accuracy_reconstructed=_share(reconstructed_logits <= 0),
            discriminator_accuracy_sampled=_share(sampled_logits <= 0),
            reconstruction_error=ops.mean(ops.abs(ops.split(generated, 2)[0] - real)),
        )

    def discriminator_waits(self, logits: Any) -> Any:
        """Whether D is so far ahead that it learns nothing from this batch: a boolean scalar.

        Args:
            logits: float32 [3m], D's of real images, reconstructions and samples.
        """
        real, generated = logits[: logits.shape[0] // 3], logits[logits.shape[0] // 3 :]
        ahead = ops.minimum(losses.real_loss(real), losses.generated_loss(generated))
        return ahead < _AHEAD

    def player_gradients(self, batch: Any) -> Any:
        """As `tensorflow_step.player_gradients`: each player's loss reaches it by another way."""
        from faceattr.models.vae_gan.gradients import player_gradients

        return player_gradients(self, batch)

    def finish_step(self, seen: Any = None) -> None:
        """Counts the step, and lets the attribute vector follow the codes.

        Args:
            seen: float32 [2n, latent], mean codes of a batch, first those without the attribute.
        """
        negatives, positives = ops.split(seen, 2)
        difference = ops.mean(positives, axis=0) - ops.mean(negatives, axis=0)
        # A short memory at first, then one of a hundred steps.
        steps = ops.cast(self.steps, "float32")
        decay = ops.minimum(0.99, (1.0 + steps) / (10.0 + steps))
        self.vector.assign(decay * self.vector + (1.0 - decay) * difference)
        super().finish_step()

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "image_size": self.image_size,
            "width": self.width,
            "latent": self.latent,
            "gamma": self.gamma,
            "synchronized": self.synchronized,
        }


def _share(flags: Any) -> Any:
    return ops.mean(ops.cast(flags, "float32"))
