"""Layers that are computed another way give Keras's numbers."""

import numpy as np
import pytest
from keras import layers, ops

from faceattr.models.fast_layers import UpsampledConv2D


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("size", [3, 4])
@pytest.mark.parametrize("side", [1, 2, 5])
def test_four_small_kernels_are_a_convolution_of_repeated_pixels(size, side, training):
    """Borders too, on random weights; sides are of the maps before they are enlarged."""
    random = np.random.default_rng(size)
    x = random.normal(size=(2, side, side, 3)).astype(np.float32)
    fast = UpsampledConv2D(4, size, padding="same")
    fast.build((None, side, side, 3))
    plain = layers.Conv2D(4, size, padding="same")
    plain.build((None, 2 * side, 2 * side, 3))
    weights = [random.normal(size=each.shape) for each in fast.get_weights()]
    fast.set_weights(weights)
    plain.set_weights(weights)
    wanted = plain(ops.repeat(ops.repeat(x, 2, axis=1), 2, axis=2))
    np.testing.assert_allclose(fast(x, training=training), wanted, atol=1e-5)
    assert fast.compute_output_shape(x.shape) == (2, 2 * side, 2 * side, 4)
