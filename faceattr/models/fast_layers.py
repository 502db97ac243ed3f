"""Two of Keras's layers, computed faster for the same numbers."""

from typing import Any

import keras
import numpy as np
from keras import layers, ops


class BatchNormalization(layers.BatchNormalization):
    """`keras.layers.BatchNormalization` over the last axis, as one operation of TensorFlow.

    Keras computes it step by step, and TensorFlow then makes a pass over the maps for each step.
    On other backends, whose compilers join such steps, for statistics over several replicas, where
    it does not learn, and in inference, it is Keras's own.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        plain = not training or self.synchronized or not self.trainable
        if plain or keras.backend.backend() != "tensorflow":
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs,
            ops.cast(self.gamma, "float32"),
            ops.cast(self.beta, "float32"),
            epsilon=self.epsilon,
            is_training=True,
        )
        # It returns the variance of the population that the batch is a sample of.
        count = ops.cast(ops.size(inputs) // inputs.shape[-1], variance.dtype)
        variance = variance * ((count - 1) / count)
        for average, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            average.assign(average * self.momentum + value * (1.0 - self.momentum))
        return outputs


class UpsampledConv2D(layers.Conv2D):
    """`keras.layers.Conv2D`, with stride 1, of maps whose pixels are first repeated twice each way.

    The larger map is never made. Kernel taps that fall on copies of one pixel are added up: each of
    the four places of an output pixel in its 2x2 square has a small kernel of its own, 2x2 where
    the layer's is 3x3 and 3x3 where it is 4x4. All four are outputs of one convolution.
    """

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        size = self.kernel_size[0]
        taps = ops.cast(_taps_of_repeated_pixels(size), self.compute_dtype)
        # (place, pixel) by rows and by columns; the places become output channels.
        kernel = ops.einsum("auk,bvl,klio->uviabo", taps, taps, self.kernel)
        kernel = ops.reshape(kernel, (*kernel.shape[:3], 4 * self.filters))
        # The small kernels of an even size share a centre. Those of an odd size lie half a square
        # apart: on a margin all round, squares that are one pixel off hold them.
        odd = size % 2
        x = ops.pad(inputs, ((0, 0), (odd, odd), (odd, odd), (0, 0))) if odd else inputs
        x = ops.conv(x, kernel, padding="valid" if odd else "same")
        x = ops.depth_to_space(ops.add(x, ops.tile(self.bias, 4)), 2)
        if not odd:
            return x
        # By ops.slice, because the gradient of indexing is slow in TensorFlow.
        side = x.shape[1] - 2
        return ops.slice(x, (0, 1, 1, 0), (ops.shape(x)[0], side, side, self.filters))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, height, width, channels = input_shape
        enlarged = (batch, *(None if side is None else 2 * side for side in (height, width)))
        return super().compute_output_shape((*enlarged, channels))


# Keras files the weights of a layer under its class's name, which is Conv2D in .keras files.
UpsampledConv2D.__name__ = "Conv2D"


def _taps_of_repeated_pixels(size: int) -> np.ndarray:
    """[2, size // 2 + 1, size] of 0 and 1: which pixel each tap of a kernel falls on, for either
    place in a square.
    """
    odd = size % 2
    taps = np.zeros((2, size // 2 + 1, size), np.float32)
    for place in (0, 1):
        for tap in range(size):
            # From place + 2i a kernel with "same" padding reads place + 2i + tap - 1 and so on.
            pixel = (place + tap - 1) // 2
            if odd:  # the squares are one off, so the places are swapped
                taps[1 - place, pixel + 1 - place, tap] = 1
            else:
                taps[place, pixel + 1, tap] = 1
    return taps
