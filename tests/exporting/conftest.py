"""A network that nobody trained and whose edits are seen, in the forms of an export."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from faceattr import pixels
from faceattr.data import synthetic
from faceattr.exporting.traced import Traced
from faceattr.models import fast_layers

SIZE = 32


@pytest.fixture(scope="session")
def network():
    """Of the kinds of layers that the families have: (residual, needed)."""
    keras.utils.set_random_seed(0)
    image = keras.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(8, 4, strides=2, padding="same")(image)
    x = fast_layers.BatchNormalization()(ops.leaky_relu(x, 0.2))
    x = fast_layers.UpsampledConv2D(8, 3, padding="same")(x)
    x = layers.Conv2D(16, 1)(ops.leaky_relu(x, 0.2))
    needed = ops.sigmoid(ops.mean(x, axis=(1, 2, 3)))
    small = layers.Conv2D(12, 3, padding="same")(x)[:, ::2, ::2, :]
    residual = 0.6 * ops.tanh(ops.depth_to_space(small, 2)) * ops.reshape(needed, (-1, 1, 1, 1))
    model = keras.Model(image, (residual, needed))
    random = np.random.default_rng(0)
    model.set_weights(
        [
            random.uniform(0.1, 0.6, each.shape) - 0.3 * (each.ndim > 1)
            for each in model.get_weights()
        ]
    )
    return model


@pytest.fixture(scope="session")
def traced(network):
    return Traced(network, SIZE)


@pytest.fixture(scope="session")
def faces():
    """uint8 [8, s, s, 3]."""
    return np.stack([synthetic.render(synthetic.sample_parameters(7, i), SIZE) for i in range(8)])


@pytest.fixture(scope="session")
def wanted(network, faces):
    """What Keras makes of the faces: (residual, needed)."""
    return [np.asarray(each) for each in network(pixels.to_float(faces))]
