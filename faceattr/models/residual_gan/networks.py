"""The transformation network and the discriminator of Table 1.

Written with Keras layers and `keras.ops` alone, so that they run on any Keras backend. Sizes
other than 128 follow one rule: the discriminator has one stride-2 layer fewer per halving of the
image, so that its last map stays 4x4.
"""

from typing import Any

import keras
from keras import layers, ops

from faceattr.models import fast_layers
from faceattr.models.family import IMAGE_SIZES

NUM_CLASSES = 3
"""Real without the attribute, real with it, generated (section 3.3)."""

# Table 1 gives neither; 0.2 is DCGAN's slope. Keras's default momentum of 0.99 lags behind
# weights that move as fast as a GAN's; 0.9 follows them within ten passes.
_LEAKY_SLOPE = 0.2
_MOMENTUM = 0.9
# Doubling the channels at every layer ends where Table 1 does: 16 times the width.
_MAX_WIDENING = 16
_PHI_LEVEL = 2  # Eq. 5: the third layer


def _conv(
    filters: int,
    kernel_size: int,
    dtype: Any,
    strides: int = 1,
    padding: str = "same",
    upsampling: int = 1,
) -> layers.Layer:
    conv = fast_layers.UpsampledConv2D if upsampling == 2 else layers.Conv2D
    return conv(
        filters,
        kernel_size,
        strides=strides,
        padding=padding,
        dtype=dtype,
        # Section 5.
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
    )


def _normalization(synchronized: bool, dtype: Any) -> layers.Layer:
    return fast_layers.BatchNormalization(
        momentum=_MOMENTUM, synchronized=synchronized, dtype=dtype
    )


def _build(block: list[layers.Layer], shape: tuple[int | None, ...]) -> tuple[Any, ...]:
    for layer in block:
        layer.build(shape)
        shape = layer.compute_output_shape(shape)
    return shape


def _apply(block: list[layers.Layer], x: Any, training: bool) -> Any:
    convolution, activation, normalization = block
    return normalization(activation(convolution(x, training=training)), training=training)


def _check(image_size: int, width: int) -> None:
    if image_size not in IMAGE_SIZES:
        raise ValueError(f"image_size must be one of {IMAGE_SIZES}, got {image_size}")
    if width < 1:
        raise ValueError(f"width must be at least 1, got {width}")


