"""One transformation network for any list of edits, and a discriminator of all their attributes."""

from typing import Any

import keras
from keras import layers, ops

from faceattr.models import fast_layers
from faceattr.models.family import IMAGE_SIZES

NUM_CLASSES = 3
"""Real without an attribute, real with it, generated, as in the paper (section 3.3)."""

BOTTLENECK = 8
"""Side of the smallest map of the transformation network."""

_SLOPE = 0.2
_MOMENTUM = 0.9
_MOST_COLOUR = 1.05  # a little past 1, so that tanh need not be saturated to paint white


def conv(filters: int, size: int, dtype: Any, kind: Any = layers.Conv2D, **kwargs: Any) -> Any:
    initializer = keras.initializers.HeNormal()
    return kind(
        filters, size, padding="same", dtype=dtype, kernel_initializer=initializer, **kwargs
    )


def _normalization(synchronized: bool, dtype: Any) -> layers.Layer:
    return fast_layers.BatchNormalization(
        momentum=_MOMENTUM, synchronized=synchronized, dtype=dtype
    )


def check(image_size: int, width: int) -> None:
    if image_size not in IMAGE_SIZES:
        raise ValueError(f"image_size must be one of {IMAGE_SIZES}, got {image_size}")
    if width < 1:
        raise ValueError(f"width must be at least 1, got {width}")


