"""The discriminator of several attributes: a shared trunk, and two heads for each attribute."""

from typing import Any

import keras
from keras import layers, ops

from faceattr.models.shared_gan.networks import NUM_CLASSES, Block, check, conv

_PATCH_MAP = 32  # side of the map that patches are judged from


@keras.saving.register_keras_serializable(package="faceattr")
class SharedDiscriminator(keras.Model):
    """For each attribute: which of three classes a face is of, as a whole and patch by patch.

    A head that sees patches alone judges texture, and not only whether the attribute is there.

    Args:
        image_size: int, one of `IMAGE_SIZES`.
        width: int, channels of the first layer, doubled at each layer up to 8 times.
        attributes: int >= 1.
        synchronized: bool. Whether replicas normalise their shares of a batch together.
        **kwargs: of `keras.Model`; with `dtype="mixed_bfloat16"` or `"mixed_float16"` all but the
            last layers compute in that type.

    Call arguments:
        images: float32 [n, image_size, image_size, 3] in [-1, 1].
        training: bool. Whether batch normalisation uses the batch's own statistics.

    Returns:
        (faces, patches): logits, float32 [n, 1, attributes, 3] and [n, p, attributes, 3], p 256
        places, or 64 at a size of 32.
    """

    def __init__(
        self,
        image_size: int = 64,
        width: int = 48,
        attributes: int = 1,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check(image_size, width)
        self.image_size = image_size
        self.width = width
        self.attributes = attributes
        self.synchronized = synchronized
        dtype = self.dtype_policy
        # 32 -> 3 layers, 64 -> 4, 128 -> 5, 256 -> 6: the last map is 4x4, as in the paper.
        depth = image_size.bit_length() - 3
        self.trunk = [
            Block(conv(width * min(2**level, 8), 4, dtype, strides=2), synchronized, dtype=dtype)
            for level in range(depth)
        ]
        # The first map is 16x16 at a size of 32.
        self.patches_from = max(0, (image_size // _PATCH_MAP).bit_length() - 2)
        self.patch = Block(conv(2 * width, 3, dtype), synchronized, dtype=dtype)
        outputs = NUM_CLASSES * attributes
        self.to_patches = conv(outputs, 4, "float32", strides=2)
        self.to_faces = layers.Dense(outputs, dtype="float32")

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights; the shape is known from `image_size`."""
        shape: tuple[int | None, ...] = (None, self.image_size, self.image_size, 3)
        for level, block in enumerate(self.trunk):
            block.build(shape)
            shape = block.compute_output_shape(shape)
            if level == self.patches_from:
                self.patch.build(shape)
                self.to_patches.build(self.patch.compute_output_shape(shape))
        _, height, width, channels = shape
        assert height
        assert width
        assert channels
        self.to_faces.build((None, height * width * channels))
        self.built = True

    def freeze_shared(self) -> None:
        """Lets nothing learn but the heads."""
        for block in (*self.trunk, self.patch):
            block.trainable = False

    def call(self, images: Any, training: bool = False) -> tuple[Any, Any]:
        x, patches = images, images
        for level, block in enumerate(self.trunk):
            x = block(x, training=training)
            if level == self.patches_from:
                patches = self.to_patches(self.patch(x, training=training))
        _, height, width, channels = x.shape
        faces = self.to_faces(ops.reshape(x, (-1, height * width * channels)))
        _, rows, columns, _ = patches.shape
        return tuple(
            ops.reshape(logits, (-1, places, self.attributes, NUM_CLASSES))
            for logits, places in ((faces, 1), (patches, rows * columns))
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "image_size": self.image_size,
            "width": self.width,
            "attributes": self.attributes,
            "synchronized": self.synchronized,
        }
