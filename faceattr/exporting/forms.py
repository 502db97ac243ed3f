"""The two forms of an exported edit: SavedModel and .tflite."""

import pathlib
import tempfile
from typing import Any

import keras
import tensorflow as tf

from faceattr.exporting import signatures


def write_saved_model(
    path: pathlib.Path, network: Any, outputs_of: signatures.Outputs, image_size: int
) -> None:
    """Writes the SavedModel with the three signatures of a bundle."""
    archive = keras.export.ExportArchive()
    archive.track(network)
    archive.add_endpoint("serving_default", signatures.images_signature(outputs_of, image_size))
    archive.add_endpoint("image_bytes", signatures.bytes_signature(outputs_of, image_size))
    archive.add_endpoint(
        "image_bytes_with_strength",
        signatures.bytes_with_strength_signature(outputs_of, image_size),
    )
    archive.write_out(path, verbose=False)


def write_tflite(
    path: pathlib.Path, network: Any, outputs_of: signatures.Outputs, image_size: int
) -> None:
    """Writes the float16 .tflite: static batch 1, built-in operations only, `image` to `residual`.

    Where the network has it, `needed` is there too. The host adds and scales the residual, so a
    strength slider costs nothing.
    """

    @tf.function(
        input_signature=[tf.TensorSpec([1, image_size, image_size, 3], tf.float32, "image")]
    )
    def residual(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return outputs_of(image)

    with tempfile.TemporaryDirectory() as scratch:
        archive = keras.export.ExportArchive()
        archive.track(network)
        archive.add_endpoint("serving_default", residual)
        archive.write_out(scratch, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            scratch, signature_keys=["serving_default"]
        )
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
        path.write_bytes(converter.convert())
