"""A network traced once, for every form of its export."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

Outputs = Callable[[tf.Tensor], dict[str, tf.Tensor]]
"""From face crops, float32 [n, s, s, 3] in [-1, 1], to `residual`, of the same shape and not
clipped; and `needed`, float32 [n], where the network sees whether a face needs the edit.
"""


class Traced(tf.Module):
    """A network as one TensorFlow function, which all signatures call.

    Attributes:
        image_size: int, side of the face crops.
        outputs: see `Outputs`; Keras is left as soon as it is called for the first time.
        weights: the variables of the network, for a SavedModel to keep.
    """

    def __init__(self, network: Any, image_size: int) -> None:
        """Traces nothing yet.

        Args:
            network: see `Family.network`.
            image_size: int, side of the face crops.
        """
        super().__init__()
        self.image_size = image_size
        self.weights = [variable.value for variable in network.weights]
        outputs = outputs_of(network)
        shape = [None, image_size, image_size, 3]
        self.outputs = tf.function(
            lambda image: outputs(image), input_signature=[tf.TensorSpec(shape, tf.float32)]
        )


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
