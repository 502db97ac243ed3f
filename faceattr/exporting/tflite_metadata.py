"""What a .tflite says of itself: TensorFlow Lite's metadata, which Android Studio and others show.

The metadata are a FlatBuffer of the schema `ModelMetadata` (file identifier M001) in a buffer of
the model. No package that is kept up writes them, so the few tables that are used here are written
slot by slot; a slot's number is that of the field in the schema.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

NAME = "TFLITE_METADATA"
_IDENTIFIER = b"M001"
# Members of unions, and of an enumeration.
_IMAGE_PROPERTIES, _NORMALIZATION, _RGB = 2, 1, 1
# x in [-1, 1] is (level - 127.5) / 127.5.
_HALF = 127.5


@dataclasses.dataclass(frozen=True)
class About:
    """What is said of a network.

    Attributes:
        name: str, of the edit.
        description: str.
        licence: str.
        version: str, of what exported it.
        image_size: int, side of the face crops.
    """

    name: str
    description: str
    licence: str
    version: str
    image_size: int


_OUTPUTS: Mapping[str, str] = {
    "residual": "What is added to the image, times strength, in the same units, not clipped; the "
    "sum, clipped to [-1, 1], is the edited image. Strength 1 is the trained edit.",
    "needed": "How sure the network is that the face still needs the edit, in [0, 1]; the residual "
    "is multiplied by it already.",
}


def embed(model: Any, about: About) -> None:
    """Adds metadata to a .tflite.

    Args:
        model: `schema.ModelT` with the signature `serving_default`, changed in place.
        about: what they say.
    """
    (subgraph,) = model.subgraphs
    tensors = {
        map_.tensorIndex: _text(map_.name)
        for signature in model.signatureDefs
        for map_ in signature.outputs
    }
    outputs = [tensors[index] for index in subgraph.outputs]
    buffer = schema.BufferT()
    buffer.data = list(_metadata(about, outputs))
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name = NAME
    entry.buffer = len(model.buffers) - 1
    model.metadata = [*(model.metadata or []), entry]
    model.description = f"{about.name}: {about.description}"


def _metadata(about: About, outputs: Sequence[str]) -> bytes:
    """The FlatBuffer `ModelMetadata`."""
    builder = flatbuffers.Builder(1024)
    size = about.image_size
    told = f"A face crop, RGB in [-1, 1], {size}x{size}: (level - {_HALF}) / {_HALF}."
    image = _tensor(builder, "image", told, _image_content(builder), [_normalization(builder)])
    given = [_tensor(builder, name, _OUTPUTS.get(name, "")) for name in outputs]
    inputs, results = _tables(builder, [image]), _tables(builder, given)
    subgraph = _table(builder, 5, {2: inputs, 3: results})
    subgraphs = _tables(builder, [subgraph])
    texts = (about.name, about.description, about.version, about.licence)
    name, description, version, licence = (builder.CreateString(text) for text in texts)
    fields = {0: name, 1: description, 2: version, 3: subgraphs, 5: licence}
    builder.Finish(_table(builder, 8, fields), file_identifier=_IDENTIFIER)
    return bytes(builder.Output())


def _tensor(
    builder: Any, name: str, told: str, content: int | None = None, units: Sequence[int] = ()
) -> int:
    """`TensorMetadata`."""
    fields = {0: builder.CreateString(name), 1: builder.CreateString(told)}
    if content is not None:
        fields[3] = content
    if units:
        fields[4] = _tables(builder, units)
    return _table(builder, 7, fields)


def _image_content(builder: Any) -> int:
    """`Content` that is an RGB image."""
    builder.StartObject(2)
    builder.PrependInt8Slot(0, _RGB, 0)
    properties = builder.EndObject()
    return _union(builder, 3, _IMAGE_PROPERTIES, properties)


def _normalization(builder: Any) -> int:
    """`ProcessUnit` that says how levels become floats."""
    vectors = []
    for _ in ("mean", "std"):
        builder.StartVector(4, 1, 4)
        builder.PrependFloat32(_HALF)
        vectors.append(builder.EndVector())
    return _union(builder, 2, _NORMALIZATION, _table(builder, 2, dict(enumerate(vectors))))


def _union(builder: Any, slots: int, kind: int, table: int) -> int:
    """A table whose first two fields are a union's member and its table."""
    builder.StartObject(slots)
    builder.PrependUint8Slot(0, kind, 0)
    builder.PrependUOffsetTRelativeSlot(1, table, 0)
    return builder.EndObject()


def _table(builder: Any, slots: int, fields: Mapping[int, int]) -> int:
    builder.StartObject(slots)
    for slot, offset in fields.items():
        builder.PrependUOffsetTRelativeSlot(slot, offset, 0)
    return builder.EndObject()


def _tables(builder: Any, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return builder.EndVector()


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else name