class ScaleAndShift(layers.Layer):
    """What an edit has of its own after a normalisation: `x (1 + scale) + shift`, both from 0.

    Args:
        edits: int >= 1, how many edits there are.

    Call arguments:
        x: [n, h, w, c].
        chosen: [n, edits], 1 at the edit of each row and else 0.
    """

    def __init__(self, edits: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.edits = edits

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        shape = (self.edits, input_shape[-1])
        self.scale = self.add_weight(name="scale", shape=shape, initializer="zeros")
        self.shift = self.add_weight(name="shift", shape=shape, initializer="zeros")

    def call(self, x: Any, chosen: Any) -> Any:
        # Products, not look-ups: gradients of look-ups are sparse, which loss scaling does not do.
        scale, shift = (
            ops.reshape(ops.matmul(chosen, table), (-1, 1, 1, x.shape[-1]))
            for table in (self.scale, self.shift)
        )
        return x * (1 + scale) + shift


class OwnConvolution(layers.Layer):
    """A 1x1 convolution that each edit has for itself.

    Args:
        filters: int, channels that come out.
        edits: int >= 1, how many edits there are.
    """

    def __init__(self, filters: int, edits: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.edits = edits

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = input_shape[-1]
        assert channels is not None
        initializer = keras.initializers.RandomNormal(stddev=(2.0 / channels) ** 0.5)
        self.kernel = self.add_weight(
            name="kernel", shape=(self.edits, channels * self.filters), initializer=initializer
        )
        self.bias = self.add_weight(
            name="bias", shape=(self.edits, self.filters), initializer="zeros"
        )

    def call(self, x: Any, chosen: Any) -> Any:
        _, height, width, channels = x.shape
        kernel = ops.reshape(ops.matmul(chosen, self.kernel), (-1, channels, self.filters))
        bias = ops.reshape(ops.matmul(chosen, self.bias), (-1, 1, self.filters))
        y = ops.matmul(ops.reshape(x, (-1, height * width, channels)), kernel) + bias
        return ops.reshape(y, (-1, height, width, self.filters))


class Block(layers.Layer):
    """Convolution, leaky ReLU, normalisation, and what an edit has of its own after it.

    Args:
        convolution: the layer.
        synchronized: bool, see `TransformationNetwork`.
        edits: int, how many edits have a scale and shift here; 0 for none.
    """

    def __init__(
        self, convolution: layers.Layer, synchronized: bool, edits: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.convolution = convolution
        self.normalization = _normalization(synchronized, self.dtype_policy)
        self.own = ScaleAndShift(edits, dtype=self.dtype_policy) if edits else None

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.convolution.build(input_shape)
        shape = self.convolution.compute_output_shape(input_shape)
        self.normalization.build(shape)
        if self.own is not None:
            self.own.build(shape)

    def call(self, x: Any, chosen: Any = None, training: bool = False) -> Any:
        x = ops.leaky_relu(self.convolution(x, training=training), _SLOPE)
        x = self.normalization(x, training=training)
        return x if self.own is None else self.own(x, chosen)

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...], *_: Any
    ) -> tuple[int | None, ...]:
        return self.convolution.compute_output_shape(input_shape)


@keras.saving.register_keras_serializable(package="faceattr")
class SharedTransformation(keras.Model):
    """Face crops in, the residuals of their edits out; the edits share all but little.

    Stride-2 convolutions to 8x8; two residual blocks; back up with the maps of the way down added;
    a 1x1 convolution for each edit alone, opened to full size; and a smooth last layer to a colour
    and a mask m: the residual is `m (1.05 tanh(c) - x)`, so that `x + r` paints the colour where
    the mask is 1 and leaves the face where it is 0.

    Args:
        image_size: int, one of `IMAGE_SIZES`.
        width: int, channels of the first layer.
        edits: int, how many edits it makes; 0 for one that needs no telling which.
        synchronized: bool. Whether replicas normalise their shares of a batch together.
        **kwargs: of `keras.Model`; with `dtype="mixed_bfloat16"` or `"mixed_float16"` all but the
            last convolution computes in that type.

    Call arguments:
        images: float32 [n, image_size, image_size, 3] in [-1, 1].
        edits: int32 [n], the number of each row's edit; None if `edits` is 0.
        training: bool. Whether batch normalisation uses the batch's own statistics.

    Returns:
        float32 of the images' shape: the residual, not clipped.
    """

    def __init__(
        self,
        image_size: int = 64,
        width: int = 48,
        edits: int = 0,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        # Images stay in float32 for the sum with the mask.
        super().__init__(autocast=False, **kwargs)
        check(image_size, width)
        self.image_size = image_size
        self.width = width
        self.edits = edits
        self.synchronized = synchronized
        dtype = self.dtype_policy

        def block(filters: int, size: int, own: int = edits, **options: Any) -> Block:
            convolution = conv(filters, size, dtype, **options)
            return Block(convolution, synchronized, own, dtype=dtype)

        depth = (image_size // BOTTLENECK).bit_length() - 1
        channels = self.channels = [width * min(2**level, 4) for level in range(depth)]
        self.down = [block(filters, 4, own=0, strides=2) for filters in channels]
        self.middle = [block(channels[-1], 3) for _ in range(4)]
        self.up = [
            block(filters, 3, kind=fast_layers.UpsampledConv2D) for filters in channels[-2::-1]
        ]
        self.wide = block(-(-4 * width // 3), 3)
        # Opened by two each way: a quarter of these at full size.
        opened = 4 * max(1, width // 6)
        self.own = OwnConvolution(opened, edits, dtype=dtype) if edits else conv(opened, 1, dtype)
        # Small at first: a mask of sigmoid(-2) everywhere, over grey.
        self.to_colour_and_mask = layers.Conv2D(
            4,
            3,
            padding="same",
            dtype="float32",
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
        )

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights; the shape is known from `image_size`."""
        shape: tuple[int | None, ...] = (None, self.image_size, self.image_size, 3)
        for block in self.blocks:
            block.build(shape)
            shape = block.compute_output_shape(shape)
        self.own.build(shape)
        self.to_colour_and_mask.build((None, self.image_size, self.image_size, self._opened))
        self.built = True

    def freeze_shared(self) -> None:
        """Lets nothing learn but what edits have of their own."""
        for block in self.blocks:
            block.convolution.trainable = block.normalization.trainable = False
        self.to_colour_and_mask.trainable = False

    @property
    def blocks(self) -> list[Block]:
        """All blocks, in the order in which an image goes through them."""
        return [*self.down, *self.middle, *self.up, self.wide]

    @property
    def _opened(self) -> int:
        return self.own.filters // 4

    def call(self, images: Any, edits: Any = None, training: bool = False) -> Any:
        return self.up_path(images, self.down_path(images, training), edits, training)

    def down_path(self, images: Any, training: bool = False) -> list[Any]:
        """The maps of the way down, that know nothing of an edit; the last is 8x8."""
        passed = [images]
        for block in self.down:
            passed.append(block(passed[-1], training=training))
        return passed[1:]

    def up_path(
        self, images: Any, passed: list[Any], edits: Any = None, training: bool = False
    ) -> Any:
        """The residual, from the images and the maps of their way down."""
        chosen = ops.one_hot(edits, self.edits, dtype="float32") if self.edits else None
        x = passed[-1]
        for first, second in (self.middle[:2], self.middle[2:]):
            x = x + second(first(x, chosen, training=training), chosen, training=training)
        for block, skipped in zip(self.up, passed[-2::-1], strict=True):
            x = block(x, chosen, training=training) + skipped
        x = self.wide(x, chosen, training=training)
        x = self.own(x, chosen) if self.edits else self.own(x)
        x = ops.leaky_relu(ops.depth_to_space(x, 2), _SLOPE)
        y = self.to_colour_and_mask(x)
        colour, mask = ops.split(y, [3], axis=-1)
        return ops.sigmoid(4.0 * mask - 2.0) * (_MOST_COLOUR * ops.tanh(colour) - images)

    def of_one(self, edit: int) -> "SharedTransformation":
        """The plain network of one edit, in float32: what it has of its own is folded in, exactly.

        Args:
            edit: int, its number.
        """
        plain = SharedTransformation(self.image_size, self.width, dtype="float32")
        plain.build()
        for block, twin in zip(self.blocks, plain.blocks, strict=True):
            twin.convolution.set_weights(block.convolution.get_weights())
            gamma, beta, *statistics = block.normalization.get_weights()
            if block.own is not None:
                scale, shift = (table[edit] for table in block.own.get_weights())
                gamma, beta = gamma * (1 + scale), beta * (1 + scale) + shift
            twin.normalization.set_weights([gamma, beta, *statistics])
        kernel, bias = (table[edit] for table in self.own.get_weights())
        plain.own.set_weights([kernel.reshape(1, 1, -1, len(bias)), bias])
        plain.to_colour_and_mask.set_weights(self.to_colour_and_mask.get_weights())
        return plain

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "image_size": self.image_size,
            "width": self.width,
            "edits": self.edits,
            "synchronized": self.synchronized,
        }
