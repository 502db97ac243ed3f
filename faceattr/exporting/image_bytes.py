"""A JPEG or PNG read inside a TensorFlow graph, as the editor reads it.

Upright as its EXIF says, what is transparent laid on white, 16 bits and CMYK as 8 bits of RGB. A
colour profile is not looked at.
"""

from typing import Any

import tensorflow as tf

MAX_SIDE = 4096
"""Larger crops are refused before they are decoded: a small file can unpack to fill the memory."""

_PNG = b"\x89PNG\r\n\x1a\n"
_PALETTE = 3  # a PNG's kind of colour
_EXIF_OF_A_JPEG = b"Exif\0\0"
_APP1, _START_OF_SCAN, _END = 0xE1, 0xDA, 0xD9
_ORIENTATION, _SHORT = 0x0112, 3
_MOST_EXIF = 1 << 16  # bytes that are looked at


def decode(contents: tf.Tensor) -> tf.Tensor:
    """A square face crop, its size looked up before it is decoded.

    Args:
        contents: string [], of a JPEG or PNG file.

    Returns:
        uint8 [side, side, 3], upright RGB.

    Raises:
        tf.errors.InvalidArgumentError: when it runs, with a sentence, for anything else.
    """
    is_jpeg = tf.io.is_jpeg(contents)
    shape = tf.cond(
        is_jpeg, lambda: tf.io.extract_jpeg_shape(contents)[:2], lambda: _png_shape(contents)
    )
    check = tf.debugging.Assert(
        tf.logical_and(shape[0] == shape[1], shape[0] <= MAX_SIDE),
        [f"image_bytes must be a square face crop of at most {MAX_SIDE} pixels, got", shape],
    )
    with tf.control_dependencies([check]):
        contents = tf.identity(contents)
    image = tf.cond(
        is_jpeg,
        # The slower of the two transforms, which training and the editor use as well.
        lambda: tf.io.decode_jpeg(contents, channels=3, dct_method="INTEGER_ACCURATE"),
        lambda: _on_white(_decoded_png(contents)),
    )
    tiff = tf.cond(is_jpeg, lambda: _tiff_of_jpeg(contents), lambda: _tiff_of_png(contents))
    upright = tf.cond(
        tiff >= 0, lambda: _turned(image, _orientation(contents, tiff)), lambda: image
    )
    return tf.ensure_shape(upright, [None, None, 3])


def _png_shape(contents: tf.Tensor) -> tf.Tensor:
    """Height and width, int32 [2], from bytes 16 to 24 of the header."""
    is_png = tf.strings.substr(contents, 0, len(_PNG)) == _PNG
    is_png = tf.logical_and(is_png, tf.strings.length(contents) >= 24)
    told = "image_bytes must be a JPEG or PNG image; save any other kind, such as HEIC, as one"
    with tf.control_dependencies([tf.debugging.Assert(is_png, [told])]):
        header = tf.strings.substr(contents, 16, 8)
    width, height = tf.unstack(tf.io.decode_raw(header, tf.int32, little_endian=False), num=2)
    return tf.stack([height, width])


def _decoded_png(contents: tf.Tensor) -> tf.Tensor:
    """uint8 [h, w, 4], with alpha."""
    depth, kind = tf.unstack(_bytes(contents, 24, 2), num=2)

    def by_itself() -> tf.Tensor:
        image = tf.io.decode_png(contents)  # as many channels as it has
        count = tf.shape(image)[2]
        color = tf.cond(count < 3, lambda: tf.repeat(image[:, :, :1], 3, axis=2), lambda: image)
        alpha = tf.cond(
            count == 4,
            lambda: image[:, :, 3:],
            lambda: tf.fill(tf.shape(image[:, :, :1]), tf.constant(255, tf.uint8)),
        )
        return tf.concat([color[:, :, :3], alpha], axis=2)

    # Asked for alpha, the decoder gives noise for palettes and samples of less than a byte.
    return tf.cond(
        tf.logical_or(kind == _PALETTE, depth < 8),
        by_itself,
        lambda: tf.io.decode_png(contents, channels=4),
    )


