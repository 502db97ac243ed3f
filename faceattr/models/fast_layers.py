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

    A layer of 3x3 that is not learning needs no more weights than it has. One way, of the taps a, b
    and c, the two places of pixel i are

        (a + b + c) x[i] + a (x[i - 1] - x[i])    and    (a + b + c) x[i] - c (x[i] - x[i + 1]),

    so that three products make two places, and differences are shared by pixels that lie side by
    side. Both ways, nine products make the four places, where the small kernels take sixteen.
    """

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        size = self.kernel_size[0]
        if size == 3 and not training:
            return self._by_differences(inputs)
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

    def _by_differences(self, x: Any) -> Any:
        _, height, width, _ = x.shape
        weights = ops.cast(_WEIGHTS_OF_PRODUCTS, self.compute_dtype)
        kernel = ops.einsum("uk,vl,klio->uvio", weights, weights, self.kernel)

        def products(maps: Any, *which: tuple[int, int]) -> Any:
            kernels = [kernel[row : row + 1, column : column + 1] for row, column in which]
            return ops.conv(maps, ops.concatenate(kernels, axis=-1), padding="valid")

        def of_place(maps: Any, row: int, column: int, number: int) -> Any:
            first = number * self.filters
            return maps[
                :, row : row + height, column : column + width, first : first + self.filters
            ]

        here = ops.add(products(x, (0, 0)), self.bias)
        down, across = _differences(x, 1), _differences(x, 2)
        rows = products(down, (1, 0), (2, 0))
        columns = products(across, (0, 1), (0, 2))
        corners = products(_differences(down, 2), (1, 1), (1, 2), (2, 1), (2, 2))
        places = []
        for row in (0, 1):
            of_row = here + of_place(rows, row, 0, row)
            for column in (0, 1):
                others = of_place(columns, 0, column, column)
                others += of_place(corners, row, column, 2 * row + column)
                places.append(of_row + others)
        return ops.depth_to_space(ops.concatenate(places, axis=-1), 2)

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


# Of the taps of a kernel of three: a + b + c, a and -c.
_WEIGHTS_OF_PRODUCTS = np.array([[1, 1, 1], [1, 0, 0], [0, 0, -1]], np.float32)


def _differences(x: Any, axis: int) -> Any:
    """x[i - 1] - x[i] along an axis, one more than there are pixels; beyond the border there is 0.

    By a convolution of each map for itself, which runtimes do in one pass, margin included.
    """
    margin = [(0, 0)] * 4
    margin[axis] = (1, 1)
    kernel = np.tile(np.array([1, -1], np.float32).reshape(2, 1, 1, 1), (1, 1, x.shape[-1], 1))
    kernel = kernel if axis == 1 else kernel.transpose(1, 0, 2, 3)
    return ops.depthwise_conv(ops.pad(x, margin), ops.cast(kernel, x.dtype), padding="valid")
