"""Weights that lie in 8 bits, and are made floats before a network computes with them."""

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

LARGE = 50_000
"""Of so many weights or more 8 bits are kept, of fewer 16. A network has most of its weights in few
tensors, where rounding them shows least: those of many channels at the smallest maps."""

_LEVELS = 127
_LEAST = 1e-6  # of a channel whose weights are 0
# Of DEQUANTIZE, that takes a scale for each channel.
_VERSION = 5


def keep_eight_bits(model: Any) -> None:
    """Makes int8 of a float16 network's large weights, with a scale for each output channel.

    They go through the same DEQUANTIZE as before: all is computed in floats, by every runtime
    alike. What TensorFlow Lite's converter makes of weights in 8 bits also rounds what the
    convolutions are given to 8 bits, for each image anew; between two runtimes, such as Python's
    and a browser's, a last digit may then go another way.

    Args:
        model: `schema.ModelT`, as the converter makes it for float16; changed in place.
    """
    (subgraph,) = model.subgraphs
    kept = []
    for operation in subgraph.operators:
        code = model.operatorCodes[operation.opcodeIndex]
        if code.builtinCode != schema.BuiltinOperator.DEQUANTIZE:
            kept.append(operation)
            continue
        tensor = subgraph.tensors[operation.inputs[0]]
        buffer = model.buffers[tensor.buffer]
        weights = np.frombuffer(bytes(buffer.data), np.float16).astype(np.float32)
        if len(tensor.shape) < 2:
            # XNNPACK makes floats of weights in 8 bits once, when the network is loaded, where the
            # biases beside them are floats themselves.
            tensor.type = schema.TensorType.FLOAT32
            buffer.data = weights.view(np.uint8)
            subgraph.tensors[operation.outputs[0]].buffer = tensor.buffer
            continue
        kept.append(operation)
        if len(weights) >= LARGE:
            # Output channels come first in the kernels of CONV_2D and FULLY_CONNECTED.
            rows = weights.reshape(tensor.shape[0], -1)
            scales = np.maximum(np.abs(rows).max(axis=1), _LEAST) / _LEVELS
            tensor.type = schema.TensorType.INT8
            tensor.quantization = _quantization(scales)
            buffer.data = np.rint(rows / scales[:, None]).astype(np.int8).view(np.uint8).ravel()
            code.version = _VERSION
    subgraph.operators = kept


def _quantization(scales: np.ndarray) -> Any:
    quantization = schema.QuantizationParametersT()
    quantization.scale = scales.astype(np.float32)
    quantization.zeroPoint = np.zeros(len(scales), np.int64)
    quantization.quantizedDimension = 0
    return quantization
