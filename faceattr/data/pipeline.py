"""tf.data: the batches of each training step.

The batches are a pure function of the step: starting at step k gives the very batches that an
uninterrupted training would have seen from k on. Crops may be cached, in memory or packed on disk,
always before the random changes and never after them.
"""

import collections
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

from faceattr import pixels
from faceattr.data.rows import Draws, Rows, augment
from faceattr.data.table import AttributeTable
from faceattr.faces.crop import read_crop

# Colour is upsampled from its neighbours, so the border of a decoded square needs two pixels more.
_JPEG_MARGIN = 2
_CHUNK = 32  # images that are read in one call
_ORIENTATION = 0x0112  # EXIF's tag for rotation


def training_batches(
    table: AttributeTable,
    draws: Draws,
    image_size: int,
    steps: range,
    jitter: float = 0.0,
    shard: tuple[int, int] = (0, 1),
) -> tf.data.Dataset:
    """The batches of the given steps.

    Under `tf.distribute` each worker reads its own shard of every step, so that all together see
    the batches that one machine would; TensorFlow's own sharding, which would deal out whole
    steps, is switched off.

    Args:
        table: where the images are; crops in memory or packed are served without decoding.
        draws: which of them make up each step.
        image_size: int, side of the face crops.
        steps: range of steps, such as `range(600)`, or `range(200, 600)` after a restart.
        jitter: float in [0, 1], strength of the random changes of light and framing. Defaults to
            0, none, as in the paper.
        shard: (index, count) of the worker; count must divide every group. Defaults to (0, 1).

    Returns:
        a dataset of what `draws.batch` makes of each step's rows.
    """

    def rows_of(step: int) -> Rows:
        return draws.rows(int(step)).shard(*shard)

    def planned_indices(step: np.ndarray) -> np.ndarray:
        return rows_of(int(step)).indices

    def augmented(step: np.ndarray, crops: np.ndarray) -> tuple[np.ndarray, ...]:
        rows = rows_of(int(step))
        # A copy: the array may be TensorFlow's own memory.
        return augment(crops.copy(), rows, jitter), rows.labels, rows.edits

    def stored(step: np.ndarray) -> tuple[np.ndarray, ...]:
        assert table.images is not None
        rows = rows_of(int(step))
        return augment(table.images[rows.indices], rows, jitter), rows.labels, rows.edits

    # Every step has as many rows as the first.
    first = rows_of(steps.start)
    count = len(first)
    shape = (count, image_size, image_size, 3)

    def batch(images: tf.Tensor, labels: tf.Tensor, edits: tf.Tensor) -> Any:
        images = pixels.tensor_to_float(tf.ensure_shape(images, shape))
        labels = tf.ensure_shape(labels, first.labels.shape)
        edits = tf.ensure_shape(edits, [count])
        return draws.batch(*(tf.split(each, first.groups) for each in (images, labels, edits)))

    dtypes = (tf.uint8, tf.int8, tf.int32)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    steps_ahead = tf.data.Dataset.range(steps.start, steps.stop).with_options(options)
    if table.images is not None:
        assert table.images.shape[1] == image_size, "stored crops have one size"
        return steps_ahead.map(
            lambda step: batch(*tf.numpy_function(stored, [step], dtypes)),
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        ).prefetch(tf.data.AUTOTUNE)
    read = crop_reader(table, np.unique(draws.indices()), image_size)
    # One call per image would cost as much as decoding it; one per batch would leave cores idle
    # at the start of large batches.
    chunk = math.gcd(count, _CHUNK)
    crops = (
        steps_ahead.map(lambda step: tf.numpy_function(planned_indices, [step], tf.int64))
        .map(lambda indices: tf.reshape(indices, [count // chunk, chunk]))
        .unbatch()
        .map(read, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .batch(count // chunk, drop_remainder=True)
        .map(lambda images: tf.reshape(images, shape))
    )
    return (
        tf.data.Dataset.zip(steps_ahead, crops)
        .map(lambda step, images: batch(*tf.numpy_function(augmented, [step, images], dtypes)))
        .prefetch(tf.data.AUTOTUNE)
    )


def crop_reader(
    table: AttributeTable, indices: np.ndarray, image_size: int
) -> Callable[[tf.Tensor], tf.Tensor]:
    """Makes the TensorFlow twin of `crop.read_crop` for some images of a table of files.

    Plain JPEGs of one size, what data sets are made of, are decoded and cropped in one operation;
    everything else (other sizes and formats, EXIF rotation, CMYK) goes through `read_crop` itself.

    Args:
        table: where the image files are.
        indices: int64 [k], the images that may be asked for; their headers are read now.
        image_size: int, side of the face crops.

    Returns:
        a function from indices, int64 [c] with c known, to uint8 [c, image_size, image_size, 3];
        its pixels are within two levels of `read_crop`'s.
    """
    size, plain = _plain_jpegs(table, indices)
    paths = tf.constant([str(table.path(index)) for index in range(len(table))])

    def decode_plain(index: tf.Tensor) -> tf.Tensor:
        assert size is not None
        width, height = size
        left, top, right, bottom = table.crop.box(width, height)
        start_x, start_y = max(left - _JPEG_MARGIN, 0), max(top - _JPEG_MARGIN, 0)
        stop_x, stop_y = min(right + _JPEG_MARGIN, width), min(bottom + _JPEG_MARGIN, height)
        image = tf.io.decode_and_crop_jpeg(
            tf.io.read_file(paths[index]),
            [start_y, start_x, stop_y - start_y, stop_x - start_x],
            channels=3,
            dct_method="INTEGER_ACCURATE",
        )
        return image[top - start_y : bottom - start_y, left - start_x : right - start_x]

    def resize(images: tf.Tensor) -> tf.Tensor:
        images = tf.image.resize(images, [image_size, image_size], antialias=True)
        return tf.cast(tf.clip_by_value(tf.round(images), 0.0, 255.0), tf.uint8)

    def read_odd(index: tf.Tensor) -> tf.Tensor:
        return tf.numpy_function(
            lambda i: read_crop(table.path(int(i)), table.crop, image_size), [index], tf.uint8
        )

    def read(chunk: tf.Tensor) -> tf.Tensor:
        if plain[indices].all():
            # Of one size, so that they are resized together.
            return resize(tf.stack([decode_plain(index) for index in tf.unstack(chunk)]))
        flags = tf.constant(plain)
        images = [
            tf.cond(
                flags[index],
                lambda index=index: resize(decode_plain(index)),
                lambda index=index: read_odd(index),
            )
            if plain.any()
            else read_odd(index)
            for index in tf.unstack(chunk)
        ]
        return tf.ensure_shape(tf.stack(images), [len(images), image_size, image_size, 3])

    return read


def _plain_jpegs(
    table: AttributeTable, indices: np.ndarray
) -> tuple[tuple[int, int] | None, np.ndarray]:
    """The commonest (width, height) of plain JPEGs, and bool [n] which images are of that kind."""

    def plain_size(index: int) -> tuple[int, int] | None:
        try:
            with Image.open(table.path(index)) as image:
                upright = "exif" not in image.info or image.getexif().get(_ORIENTATION, 1) == 1
                plain = image.format == "JPEG" and image.mode in ("RGB", "L") and upright
                return image.size if plain else None
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            return None  # damaged; read_crop will say how

    with ThreadPoolExecutor() as pool:
        sizes = list(pool.map(plain_size, indices))
    counts = collections.Counter(size for size in sizes if size is not None)
    flags = np.zeros(len(table), bool)
    if not counts:
        return None, flags
    commonest = counts.most_common(1)[0][0]
    flags[indices] = [size == commonest for size in sizes]
    return commonest, flags
