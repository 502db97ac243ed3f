"""What an exported edit takes and returns: the signatures of a bundle's SavedModel.

Each checks what it is given: a request that cannot be right gets a sentence, not a wrong picture.
"""

import tensorflow as tf

from faceattr import pixels
from faceattr.edits import HIGHEST_STRENGTH, LOWEST_STRENGTH, edited
from faceattr.exporting import image_bytes
from faceattr.exporting.traced import Traced
from faceattr.pictures.upscaling import EPSILON, LUMINANCE, MOST_ENLARGED

# Floats that were levels once are not exactly in [-1, 1].
_ROUNDING = 1e-3


def images_signature(traced: Traced) -> tf.types.experimental.GenericFunction:
    """`serving_default`: float crops in, edited crops and residuals out.

    Returns:
        a function of `image`, float32 [n, s, s, 3] in [-1, 1], to `edited_image`, the same in
        [-1, 1], `residual`, not clipped, and `needed` where the network has it.
    """
    side = traced.image_size

    @tf.function(input_signature=[tf.TensorSpec([None, side, side, 3], tf.float32, "image")])
    def edit_images(image: tf.Tensor) -> dict[str, tf.Tensor]:
        image = _checked_pixels(image)
        outputs = traced.outputs(image)
        return {"edited_image": edited(image, outputs["residual"]), **outputs}

    return edit_images


def bytes_signatures(traced: Traced) -> dict[str, tf.types.experimental.GenericFunction]:
    """Encoded face crops in, PNG out, by the name of the signature.

    Returns:
        `image_bytes`: a function of `image_bytes`, string [n], to `edited_image_bytes`, string [n],
        at strength 1; `image_bytes_with_strength`: the same of `image_bytes` and `strength`,
        float32 [n], one for each image.
    """
    images = tf.TensorSpec([None], tf.string, "image_bytes")
    strengths = tf.TensorSpec([None], tf.float32, "strength")

    # Traced once, for both.
    @tf.function(input_signature=[images, strengths])
    def edit_all(image_bytes: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
        return tf.map_fn(
            lambda inputs: _edit_encoded(traced, *inputs),
            (image_bytes, strength),
            fn_output_signature=tf.TensorSpec([], tf.string),
        )

    @tf.function(input_signature=[images])
    def edit_bytes(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        strength = tf.ones_like(image_bytes, tf.float32)
        return {"edited_image_bytes": edit_all(image_bytes, strength)}

    @tf.function(input_signature=[images, strengths])
    def edit_bytes_with_strength(
        image_bytes: tf.Tensor, strength: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        strength = _checked_strengths(image_bytes, strength)
        return {"edited_image_bytes": edit_all(image_bytes, strength)}

    return {"image_bytes": edit_bytes, "image_bytes_with_strength": edit_bytes_with_strength}


def _checked_pixels(image: tf.Tensor) -> tf.Tensor:
    # Of nan no comparison is true.
    in_range = tf.reduce_all(tf.abs(image) <= 1 + _ROUNDING)
    told = (
        "image must be pixels in [-1, 1]: level / 127.5 - 1 of levels from 0 to 255, and no NaN; "
        "or send a JPEG or PNG to the signature image_bytes. Got pixels from, to:"
    )
    check = tf.debugging.Assert(in_range, [told, tf.reduce_min(image), tf.reduce_max(image)])
    with tf.control_dependencies([check]):
        return tf.identity(image)


def _checked_strengths(image_bytes: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    counts = tf.size(strength), tf.size(image_bytes)
    told = "there must be one strength for each image, got strengths, images:"
    one_each = tf.debugging.Assert(counts[0] == counts[1], [told, *counts])
    in_range = tf.logical_and(strength >= LOWEST_STRENGTH, strength <= HIGHEST_STRENGTH)
    told = f"strength must be a number from {LOWEST_STRENGTH:g} to {HIGHEST_STRENGTH:g}, got"
    checks = [one_each, tf.debugging.Assert(tf.reduce_all(in_range), [told, strength])]
    with tf.control_dependencies(checks):
        return tf.identity(strength)


def _edit_encoded(traced: Traced, contents: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    """A PNG of one face crop of any side, edited as the editor edits it."""
    image, size = image_bytes.decode(contents), traced.image_size
    # Resized as whole levels, so that training, editor and server see the same pixels.
    small = tf.image.resize(image, [size, size], antialias=True)
    small = tf.cast(tf.clip_by_value(tf.round(small), 0.0, 255.0), tf.uint8)
    seen, full = pixels.tensor_to_float(small), pixels.tensor_to_float(image)
    residual = traced.outputs(seen[None])["residual"][0]
    side = tf.shape(image)[0]
    # Only the residual is scaled up: the image keeps its own detail.
    enlarged = tf.cond(
        side > size,
        lambda: _enlarged(residual, seen, full, size),
        lambda: _bicubic(residual, side),
    )
    return tf.io.encode_png(pixels.tensor_to_uint8(edited(full, enlarged, strength)))


def _enlarged(residual: tf.Tensor, seen: tf.Tensor, full: tf.Tensor, size: int) -> tf.Tensor:
    """The residual of a finer image; `faceattr.pictures.upscaling` says why this way."""
    side = tf.shape(full)[0]
    guide = _luminance(seen)
    mean = _means(guide)
    variance = _means(guide * guide) - mean * mean
    covariance = _means(guide * residual) - mean * _means(residual)
    slopes = _means(covariance / (variance + EPSILON))
    maps = _bicubic(
        tf.concat([residual, slopes, guide], axis=2), tf.minimum(side, MOST_ENLARGED * size)
    )
    large, slope, smooth = tf.split(maps, [3, 3, 1], axis=2)
    both = tf.image.resize(tf.concat([large - slope * smooth, slope], axis=2), [side, side])
    base, slope = tf.split(both, 2, axis=2)
    return base + slope * _luminance(full)


def _luminance(image: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(image * LUMINANCE, axis=2, keepdims=True)


def _means(maps: tf.Tensor) -> tf.Tensor:
    """Means over 3x3 pixels; those of the border are repeated."""
    padded = tf.pad(maps, [[1, 1], [1, 1], [0, 0]], mode="SYMMETRIC")
    return tf.nn.avg_pool2d(padded[None], 3, 1, "VALID")[0]


def _bicubic(maps: tf.Tensor, side: tf.Tensor) -> tf.Tensor:
    return tf.image.resize(maps, [side, side], method="bicubic", antialias=True)
