"""The encoder, the decoder and the discriminator of the VAE-GAN (Larsen et al., 2016, Table 1).

Written with Keras layers and `keras.ops` alone. That table is for 64x64 and has 64 channels in the
encoder's first layer, which is `width` here. Other sizes follow one rule: the smallest maps stay
8x8, so there is one stride-2 layer more for each doubling of the image, of as many channels as the
widest.
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from faceattr.models import fast_layers
from faceattr.models.family import IMAGE_SIZES

LATENT = 128
"""Numbers in a code: what the authors' own program has; the paper does not say."""

_KERNEL = 5
_SMALLEST_SIDE = 8
# As for the paper's networks: 0.99, Keras's own, lags behind weights that move as fast as a GAN's.
_MOMENTUM = 0.9


def depth_of(image_size: int) -> int:
    """How many layers of stride 2 there are between an image and an 8x8 map.

    Raises:
        ValueError: for an image size that the networks are not made for.
    """
    if image_size not in IMAGE_SIZES:
        raise ValueError(f"image_size must be one of {IMAGE_SIZES}, got {image_size}")
    return image_size.bit_length() - _SMALLEST_SIDE.bit_length()


def _initializer() -> Any:
    # As the paper's networks: a decoder that starts with images of little contrast learns faces,
    # and one that starts with noise of full contrast learns to make finer noise.
    return keras.initializers.RandomNormal(stddev=0.02)


class _Network(keras.Model):
    """Layers one after the other.

    Args:
        image_size: int, a power of two from 32 to 256. Defaults to 128.
        width: int >= 1, channels of the encoder's first layer. Defaults to 64.
        latent: int >= 1, numbers in a code. Defaults to `LATENT`.
        synchronized: bool. Whether replicas normalise their shares of a batch together.
        **kwargs: of `keras.Model`; in half precision what the network returns is still float32.
    """

    def __init__(
        self,
        image_size: int = 128,
        width: int = 64,
        latent: int = LATENT,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if width < 1:
            raise ValueError(f"width must be at least 1, got {width}")
        self.image_size = image_size
        self.width = width
        self.latent = latent
        self.synchronized = synchronized
        self.depth = depth_of(image_size)

    def conv(self, filters: int, strides: int = 2, normalized: bool = True) -> list[Any]:
        """A 5x5 convolution, with a bias where it is not normalised."""
        layer = layers.Conv2D(
            filters,
            _KERNEL,
            strides=strides,
            padding="same",
            use_bias=not normalized,
            kernel_initializer=_initializer(),
            dtype=self.dtype_policy,
        )
        return [layer, *(self._normalization() if normalized else [])]

    def conv_up(self, filters: int) -> list[Any]:
        """A 5x5 convolution with fractional stride: maps twice as large."""
        layer = layers.Conv2DTranspose(
            filters,
            _KERNEL,
            strides=2,
            padding="same",
            use_bias=False,
            kernel_initializer=_initializer(),
            dtype=self.dtype_policy,
        )
        return [layer, *self._normalization()]

    def dense(self, units: int) -> list[Any]:
        """A fully connected layer, normalised."""
        return [
            layers.Dense(units, use_bias=False, dtype=self.dtype_policy),
            # The fast one is for maps.
            layers.BatchNormalization(
                momentum=_MOMENTUM, synchronized=self.synchronized, dtype=self.dtype_policy
            ),
        ]

    def relu(self) -> Any:
        return layers.ReLU(dtype=self.dtype_policy)

    def _normalization(self) -> list[Any]:
        return [
            fast_layers.BatchNormalization(
                momentum=_MOMENTUM, synchronized=self.synchronized, dtype=self.dtype_policy
            )
        ]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "image_size": self.image_size,
            "width": self.width,
            "latent": self.latent,
            "synchronized": self.synchronized,
        }


def _build(stack: Sequence[Any], shape: tuple[int | None, ...]) -> tuple[Any, ...]:
    for layer in stack:
        layer.build(shape)
        shape = layer.compute_output_shape(shape)
    return shape


def _apply(stack: Sequence[Any], x: Any, training: bool) -> Any:
    for layer in stack:
        normalizes = isinstance(layer, layers.BatchNormalization)
        x = layer(x, training=training) if normalizes else layer(x)
    return x


