"""Makes the two bundles of tests/tiny_bundles/ anew: `python tests/make_tiny_bundles.py`.

Real bundles but for their networks, which are two convolutions with drawn weights, so that tests of
what is done with a bundle wait neither for a training nor for TensorFlow.
"""

import pathlib

import numpy as np
import tensorflow as tf

from faceattr.bundles.manifest import Manifest
from faceattr.edits import Edit
from faceattr.faces.crop import ALIGNED_CROP

FOLDER = pathlib.Path(__file__).parent / "tiny_bundles"
SIZE = 32


def main() -> None:
    for seed, edit in enumerate(
        (Edit("add_glasses", "Eyeglasses", True), Edit("remove_glasses", "Eyeglasses", False))
    ):
        folder = FOLDER / edit.name
        folder.mkdir(parents=True, exist_ok=True)
        manifest = Manifest(
            edit, "glasses", SIZE, ALIGNED_CROP, {}, {}, {}, {}, {}, {}, quantize="float32"
        )
        (folder / manifest.tflite_name).write_bytes(network(seed))
        manifest.write(folder)


def network(seed: int) -> bytes:
    """The bytes of a .tflite whose residual is some hundredth to some tenth, and not flat."""
    rng = np.random.default_rng(seed)
    first, second = (
        tf.constant(rng.normal(0, 0.3, shape), tf.float32) for shape in ((3, 3, 3, 4), (3, 3, 4, 3))
    )

    @tf.function(input_signature=[tf.TensorSpec([1, SIZE, SIZE, 3], tf.float32, "image")])
    def serving_default(image: tf.Tensor) -> dict[str, tf.Tensor]:
        hidden = tf.nn.relu(tf.nn.conv2d(image, first, 1, "SAME"))
        residual = 0.2 * tf.tanh(tf.nn.conv2d(hidden, second, 1, "SAME") + 0.5)
        needed = tf.sigmoid(tf.reduce_mean(image, axis=(1, 2, 3)))
        return {"residual": residual, "needed": needed}

    module = tf.Module()
    module.serving_default = serving_default
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [serving_default.get_concrete_function()], module
    )
    return converter.convert()


if __name__ == "__main__":
    main()
