"""tf.data: the pairs (x0, x1) of each training step.

The batches are a pure function of (seed, step): starting at step k gives the very batches that an
uninterrupted training would have seen from k on.
"""

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf

from faceattr import pixels
from faceattr.data.crop import CropGeometry, open_image
from faceattr.data.splits import Split
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError

_JPEG_MARGIN = 2


def batch_plan(
    seed: int, step: int, batch_size: int, counts: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Which images, mirrored or not, make up one step: the whole of the data order.

    Each class is gone through in an order of its own, drawn anew each time it has been seen
    whole, so x0 and x1 of a pair are independent.

    Args:
        seed: int.
        step: int >= 0, the step that the batch is for.
        batch_size: int, pairs in a batch.
        counts: (negatives, positives) in the training split.

    Returns:
        (positions int64 [2, batch_size], mirrored bool [2, batch_size]): row 0 for the images
        without the attribute, row 1 for those with it; positions count within the class.
    """
    places = np.arange(step * batch_size, (step + 1) * batch_size)
    positions = np.empty((2, batch_size), np.int64)
    for label, count in enumerate(counts):
        for epoch in np.unique(places // count):
            here = places // count == epoch
            positions[label, here] = _order(seed, label, int(epoch), count)[places[here] % count]
    mirrored = np.random.default_rng([seed, 2, step]).random((2, batch_size)) < 0.5
    return positions, mirrored


@functools.lru_cache(maxsize=4)  # both classes, and both epochs where a batch straddles two
def _order(seed: int, label: int, epoch: int, count: int) -> np.ndarray:
    return np.random.default_rng([seed, label, epoch]).permutation(count)


def training_pairs(
    table: AttributeTable,
    split: Split,
    image_size: int,
    batch_size: int,
    seed: int,
    steps: range,
) -> tf.data.Dataset:
    """The batches of the given steps.

    Args:
        table: where the images are.
        split: which of them train.
        image_size: int, side of the face crops.
        batch_size: int, pairs in a batch.
        seed: int, of the data order.
        steps: range of steps, such as `range(600)`, or `range(200, 600)` after a restart.

    Returns:
        a dataset of (x0, x1), float32 [batch_size, image_size, image_size, 3] in [-1, 1] each.
    """
    members = (split.train_negative, split.train_positive)
    counts = (len(members[0]), len(members[1]))

    def plan(step: int) -> tuple[np.ndarray, np.ndarray]:
        positions, mirrored = batch_plan(seed, int(step), batch_size, counts)
        indices = np.concatenate([members[label][positions[label]] for label in (0, 1)])
        return indices, mirrored.reshape(-1)

    def planned(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        indices, mirrored = tf.numpy_function(plan, [step], [tf.int64, tf.bool])
        return tf.ensure_shape(indices, [2 * batch_size]), tf.ensure_shape(
            mirrored, [2 * batch_size]
        )

    def pair(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        negatives, positives = tf.split(pixels.tensor_to_float(images), 2)
        return negatives, positives

    batches = tf.data.Dataset.range(steps.start, steps.stop).map(planned)
    images = _image_batches(table, batches, image_size, 2 * batch_size)
    return images.map(pair).prefetch(tf.data.AUTOTUNE)


def _image_batches(
    table: AttributeTable, batches: tf.data.Dataset, image_size: int, count: int
) -> tf.data.Dataset:
    """From batches of (indices, mirrored) to batches of uint8 images."""
    if table.images is not None:
        crops = table.images
        assert crops.shape[1] == image_size, "crops in memory have one size"

        def gather(indices: tf.Tensor, mirrored: tf.Tensor) -> tf.Tensor:
            images = tf.numpy_function(lambda chosen: crops[chosen], [indices], tf.uint8)
            images = tf.ensure_shape(images, [count, image_size, image_size, 3])
            return tf.where(mirrored[:, None, None, None], images[:, :, ::-1], images)

        return batches.map(gather)

    paths = tf.constant([str(table.path(index)) for index in range(len(table))])
    read = crop_reader(table.crop, image_size)

    def load(index: tf.Tensor, mirror: tf.Tensor) -> tf.Tensor:
        image = read(tf.io.read_file(paths[index]))
        return tf.where(mirror, image[:, ::-1], image)

    return (
        batches.unbatch()
        .map(load, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .batch(count, drop_remainder=True)
    )


def crop_reader(crop: CropGeometry, image_size: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """Makes the TensorFlow twin of `crop.read_crop`: encoded bytes to one face crop.

    Returns:
        a function from a scalar string (JPEG, PNG, BMP or GIF) to uint8
        [image_size, image_size, 3]; its pixels are within one level of `read_crop`'s.
    """

    def window(height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
        box = tf.numpy_function(_window(crop), [height, width], tf.int32)
        return tf.ensure_shape(box, [4])

    def decode_jpeg(contents: tf.Tensor) -> tf.Tensor:
        shape = tf.io.extract_jpeg_shape(contents)[:2]
        inner = window(shape[0], shape[1])
        # Colour is upsampled from its neighbours, so the square's border needs a margin.
        start = tf.maximum(inner[:2] - _JPEG_MARGIN, 0)
        stop = tf.minimum(inner[:2] + inner[2:] + _JPEG_MARGIN, shape)
        image = tf.io.decode_and_crop_jpeg(
            contents,
            tf.concat([start, stop - start], axis=0),
            channels=3,
            dct_method="INTEGER_ACCURATE",
        )
        return cut(image, tf.concat([inner[:2] - start, inner[2:]], axis=0))

    def decode_other(contents: tf.Tensor) -> tf.Tensor:
        image = tf.io.decode_image(contents, channels=3, expand_animations=False)
        shape = tf.shape(image)
        return cut(image, window(shape[0], shape[1]))

    def cut(image: tf.Tensor, box: tf.Tensor) -> tf.Tensor:
        top, left, height, width = tf.unstack(box)
        return image[top : top + height, left : left + width]

    def read(contents: tf.Tensor) -> tf.Tensor:
        image = tf.cond(
            tf.io.is_jpeg(contents),
            lambda: decode_jpeg(contents),
            lambda: decode_other(contents),
        )
        image = tf.image.resize(image, [image_size, image_size], antialias=True)
        return tf.cast(tf.clip_by_value(tf.round(image), 0.0, 255.0), tf.uint8)

    return read


def _window(crop: CropGeometry) -> Callable[[int, int], np.ndarray]:
    def window(height: int, width: int) -> np.ndarray:
        left, top, right, bottom = crop.box(int(width), int(height))
        return np.array([top, left, bottom - top, right - left], np.int32)

    return window


def check_images(table: AttributeTable, split: Split) -> None:
    """Reads every image of the split once, before training spends hours on it.

    Raises:
        UserError: naming the first unreadable images and how many there are.
    """
    if table.images is not None:
        return
    indices = np.concatenate(
        [split.train_negative, split.train_positive, split.test_negative, split.test_positive]
    )

    def problem(index: int) -> str | None:
        try:
            open_image(table.path(index))
        except UserError as error:
            return str(error)
        return None

    with ThreadPoolExecutor() as pool:
        problems = [text for text in pool.map(problem, indices) if text]
    if problems:
        raise UserError(
            f"{len(problems)} of {len(indices)} images cannot be used; mend or remove them: "
            + "; ".join(problems[:3])
        )