@keras.saving.register_keras_serializable(package="faceattr")
class TransformationNetwork(keras.Model):
    """G0 or G1: a face crop in, the residual that edits it out (Table 1, left; Eq. 2).

    Args:
        image_size: int, height and width of the face crop, one of `IMAGE_SIZES`. The network is
            convolutional; the size is what it is built and exported for. Defaults to 128.
        width: int, channels of the first layer. Defaults to 64, as in Table 1, which gives
            1,035,075 parameters.
        synchronized: bool. Whether replicas normalise their shares of a batch together. Defaults
            to False, each by itself.
        **kwargs: of `keras.Model`; with `dtype="mixed_bfloat16"` or `"mixed_float16"` all but the
            last convolution computes in that type.

    Call arguments:
        images: float32 [n, image_size, image_size, 3] in [-1, 1].
        training: bool. Whether batch normalisation uses the batch's own statistics.

    Returns:
        float32 of the images' shape: the residual, not clipped.
    """

    def __init__(
        self, image_size: int = 128, width: int = 64, synchronized: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        _check(image_size, width)
        self.image_size = image_size
        self.width = width
        self.synchronized = synchronized
        # (filters, kernel, strides, upsampling), the rows of Table 1.
        rows = [
            (width, 5, 1, 1),
            (2 * width, 4, 2, 1),
            (4 * width, 4, 2, 1),
            (2 * width, 3, 1, 2),
            (width, 3, 1, 2),
        ]
        self.blocks = []
        self.upsampling: list[int] = []
        dtype = self.dtype_policy
        before = 1
        for filters, kernel, strides, upsampling in rows:
            self.blocks.append(
                [
                    _conv(filters, kernel, dtype, strides, upsampling=before),
                    layers.LeakyReLU(_LEAKY_SLOPE, dtype=dtype),
                    _normalization(synchronized, dtype),
                ]
            )
            self.upsampling.append(upsampling)
            # Table 1 normalises after upsampling. Repeating every pixel leaves a channel's mean
            # and variance as they are, so both orders give the same numbers; this one normalises
            # a quarter of the pixels, and leaves upsampling to the next convolution.
            before = upsampling
        self.to_residual = _conv(3, 4, "float32", upsampling=before)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights; `input_shape` is (n, image_size, image_size, 3)."""
        shape = tuple(input_shape)
        for block in self.blocks:
            shape = _build(block, shape)
        self.to_residual.build(shape)
        self.built = True

    def call(self, images: Any, training: bool = False) -> Any:
        x = images
        for block in self.blocks:
            x = _apply(block, x, training)
        return self.to_residual(x, training=training)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "image_size": self.image_size,
            "width": self.width,
            "synchronized": self.synchronized,
        }


@keras.saving.register_keras_serializable(package="faceattr")
class Discriminator(keras.Model):
    """D: which of three classes an image belongs to (Table 1, right; Eq. 4).

    Table 1 ends in "4x4 conv. 1" while section 3.3 needs three classes: the last convolution has
    three outputs over the whole 4x4 map.

    Args:
        image_size: int, one of `IMAGE_SIZES`. Defaults to 128.
        width: int, channels of the first layer, doubled at each layer up to 16 times. Defaults
            to 64.
        synchronized: bool. Whether replicas normalise their shares of a batch together. Defaults
            to False, each by itself.
        spectral_norm: bool. Whether every convolution is held to a spectral norm of 1 (Miyato et
            al., 2018; not in the paper). Defaults to False.
        **kwargs: of `keras.Model`; with `dtype="mixed_bfloat16"` or `"mixed_float16"` all but the
            last convolution computes in that type.

    Call arguments:
        images: float32 [n, image_size, image_size, 3] in [-1, 1].
        training: bool. Whether batch normalisation uses the batch's own statistics.

    Returns:
        (logits, features): float32 [n, 3], the classes real negative, real positive, generated;
        and phi of Eq. 5, the output of the third layer, float32
        [n, image_size / 8, image_size / 8, 4 * width].
    """

    def __init__(
        self,
        image_size: int = 128,
        width: int = 64,
        synchronized: bool = False,
        spectral_norm: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _check(image_size, width)
        self.image_size = image_size
        self.width = width
        self.synchronized = synchronized
        self.spectral_norm = spectral_norm
        # 32 -> 3 layers, 64 -> 4, 128 -> 5, 256 -> 6: the last map is 4x4.
        depth = image_size.bit_length() - 3
        dtype = self.dtype_policy

        def conv(filters: int, dtype: Any, **kwargs: Any) -> layers.Layer:
            convolution = _conv(filters, 4, dtype, **kwargs)
            if not spectral_norm:
                return convolution
            # It writes its kernel back at each pass, which must not round it to half precision.
            return layers.SpectralNormalization(convolution, dtype="float32")

        self.blocks = [
            [
                conv(width * min(2**level, _MAX_WIDENING), dtype, strides=2),
                layers.LeakyReLU(_LEAKY_SLOPE, dtype=dtype),
                _normalization(synchronized, dtype),
            ]
            for level in range(depth)
        ]
        self.to_logits = conv(NUM_CLASSES, "float32", padding="valid")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights; `input_shape` is (n, image_size, image_size, 3)."""
        shape = tuple(input_shape)
        for block in self.blocks:
            shape = _build(block, shape)
        self.to_logits.build(shape)
        self.built = True

    def call(self, images: Any, training: bool = False) -> tuple[Any, Any]:
        x = images
        features = None
        for level, block in enumerate(self.blocks):
            x = _apply(block, x, training)
            if level == _PHI_LEVEL:
                features = ops.cast(x, "float32")
        return ops.reshape(self.to_logits(x), (-1, NUM_CLASSES)), features

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[tuple[int | None, ...], tuple[int | None, ...]]:
        side = self.image_size // 8
        return (input_shape[0], NUM_CLASSES), (input_shape[0], side, side, 4 * self.width)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "image_size": self.image_size,
            "width": self.width,
            "synchronized": self.synchronized,
            "spectral_norm": self.spectral_norm,
        }


def in_float32(network: TransformationNetwork) -> TransformationNetwork:
    """The same network, computing in float32 whatever it was trained in."""
    if network.compute_dtype == "float32":
        return network
    twin = TransformationNetwork.from_config({**network.get_config(), "dtype": "float32"})
    twin.build((None, network.image_size, network.image_size, 3))
    twin.set_weights(network.get_weights())
    return twin


class Painter(keras.Model):
    """The residual of a network that paints the whole edited image (section 6.2).

    Args:
        network: what paints it, built.
    """

    def __init__(self, network: TransformationNetwork) -> None:
        super().__init__()
        self.network = network
        self.built = True

    def call(self, images: Any) -> Any:
        return self.network(images, training=False) - images