@keras.saving.register_keras_serializable(package="faceattr")
class Encoder(_Network):
    """Enc: an image in, the distribution of its code out (Eq. 1).

    Args:
        image_size, width, latent, synchronized, **kwargs: see `VAEGAN`.

    Call arguments:
        images: float32 [n, s, s, 3] in [-1, 1].
        training: bool. Whether batch normalisation uses the batch's own statistics.

    Returns:
        (mean, log_variance) of a normal distribution with independent components, float32
        [n, latent] each.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stack: list[Any] = []
        for level in range(self.depth):
            self.stack += [*self.conv(self.width * min(2**level, 4)), self.relu()]
        self.stack += [layers.Flatten(dtype=self.dtype_policy)]
        self.stack += [*self.dense(32 * self.width), self.relu()]
        self.to_mean = layers.Dense(self.latent, dtype="float32")
        self.to_log_variance = layers.Dense(self.latent, dtype="float32")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights; `input_shape` is (n, image_size, image_size, 3)."""
        shape = _build(self.stack, tuple(input_shape))
        self.to_mean.build(shape)
        self.to_log_variance.build(shape)
        self.built = True

    def call(self, images: Any, training: bool = False) -> tuple[Any, Any]:
        x = _apply(self.stack, images, training)
        return self.to_mean(x), self.to_log_variance(x)


@keras.saving.register_keras_serializable(package="faceattr")
class Decoder(_Network):
    """Dec: a code in, an image out (Eq. 1); the generator of the GAN.

    Args:
        image_size, width, latent, synchronized, **kwargs: see `VAEGAN`.

    Call arguments:
        codes: float32 [n, latent].
        training: bool. Whether batch normalisation uses the batch's own statistics.

    Returns:
        float32 [n, s, s, 3] in (-1, 1).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        widest, dtype = 4 * self.width, self.dtype_policy
        # At 64x64 256, 128 and 32 channels; smaller images leave out the first of them.
        channels = [widest] * (self.depth - 2) + [2 * self.width, max(1, self.width // 2)]
        first = _SMALLEST_SIDE**2 * widest
        self.stack = [
            *self.dense(first),
            self.relu(),
            layers.Reshape((_SMALLEST_SIDE, _SMALLEST_SIDE, widest), dtype=dtype),
        ]
        for filters in channels:
            self.stack += [*self.conv_up(filters), self.relu()]
        self.to_image = layers.Conv2D(
            3, _KERNEL, padding="same", kernel_initializer=_initializer(), dtype=dtype
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights; `input_shape` is (n, latent)."""
        self.to_image.build(_build(self.stack, tuple(input_shape)))
        self.built = True

    def call(self, codes: Any, training: bool = False) -> Any:
        x = self.to_image(_apply(self.stack, codes, training))
        return ops.tanh(ops.cast(x, "float32"))


@keras.saving.register_keras_serializable(package="faceattr")
class RealnessDiscriminator(_Network):
    """Dis: whether an image is real (Eq. 5), and the features that images are compared by (Eq. 6).

    Args:
        image_size, width, latent, synchronized, **kwargs: see `VAEGAN`; `latent` is not used.

    Call arguments:
        images: float32 [n, s, s, 3] in [-1, 1].
        training: bool. Whether batch normalisation uses the batch's own statistics.

    Returns:
        (logits, features): float32 [n], the log-odds of being real; and Dis_l, float32
        [n, 8 * 8 * 4 * width], the last convolution's output, normalised.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        widest = 4 * self.width
        self.to_features = [
            *self.conv(max(1, self.width // 2), strides=1, normalized=False),
            self.relu(),
        ]
        # At 64x64 128, 256 and 256 channels.
        for level in range(self.depth):
            # The unit variance of Eq. 6 means something where features are normalised, and the
            # ReLU would throw half of them away: it comes after.
            self.to_features += [self.relu()] if level else []
            self.to_features += self.conv(2 * self.width if level == 0 else widest)
        self.to_features += [layers.Flatten(dtype=self.dtype_policy)]
        self.stack = [self.relu(), *self.dense(8 * self.width), self.relu()]
        self.to_logit = layers.Dense(1, dtype="float32")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights; `input_shape` is (n, image_size, image_size, 3)."""
        self.to_logit.build(_build(self.stack, _build(self.to_features, tuple(input_shape))))
        self.built = True

    def call(self, images: Any, training: bool = False) -> tuple[Any, Any]:
        features = _apply(self.to_features, images, training)
        logits = self.to_logit(_apply(self.stack, features, training))
        return ops.reshape(logits, (-1,)), ops.cast(features, "float32")
