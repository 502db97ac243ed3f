"""Tensors of gRPC messages to arrays, their shapes looked at before anything is made of them.

A `TensorProto` may hold one number and a shape of billions, which it then stands for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from ..wire.codec import check_rows, check_shape
from ..wire.limits import Limits
from ..wire.request_error import RequestError
from ..wire.signature import Signature, dtype_name


def read_tensors(
    inputs: Mapping[str, Any], signature: Signature, limits: Limits
) -> dict[str, np.ndarray]:
    """Reads the inputs of a Predict request.

    Args:
        inputs: `TensorProto`s by input name.
        signature: the signature that is asked for.
        limits: how many rows it may hold.

    Raises:
        RequestError: where names, types, shapes or counts do not fit the signature.
    """
    for name in inputs:
        if name not in signature.inputs:
            raise RequestError(
                f"input tensor alias not found in signature: {name}. Inputs expected to be in the "
                f"set {{{','.join(sorted(signature.inputs))}}}."
            )
    if len(inputs) != len(signature.inputs):
        raise RequestError(
            f"input size does not match signature: {len(inputs)}!={len(signature.inputs)}; the "
            f"inputs are {','.join(sorted(signature.inputs))}"
        )
    return {name: _read_tensor(name, proto, signature, limits) for name, proto in inputs.items()}


def write_tensors(
    outputs: Mapping[str, np.ndarray], wanted: Iterable[str], into: Mapping[str, Any]
) -> None:
    """Writes a model's outputs into a Predict response.

    Args:
        outputs: arrays by output name.
        wanted: the names that are asked for; none for all.
        into: the `outputs` of the response.

    Raises:
        RequestError: where a name is asked for that the model does not have.
    """
    names = list(wanted) or list(outputs)
    for name in names:
        if name not in outputs:
            raise RequestError(f"output tensor alias not found in signature: {name}")
        into[name].CopyFrom(tf.make_tensor_proto(outputs[name]))


def _read_tensor(name: str, proto: Any, signature: Signature, limits: Limits) -> np.ndarray:
    spec = signature.inputs[name]
    if dtype_name(proto.dtype) != spec.dtype:
        raise RequestError(
            f"Input '{name}' is of type {dtype_name(proto.dtype)}, but the signature "
            f"'{signature.name}' wants {spec.dtype}"
        )
    shape = tuple(dim.size for dim in proto.tensor_shape.dim)
    if proto.tensor_shape.unknown_rank or any(size < 0 for size in shape):
        raise RequestError(f"Input '{name}' has a shape with a size that is not known")
    check_shape(signature, name, shape)
    if spec.shape and spec.shape[0] == -1:
        check_rows(shape[0], limits)
    if math.prod(shape) > limits.body_bytes // 4:
        raise RequestError(f"Input '{name}' has more values than a request may hold")
    try:
        return np.asarray(tf.make_ndarray(proto))
    except (TypeError, ValueError) as error:
        raise RequestError(f"Input '{name}' does not hold as many values as its shape") from error
