"""What a signature takes and gives, read from a SavedModel's `SignatureDef`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef, TensorInfo

DEFAULT_SIGNATURE = "serving_default"


@dataclass(frozen=True)
class TensorSpec:
    """One input or output of a signature.

    Attributes:
        name: str, the key in requests and answers.
        dtype: str, TensorFlow's name in lower case without `DT_`: "float", "string", "int32".
        shape: tuple of sizes, -1 where any size will do; None where even the rank is free.
    """

    name: str
    dtype: str
    shape: tuple[int, ...] | None

    def accepts(self, shape: tuple[int, ...]) -> bool:
        """Whether a tensor of this shape fits."""
        if self.shape is None:
            return True
        return len(shape) == len(self.shape) and all(
            wanted in (-1, given) for wanted, given in zip(self.shape, shape, strict=True)
        )


@dataclass(frozen=True)
class Signature:
    """A named function of a model: its inputs, its outputs and the kind of call it answers."""

    name: str
    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]
    method_name: str


def read_signature(name: str, signature_def: SignatureDef) -> Signature:
    """Reads a `SignatureDef` as it stands in `saved_model.pb`."""
    return Signature(
        name=name,
        inputs={key: _read_tensor(key, info) for key, info in signature_def.inputs.items()},
        outputs={key: _read_tensor(key, info) for key, info in signature_def.outputs.items()},
        method_name=signature_def.method_name,
    )


def describe(signature_def: SignatureDef) -> dict[str, Any]:
    """Writes a `SignatureDef` as the metadata path shows it.

    Proto names are kept, defaults are written out and sizes are strings, because that is how
    TensorFlow Serving prints its protos.
    """
    from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]

    return MessageToDict(
        signature_def,
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
    )


def dtype_name(dtype: int) -> str:
    """TensorFlow's name of a `DataType`, in lower case without `DT_`."""
    from tensorflow.core.framework import types_pb2

    if dtype not in types_pb2.DataType.values():
        return f"number {dtype}"  # an enum of proto3 holds any number
    return types_pb2.DataType.Name(dtype).removeprefix("DT_").lower()


def _read_tensor(name: str, info: TensorInfo) -> TensorSpec:
    shape = info.tensor_shape
    return TensorSpec(
        name=name,
        dtype=dtype_name(info.dtype),
        shape=None if shape.unknown_rank else tuple(dim.size for dim in shape.dim),
    )
