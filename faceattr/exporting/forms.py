"""The two forms of an exported edit: SavedModel and .tflite."""

import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from ai_edge_litert.tools import flatbuffer_utils

from faceattr import pixels
from faceattr.errors import UserError
from faceattr.exporting import signatures, tflite_metadata
from faceattr.exporting.eight_bits import keep_eight_bits
from faceattr.exporting.traced import Traced

QUANTIZE = ("float32", "float16", "int8_weights", "int8")
"""How a .tflite keeps its weights. `int8_weights` has the large ones in 8 bits and the others in
16, and computes in floats, as float16 does; `int8` computes in 8 bits as well."""


def write_saved_model(path: pathlib.Path, traced: Traced) -> None:
    """Writes the SavedModel with the three signatures of a bundle."""
    module = tf.Module()
    module.traced = traced
    tf.saved_model.save(
        module,
        str(path),
        signatures={
            "serving_default": signatures.images_signature(traced),
            **signatures.bytes_signatures(traced),
        },
    )


def write_tflite(
    path: pathlib.Path,
    traced: Traced,
    about: tflite_metadata.About,
    quantize: str = "float16",
    int8_io: bool = False,
    calibration: np.ndarray | None = None,
) -> None:
    """Writes the .tflite: static batch 1, built-in operations only, `image` to `residual`.

    Where the network has it, `needed` is there too. The host adds and scales the residual, so a
    strength slider costs nothing.

    Args:
        path: the file.
        traced: the network.
        about: what its metadata say.
        quantize: one of `QUANTIZE`.
        int8_io: bool, whether an int8 network takes and gives int8, which its scale and zero point
            make of [-1, 1].
        calibration: uint8 [n, s, s, 3], the faces of an int8 network's ranges; None for others.
    """
    side = traced.image_size

    @tf.function(input_signature=[tf.TensorSpec([1, side, side, 3], tf.float32, "image")])
    def serving_default(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return traced.outputs(image)

    function = serving_default.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], traced)
    if quantize != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantize in ("float16", "int8_weights"):
        converter.target_spec.supported_types = [tf.float16]
    if quantize == "int8":
        assert calibration is not None, "int8 needs faces to be calibrated on"

        def faces() -> Iterator[list[Any]]:
            for face in calibration:
                yield [pixels.to_float(face)[None]]

        converter.representative_dataset = faces
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        if int8_io:
            converter.inference_input_type = converter.inference_output_type = tf.int8
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(converter.convert()))
    if quantize == "int8_weights":
        keep_eight_bits(model)
    tflite_metadata.embed(model, about)
    path.write_bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def check_quantize(quantize: str, int8_io: bool) -> None:
    """Refuses what there is not.

    Raises:
        UserError: names the flag.
    """
    if quantize not in QUANTIZE:
        raise UserError(f"--quantize {quantize}: choose one of {', '.join(QUANTIZE)}")
    if int8_io and quantize != "int8":
        raise UserError(f"--int8_io goes with --quantize int8, not with {quantize}; leave it out")
