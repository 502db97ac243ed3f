"""Published networks that tell expression, age and gender: those of npm's @vladmandic/face-api.

Nothing here trained them, and no loss knows them. They are ported to keras.ops from the package's
sources; `tests/vectors/face_api.json` holds the port to what its own JavaScript says.
"""

from __future__ import annotations

import functools
import json
import math
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from faceattr.progress import progress_bar

MODELS = pathlib.Path(__file__).parent / "face_api_models"
EXPRESSIONS = ("neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised")

_SIDE = 112
_MEAN = (122.782, 117.001, 104.298)
_BATCH = 16

Weights = dict[str, np.ndarray]


class FaceApi:
    """The two networks, each loaded when it is first asked.

    Faces are uint8 [n, h, w, 3], cut out from brows to chin with a tenth more around; one takes
    about 12 ms of a CPU core for each network.
    """

    @functools.cached_property
    def _expression(self) -> Weights:
        return read_weights("face_expression_model")

    @functools.cached_property
    def _age_gender(self) -> Weights:
        return read_weights("age_gender_model")

    def expressions(self, images: np.ndarray) -> np.ndarray:
        """Probabilities of `EXPRESSIONS`: float64 [n, len(EXPRESSIONS)], which sum to 1."""
        return _in_batches(lambda seen: _expressions(seen, self._expression), images, 7)

    def age_and_gender(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Age in years, and the probability that it is a man: float64 [n] each."""
        found = _in_batches(lambda seen: _age_and_gender(seen, self._age_gender), images, 3)
        return found[:, 0], found[:, 1]


def _in_batches(ask: Callable[[np.ndarray], Any], images: np.ndarray, answers: int) -> np.ndarray:
    found = np.zeros((len(images), answers))
    starts = range(0, len(images), _BATCH)
    for start in progress_bar(starts, desc="face-api", unit="batch", leave=False):
        part = slice(start, start + _BATCH)
        found[part] = ops.convert_to_numpy(ask(network_input(images[part])))
    return found


def read_weights(name: str) -> Weights:
    """The weights of one of `MODELS` by their names, float32, from the 8 bits that they lie in."""
    (group,) = json.loads((MODELS / f"{name}-weights_manifest.json").read_text("utf-8"))
    data = (MODELS / f"{name}.bin").read_bytes()
    found: Weights = {}
    start = 0
    for each in group["weights"]:
        count = math.prod(each["shape"])
        packed = each.get("quantization")
        kind = np.dtype("uint8" if packed else "<f4")
        values = np.frombuffer(data, kind, count, start).astype(np.float32)
        if packed:
            values = values * np.float32(packed["scale"]) + np.float32(packed["min"])
        found[each["name"]] = values.reshape(each["shape"])
        start += count * kind.itemsize
    assert start == len(data), "the manifest names all of the file"
    return found


def network_input(images: np.ndarray) -> np.ndarray:
    """What both networks see: uint8 [n, h, w, 3] to float32 [n, 112, 112, 3].

    Black is put beside an image that is not square, on both sides alike; then it is resized
    bilinearly, with pixels counted from their corners, as face-api's TensorFlow.js does.
    """
    assert images.dtype == np.uint8, f"expected uint8 pixels, got {images.dtype}"
    height, width = images.shape[1:3]
    missing = max(height, width) - np.array((height, width))
    # An odd row or column goes to the end.
    before = missing // 2
    around = [(0, 0), *zip(before, missing - before, strict=True), (0, 0)]
    square = np.pad(images, around).astype(np.float32)
    return (_resized(_resized(square, 1), 2) - np.array(_MEAN, np.float32)) / np.float32(255)


def _resized(images: np.ndarray, axis: int) -> np.ndarray:
    length = images.shape[axis]
    places = np.arange(_SIDE, dtype=np.float32) * np.float32(length / _SIDE)
    low = places.astype(np.intp)
    high = np.minimum(low + 1, length - 1)
    share = (places - low.astype(np.float32)).reshape(
        [-1 if each == axis else 1 for each in range(4)]
    )
    first, second = images.take(low, axis), images.take(high, axis)
    return first + (second - first) * share


def _conv(x, weights: Weights, name: str, stride: int):
    return ops.conv(x, weights[f"{name}/filters"], stride, "same") + weights[f"{name}/bias"]


def _separable(x, weights: Weights, name: str, stride: int = 1):
    depthwise, pointwise, bias = (
        weights[f"{name}/{part}"] for part in ("depthwise_filter", "pointwise_filter", "bias")
    )
    return ops.separable_conv(x, depthwise, pointwise, stride, "same") + bias


def _dense(x, weights: Weights, name: str):
    return ops.matmul(x, weights[f"{name}/weights"]) + weights[f"{name}/bias"]


def _expressions(x, weights: Weights):
    """Four dense blocks, each at half the size (FaceExpressionNet)."""
    for block in range(4):
        name = f"dense{block}"
        first = _conv if block == 0 else _separable
        total = ops.relu(first(x, weights, f"{name}/conv0", 2))
        x = total
        for layer in range(1, 4):
            total = total + _separable(x, weights, f"{name}/conv{layer}")
            x = ops.relu(total)
    return ops.softmax(_dense(ops.mean(x, axis=(1, 2)), weights, "fc"))


def _age_and_gender(x, weights: Weights):
    """A small Xception with two heads (AgeGenderNet): years, and two probabilities."""
    x = ops.relu(_conv(x, weights, "entry_flow/conv_in", 2))
    x = _reduction(x, x, weights, "entry_flow/reduction_block_0")
    x = _reduction(x, ops.relu(x), weights, "entry_flow/reduction_block_1")
    for block in range(2):
        inner = x
        for layer in range(3):
            name = f"middle_flow/main_block_{block}/separable_conv{layer}"
            inner = _separable(ops.relu(inner), weights, name)
        x = x + inner
    x = _reduction(x, ops.relu(x), weights, "exit_flow/reduction_block")
    x = ops.relu(_separable(x, weights, "exit_flow/separable_conv"))
    pooled = ops.mean(x, axis=(1, 2))
    genders = ops.softmax(_dense(pooled, weights, "fc/gender"))
    return ops.concatenate([_dense(pooled, weights, "fc/age"), genders], axis=-1)


def _reduction(x, active, weights: Weights, name: str):
    inner = _separable(active, weights, f"{name}/separable_conv0")
    inner = _separable(ops.relu(inner), weights, f"{name}/separable_conv1")
    inner = ops.max_pool(inner, 3, 2, "same")
    return inner + _conv(x, weights, f"{name}/expansion_conv", 2)