def _on_white(image: tf.Tensor) -> tf.Tensor:
    """uint8 [h, w, 4] with alpha as uint8 [h, w, 3]."""
    color, alpha = tf.split(tf.cast(image, tf.float32), [3, 1], axis=2)
    share = alpha / 255.0
    return tf.cast(tf.round(color * share + 255.0 * (1.0 - share)), tf.uint8)


def _turned(image: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """The upright image; EXIF's orientation says how it was stored."""

    def among(*values: int) -> tf.Tensor:
        return tf.reduce_any(orientation == tf.constant(values))

    image = tf.cond(among(5, 6, 7, 8), lambda: tf.transpose(image, (1, 0, 2)), lambda: image)
    image = tf.cond(among(2, 3, 6, 7), lambda: tf.reverse(image, [1]), lambda: image)
    return tf.cond(among(3, 4, 7, 8), lambda: tf.reverse(image, [0]), lambda: image)


def _tiff_of_jpeg(contents: tf.Tensor) -> tf.Tensor:
    """Where the TIFF header of the EXIF of a JPEG begins, int32 []; -1 without one."""
    size = tf.strings.length(contents)

    def step(position: tf.Tensor, found: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        head = _bytes(contents, position, 10)
        here = tf.logical_and(
            head[1] == _APP1, tf.strings.substr(contents, position + 4, 6) == _EXIF_OF_A_JPEG
        )
        length = tf.maximum(2, 256 * head[2] + head[3])
        no_end = tf.logical_and(head[1] != _START_OF_SCAN, head[1] != _END)
        is_marker = tf.logical_and(head[0] == 0xFF, no_end)
        found = tf.where(tf.logical_and(is_marker, here), position + 10, found)
        return tf.where(is_marker, position + 2 + length, size), found

    return _first(step, size, start=2, least=10)


def _tiff_of_png(contents: tf.Tensor) -> tf.Tensor:
    """The same of a PNG."""
    size = tf.strings.length(contents)

    def step(position: tf.Tensor, found: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        head = _bytes(contents, position, 4)
        # A length of 2^24 or more is beyond what is sent here.
        length = tf.where(head[0] > 0, size, 65536 * head[1] + 256 * head[2] + head[3])
        here = tf.strings.substr(contents, position + 4, 4) == b"eXIf"
        return position + 12 + length, tf.where(here, position + 8, found)

    return _first(step, size, start=8, least=12)


def _first(step: Any, size: tf.Tensor, start: int, least: int) -> tf.Tensor:
    _, found = tf.while_loop(
        lambda position, found: tf.logical_and(found < 0, position + least <= size),
        step,
        (tf.constant(start), tf.constant(-1)),
    )
    return found


def _orientation(contents: tf.Tensor, tiff: tf.Tensor) -> tf.Tensor:
    """EXIF's orientation, int32 []; 1 where it is not said."""
    length = tf.minimum(tf.strings.length(contents) - tiff, _MOST_EXIF)
    data = tf.pad(_bytes(contents, tiff, length), [[0, 16]])
    little = data[0] == ord("I")

    def number(at: Any, count: int) -> tf.Tensor:
        parts = [tf.gather(data, tf.clip_by_value(at + index, 0, length)) for index in range(count)]
        powers = [256**index for index in range(count)]
        small, large = (
            tf.add_n([part * power for part, power in zip(parts, order, strict=True)])
            for order in (powers, powers[::-1])
        )
        return tf.where(little, small, large)

    directory = tf.clip_by_value(number(tf.constant(4), 4), 0, length)
    entries = directory + 2 + 12 * tf.range(number(directory, 2))
    entries = tf.boolean_mask(entries, entries + 12 <= length)
    wanted = tf.logical_and(number(entries, 2) == _ORIENTATION, number(entries + 2, 2) == _SHORT)
    values = tf.boolean_mask(number(entries + 8, 2), wanted)
    return tf.concat([values, [1]], axis=0)[0]


def _bytes(contents: tf.Tensor, start: tf.Tensor, count: Any) -> tf.Tensor:
    """int32 [count] of bytes that are there."""
    return tf.cast(tf.io.decode_raw(tf.strings.substr(contents, start, count), tf.uint8), tf.int32)
