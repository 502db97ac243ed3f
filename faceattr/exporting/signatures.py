"""What an exported edit takes and returns: the signatures of a bundle's SavedModel."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from faceattr import pixels
from faceattr.edits import edited

MAX_SIDE = 4096
"""Larger crops are refused before they are decoded: a small file can unpack to fill the memory."""

Outputs = Callable[[tf.Tensor], dict[str, tf.Tensor]]
"""From face crops, float32 [n, s, s, 3] in [-1, 1], to `residual`, of the same shape and not
clipped; and `needed`, float32 [n], where the network sees whether a face needs the edit.
"""


def outputs_of(network: Any) -> Outputs:
    """What a network returns, by name.

    Args:
        network: see `Family.network`.
    """

    def outputs(images: tf.Tensor) -> dict[str, tf.Tensor]:
        found = network(images, training=False)
        if isinstance(found, tuple | list):
            return dict(zip(("residual", "needed"), found, strict=True))
        return {"residual": found}

    return outputs


def images_signature(outputs_of: Outputs, image_size: int) -> tf.types.experimental.GenericFunction:
    """`serving_default`: float crops in, edited crops and residuals out.

    Returns:
        a function of `image`, float32 [n, s, s, 3] in [-1, 1], to `edited_image`, the same in
        [-1, 1], `residual`, not clipped, and `needed` where the network has it.
    """

    @tf.function(
        input_signature=[tf.TensorSpec([None, image_size, image_size, 3], tf.float32, "image")]
    )
    def edit_images(image: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs = outputs_of(image)
        return {"edited_image": edited(image, outputs["residual"]), **outputs}

    return edit_images


def bytes_signature(outputs_of: Outputs, image_size: int) -> tf.types.experimental.GenericFunction:
    """`image_bytes`: encoded face crops in, PNG out, at strength 1.

    Returns:
        a function of `image_bytes`, string [n], to `edited_image_bytes`, string [n].
    """

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "image_bytes")])
    def edit_bytes(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        strength = tf.ones_like(image_bytes, tf.float32)
        return {"edited_image_bytes": _edit_encoded(outputs_of, image_size, image_bytes, strength)}

    return edit_bytes


def bytes_with_strength_signature(
    outputs_of: Outputs, image_size: int
) -> tf.types.experimental.GenericFunction:
    """`image_bytes_with_strength`: the same with a strength for each image.

    Returns:
        a function of `image_bytes`, string [n], and `strength`, float32 [n], to
        `edited_image_bytes`, string [n].
    """

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "image_bytes"),
            tf.TensorSpec([None], tf.float32, "strength"),
        ]
    )
    def edit_bytes_with_strength(
        image_bytes: tf.Tensor, strength: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        return {"edited_image_bytes": _edit_encoded(outputs_of, image_size, image_bytes, strength)}

    return edit_bytes_with_strength


def _edit_encoded(
    outputs_of: Outputs, image_size: int, image_bytes: tf.Tensor, strength: tf.Tensor
) -> tf.Tensor:
    def edit_one(inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        contents, factor = inputs
        image = _decode(contents)
        shape = tf.shape(image)
        # Resized as whole levels, so that training, editor and server see the same pixels.
        small = tf.image.resize(image, [image_size, image_size], antialias=True)
        small = tf.cast(tf.clip_by_value(tf.round(small), 0.0, 255.0), tf.uint8)
        residual = outputs_of(pixels.tensor_to_float(small)[None])["residual"][0]
        # Only the residual is scaled up: the image keeps its own detail.
        residual = tf.image.resize(residual, shape[:2])
        full = edited(pixels.tensor_to_float(image), residual, factor)
        return tf.io.encode_png(pixels.tensor_to_uint8(full))

    return tf.map_fn(
        edit_one, (image_bytes, strength), fn_output_signature=tf.TensorSpec([], tf.string)
    )


def _decode(contents: tf.Tensor) -> tf.Tensor:
    """A square JPEG or PNG face crop, its size looked up before it is decoded."""

    def png_shape() -> tf.Tensor:
        # Bytes 16 to 24 of the header: width and height, big-endian.
        is_png = tf.strings.substr(contents, 0, 8) == b"\x89PNG\r\n\x1a\n"
        is_png = tf.logical_and(is_png, tf.strings.length(contents) >= 24)
        with tf.control_dependencies(
            [tf.debugging.Assert(is_png, ["image_bytes must be a JPEG or PNG image"])]
        ):
            header = tf.strings.substr(contents, 16, 8)
        width, height = tf.unstack(tf.io.decode_raw(header, tf.int32, little_endian=False), num=2)
        return tf.stack([height, width])

    shape = tf.cond(
        tf.io.is_jpeg(contents), lambda: tf.io.extract_jpeg_shape(contents)[:2], png_shape
    )
    with tf.control_dependencies(
        [
            tf.debugging.Assert(
                tf.logical_and(shape[0] == shape[1], shape[0] <= MAX_SIDE),
                [
                    f"image_bytes must be a square face crop of at most {MAX_SIDE} pixels, got",
                    shape,
                ],
            )
        ]
    ):
        contents = tf.identity(contents)
    return tf.cond(
        tf.io.is_jpeg(contents),
        # The slower of the two transforms, which training and the editor use as well.
        lambda: tf.io.decode_jpeg(contents, channels=3, dct_method="INTEGER_ACCURATE"),
        lambda: tf.io.decode_png(contents, channels=3),
    )
