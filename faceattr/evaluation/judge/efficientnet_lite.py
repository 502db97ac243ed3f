"""EfficientNet-Lite0, a network of ImageNet's classes (Liu and Tan 2020), in Keras; inference only.

Batch normalisation is folded into the convolutions before it, as nothing here learns.
"""

from collections.abc import Mapping

import keras
import numpy as np

# Of each stage: its blocks, and the stride of the first. The weights tell all else.
_STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))
_EPSILON = 1e-3
# Pixels as they were when it learned: (x - 127) / 128, of [0, 255].
_MIDDLE, _SPREAD = 127.0, 128.0

Weights = Mapping[str, np.ndarray]


def efficientnet_lite0(weights: Weights, side: int) -> keras.Model:
    """The network, for images of one size.

    Args:
        weights: by the names of its port to PyTorch, `efficientnet-lite-pytorch`.
        side: int, of the images.

    Returns:
        from float32 [n, side, side, 3] in [-1, 1] to logits, float32 [n, 1000]. What its layers
        `stage1` to `stage7` give are the maps of strides 2, 4, 8, 16, 16, 32 and 32.

    Raises:
        KeyError, ValueError: if weights are missing, or of another network.
    """
    image = keras.Input((side, side, 3))
    x = keras.layers.Rescaling(127.5 / _SPREAD, (127.5 - _MIDDLE) / _SPREAD)(image)
    x = keras.layers.ReLU(6)(_convolved(weights, "_conv_stem", "_bn0", x, stride=2))
    number = 0
    for stage, (blocks, stride) in enumerate(_STAGES, 1):
        for place in range(blocks):
            x = _block(weights, f"_blocks.{number}.", x, 1 if place else stride, skips=place > 0)
            number += 1
        x = keras.layers.Identity(name=f"stage{stage}")(x)
    x = keras.layers.ReLU(6)(_convolved(weights, "_conv_head", "_bn1", x))
    x = keras.layers.GlobalAveragePooling2D()(x)
    bias = weights["_fc.bias"]
    logits = _applied(keras.layers.Dense(len(bias)), weights["_fc.weight"].T, bias, x)
    return keras.Model(image, logits)


def _block(
    weights: Weights, name: str, x: keras.KerasTensor, stride: int, skips: bool
) -> keras.KerasTensor:
    """Widened, filtered each channel by itself, and narrowed again."""
    before = x
    if f"{name}_expand_conv.weight" in weights:
        x = _convolved(weights, f"{name}_expand_conv", f"{name}_bn0", x)
        x = keras.layers.ReLU(6)(x)
    kernel, bias = _folded(weights, f"{name}_depthwise_conv", f"{name}_bn1")
    layer = keras.layers.DepthwiseConv2D(kernel.shape[-1], stride, "same")
    # [channels, 1, rows, columns] there, [rows, columns, channels, 1] here.
    x = _applied(layer, kernel.transpose(2, 3, 0, 1), bias, x)
    x = keras.layers.ReLU(6)(x)
    x = _convolved(weights, f"{name}_project_conv", f"{name}_bn2", x)
    return keras.layers.Add()([x, before]) if skips else x


def _convolved(
    weights: Weights, name: str, norm: str, x: keras.KerasTensor, stride: int = 1
) -> keras.KerasTensor:
    kernel, bias = _folded(weights, name, norm)
    layer = keras.layers.Conv2D(len(bias), kernel.shape[-1], stride, "same")
    # [to, from, rows, columns] there, [rows, columns, from, to] here.
    return _applied(layer, kernel.transpose(2, 3, 1, 0), bias, x)


def _folded(weights: Weights, name: str, norm: str) -> tuple[np.ndarray, np.ndarray]:
    """A kernel that normalises its output, float [to, ...], and the bias, float [to]."""
    scale = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + _EPSILON)
    kernel = weights[f"{name}.weight"] * scale[:, None, None, None]
    return kernel, weights[f"{norm}.bias"] - scale * weights[f"{norm}.running_mean"]


def _applied(
    layer: keras.layers.Layer, kernel: np.ndarray, bias: np.ndarray, x: keras.KerasTensor
) -> keras.KerasTensor:
    layer.build(x.shape)
    layer.set_weights([kernel, bias])
    return layer(x)
