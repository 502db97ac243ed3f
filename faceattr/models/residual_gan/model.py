"""ResidualGAN: the three networks and one training step of the paper's objective (Eq. 8 and 9)."""

from typing import Any, NamedTuple

import keras
from keras import ops

from faceattr.attributes import ALPHA, BETA_OVER_ALPHA
from faceattr.edits import Edit
from faceattr.models import adversarial
from faceattr.models.residual_gan import losses
from faceattr.models.residual_gan.networks import Discriminator, TransformationNetwork


class Objective(NamedTuple):
    """Every term of Eq. 8 and 9 for one batch; scalars, before weighting.

    The terms of the transformation networks are sums over the two directions.
    """

    gan_loss: Any
    dual_loss: Any
    pixel_loss: Any
    perceptual_loss: Any
    generator_loss: Any
    discriminator_loss: Any
    discriminator_accuracy_negative: Any
    discriminator_accuracy_positive: Any
    discriminator_accuracy_generated: Any
    residual_to_positive: Any
    residual_to_negative: Any
    r1_penalty: Any


@keras.saving.register_keras_serializable(package="faceattr")
class ResidualGAN(adversarial.AdversarialModel):
    """Two transformation networks and one discriminator, trained together without staging.

    Args:
        image_size: int, side of the face crops, a power of two from 32 to 256. Defaults to 128.
        width: int, channels of the first layer of each network. Defaults to 64.
        alpha: float >= 0, weight of the pixel term in Eq. 8. Defaults to the paper's 5e-4 for
            local attributes.
        beta: float >= 0, weight of the perceptual term. Defaults to `0.1 * alpha` (section 5).
        residual: bool. If False, the networks paint the whole edited image instead of the
            residual (the ablation of section 6.2). The pixel term then still weighs the change,
            `G(x) - x`. Defaults to True.
        dual: bool. If False, the dual term of Eq. 7 is left out (section 6.2). Defaults to True.
        synchronized: bool. Whether replicas normalise their shares of a batch together. Defaults
            to False, each by itself.
        spectral_norm: bool. Whether D's convolutions are held to a spectral norm of 1 (Miyato et
            al., 2018; not in the paper). Defaults to False.
        r1: float >= 0, weight of the R1 penalty on real images (Mescheder et al., 2018; not in
            the paper). Defaults to 0, none.
        ema_decay: float in [0, 1). If not 0, edits are made by exponential averages of the
            weights of G0 and G1, which follow them with this decay (not in the paper).
        **kwargs: of `keras.Model`; `dtype="mixed_bfloat16"` or `"mixed_float16"` computes the
            networks in half precision, outputs and losses still in float32.

    Call arguments:
        images: a pair `(x0, x1)` of float32 [n, s, s, 3] in [-1, 1]: faces without the attribute
            and faces with it.

    Returns:
        the pair of residuals, of the same shapes, not clipped.

    Example:

    ```python
    gan = ResidualGAN(image_size=64, width=32)
    gan.compile()
    gan.fit(dataset_of_pairs, steps_per_epoch=600)
    older = gan.edit(faces, find_attribute("young", ["Young"]).removing, strength=0.8)
    ```
    """

    terms_type = Objective

    def __init__(
        self,
        image_size: int = 128,
        width: int = 64,
        alpha: float = ALPHA["local"],
        beta: float | None = None,
        residual: bool = True,
        dual: bool = True,
        synchronized: bool = False,
        spectral_norm: bool = False,
        r1: float = 0.0,
        ema_decay: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.image_size = image_size
        self.width = width
        self.alpha = alpha
        self.beta = BETA_OVER_ALPHA * alpha if beta is None else beta
        self.residual = residual
        self.dual = dual
        self.synchronized = synchronized
        self.spectral_norm = spectral_norm
        self.r1 = r1
        self.ema_decay = ema_decay
        settings = self.network_settings
        self.to_positive = TransformationNetwork(name="to_positive", **settings)
        self.to_negative = TransformationNetwork(name="to_negative", **settings)
        self.discriminator = Discriminator(
            name="discriminator", spectral_norm=spectral_norm, **settings
        )
        self.averages = {
            network.name: TransformationNetwork(name=f"average_{network.name}", **settings)
            for network in (self.to_positive, self.to_negative)
            if ema_decay
        }
        self.build()

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights of the networks; the shape is known from `image_size`."""
        shape = (None, self.image_size, self.image_size, 3)
        for network in (self.to_positive, self.to_negative, self.discriminator):
            network.build(shape)
        for average in self.averages.values():
            average.build(shape)
            average.trainable = False
        self.begin_averages()
        self.count_steps()
        self.built = True

    @property
    def networks_of(self) -> dict[str, list[keras.Model]]:
        """G0 and G1 are one player, D the other."""
        return {
            "generator": [self.to_positive, self.to_negative],
            "discriminator": [self.discriminator],
        }

    def editing_network(self, edit: Edit) -> TransformationNetwork:
        """The network that makes an edit: the averaged one where weights are averaged.

        Args:
            edit: one of the attribute's two edits.
        """
        network = self.to_positive if edit.adds else self.to_negative
        return self.averages.get(network.name, network)

    def call(self, images: tuple[Any, Any], training: bool = False) -> tuple[Any, Any]:
        negatives, positives = images
        return (
            self.transform(self.to_positive, negatives, training),
            self.transform(self.to_negative, positives, training),
        )

    def transform(self, network: TransformationNetwork, images: Any, training: bool) -> Any:
        """The residual that `network` finds for `images` (Eq. 2), whatever it was trained to paint.

        Args:
            network: `self.to_positive` or `self.to_negative`.
            images: float32 [n, s, s, 3] in [-1, 1].
            training: bool. Whether batch normalisation uses the batch's own statistics.

        Returns:
            float32 [n, s, s, 3], not clipped.
        """
        output = network(images, training=training)
        return output if self.residual else output - images

    def residual_image(self, images: Any, edit: Edit) -> Any:
        """The residual of the finished edit, with inference statistics.

        Args:
            images: float32 [n, s, s, 3] in [-1, 1].
            edit: one of the attribute's two edits.

        Returns:
            float32 [n, s, s, 3], not clipped.
        """
        return self.transform(self.editing_network(edit), images, training=False)

    def objective(self, images: tuple[Any, Any], training: bool) -> Objective:
        """Every forward pass of Eq. 8 and 9, each computed once.

        D sees real, edited and twice-edited images in three passes of 2n images: batch
        normalisation must not mix real with generated, but a pass of one attribute class alone
        would let it subtract the very difference that D is to find.

        Args:
            images: the pair (x0, x1), float32 [n, s, s, 3] in [-1, 1] each.
            training: bool.
        """
        negatives, positives = images
        added = self.transform(self.to_positive, negatives, training)
        removed = self.transform(self.to_negative, positives, training)
        real = ops.concatenate([negatives, positives])
        edited = ops.concatenate([negatives + added, positives + removed])
        real_logits, real_features = self.discriminator(real, training=training)
        edited_logits, edited_features = self.discriminator(edited, training=training)
        logits_0, logits_1 = ops.split(real_logits, 2)
        edited_logits_0, edited_logits_1 = ops.split(edited_logits, 2)

        classify = losses.classification_loss
        gan = classify(edited_logits_0, losses.POSITIVE) + classify(
            edited_logits_1, losses.NEGATIVE
        )
        dual = ops.zeros_like(gan)
        if self.dual:
            edited_0, edited_1 = ops.split(edited, 2)
            restored_0 = edited_0 + self.transform(self.to_negative, edited_0, training)
            restored_1 = edited_1 + self.transform(self.to_positive, edited_1, training)
            restored_logits, _ = self.discriminator(
                ops.concatenate([restored_0, restored_1]), training=training
            )
            restored_logits_0, restored_logits_1 = ops.split(restored_logits, 2)
            dual = classify(restored_logits_0, losses.NEGATIVE) + classify(
                restored_logits_1, losses.POSITIVE
            )
        r1_penalty = ops.zeros_like(gan)
        if self.r1 and training:
            r1_penalty = losses.r1_penalty(adversarial.input_gradient(self._realness, real))
        # A mean over 2n images, twice: the sum over the two directions.
        pixel = 2.0 * losses.pixel_loss(ops.concatenate([added, removed]))
        perceptual = 2.0 * losses.perceptual_loss(real_features, edited_features)
        return Objective(
            gan_loss=gan,
            dual_loss=dual,
            pixel_loss=pixel,
            perceptual_loss=perceptual,
            generator_loss=gan + dual + self.alpha * pixel + self.beta * perceptual,
            # Mean over the 4n images that D classifies.
            discriminator_loss=(
                classify(logits_0, losses.NEGATIVE)
                + classify(logits_1, losses.POSITIVE)
                + 2.0 * classify(edited_logits, losses.GENERATED)
            )
            / 4.0
            + self.r1 * r1_penalty,
            discriminator_accuracy_negative=losses.accuracy(logits_0, losses.NEGATIVE),
            discriminator_accuracy_positive=losses.accuracy(logits_1, losses.POSITIVE),
            discriminator_accuracy_generated=losses.accuracy(edited_logits, losses.GENERATED),
            residual_to_positive=ops.mean(ops.abs(added)),
            residual_to_negative=ops.mean(ops.abs(removed)),
            r1_penalty=r1_penalty,
        )

    def _realness(self, images: Any) -> Any:
        # A pass of its own, whose changes of D's running averages are dropped.
        values = [
            [variable.value for variable in variables]
            for variables in (
                self.discriminator.trainable_variables,
                self.discriminator.non_trainable_variables,
            )
        ]
        (logits, _), _ = self.discriminator.stateless_call(*values, images, training=True)
        return losses.realness(logits)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "image_size": self.image_size,
            "width": self.width,
            "alpha": self.alpha,
            "beta": self.beta,
            "residual": self.residual,
            "dual": self.dual,
            "synchronized": self.synchronized,
            "spectral_norm": self.spectral_norm,
            "r1": self.r1,
            "ema_decay": self.ema_decay,
        }
