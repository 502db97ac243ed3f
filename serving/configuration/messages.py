"""The protobuf messages of configuration files that no package on PyPI has.

`tensorflow-serving-api` has those of requests and of the model config file. These three are missing
there, so their fields are listed here, by the names and numbers of TensorFlow Serving's
`session_bundle_config.proto`, `monitoring_config.proto` and `ssl_config.proto`.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import (  # type: ignore[import-untyped]
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    wrappers_pb2,
)

_PACKAGE = "tensorflow.serving"

# Field names by number; a type is a scalar of protobuf, or the name of a message.
_MESSAGES: dict[str, dict[int, tuple[str, str]]] = {
    "BatchingParameters": {
        1: ("max_batch_size", "google.protobuf.Int64Value"),
        2: ("batch_timeout_micros", "google.protobuf.Int64Value"),
        3: ("max_enqueued_batches", "google.protobuf.Int64Value"),
        4: ("num_batch_threads", "google.protobuf.Int64Value"),
        5: ("thread_pool_name", "google.protobuf.StringValue"),
        6: ("allowed_batch_sizes", "repeated int64"),
        7: ("pad_variable_length_inputs", "bool"),
    },
    "PrometheusConfig": {1: ("enable", "bool"), 2: ("path", "string")},
    "MonitoringConfig": {1: ("prometheus_config", f"{_PACKAGE}.PrometheusConfig")},
    "SSLConfig": {
        1: ("server_key", "string"),
        2: ("server_cert", "string"),
        3: ("custom_ca", "string"),
        4: ("client_verify", "bool"),
    },
}

_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS = {"int64": _Field.TYPE_INT64, "bool": _Field.TYPE_BOOL, "string": _Field.TYPE_STRING}


def _pool() -> descriptor_pool.DescriptorPool:
    file = descriptor_pb2.FileDescriptorProto(
        name="faceattr/serving_configuration.proto",
        package=_PACKAGE,
        syntax="proto3",
        dependency=[wrappers_pb2.DESCRIPTOR.name],
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, (field_name, kind) in fields.items():
            field = message.field.add(name=field_name, number=number, label=_Field.LABEL_OPTIONAL)
            if kind.startswith("repeated "):
                field.label = _Field.LABEL_REPEATED
                kind = kind.removeprefix("repeated ")
            if kind in _SCALARS:
                field.type = _SCALARS[kind]
            else:
                field.type, field.type_name = _Field.TYPE_MESSAGE, f".{kind}"
    # A pool of its own: a program may hold TensorFlow Serving's own files as well.
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return pool


_POOL = _pool()


def new_message(name: str) -> Any:
    """An empty message: "BatchingParameters", "MonitoringConfig" or "SSLConfig"."""
    descriptor = _POOL.FindMessageTypeByName(f"{_PACKAGE}.{name}")
    return message_factory.GetMessageClass(descriptor)()
