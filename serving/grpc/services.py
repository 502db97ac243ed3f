"""PredictionService and ModelService."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from google.protobuf.json_format import ParseDict  # type: ignore[import-untyped]
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from ..operations import json_log
from ..operations.access import Access
from ..operations.metrics import Metrics
from ..prediction import Predictor
from ..repository import ModelVersion
from ..wire.request_error import RequestError
from ..wire.signature import DEFAULT_SIGNATURE
from .tensors import read_tensors, write_tensors

_logger = logging.getLogger("serving")

_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    404: grpc.StatusCode.NOT_FOUND,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    501: grpc.StatusCode.UNIMPLEMENTED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}

_SIGNATURES = "signature_def"

Method = Callable[[Any, Any, Any], Awaitable[Any]]


def _answered(method: Method) -> Method:
    """Turns what a method raises into gRPC's statuses, and logs and counts the call."""

    @functools.wraps(method)
    async def answer(self: _Service, request: Any, context: Any) -> Any:
        start = time.perf_counter()
        metadata = dict(context.invocation_metadata() or ())
        identity = json_log.request_id(_text(metadata.get("x-request-id")))
        code, message, response = grpc.StatusCode.OK, "", None
        try:
            self.access.check_token(_text(metadata.get("authorization")))
            response = await method(self, request, context)
        except RequestError as error:
            code = _CODES.get(error.http_status, grpc.StatusCode.INTERNAL)
            message = str(error).encode("utf-8", "backslashreplace").decode()
        except Exception:
            fields = {"request_id": identity}
            _logger.exception("a defect, or a broken model", extra={"fields": fields})
            code = grpc.StatusCode.INTERNAL
            message = "Internal error; the server's log says more"
        seconds = time.perf_counter() - start
        json_log.log_request(identity, "gRPC", method.__name__, code.name, seconds)
        name = request.model_spec.name if hasattr(request, "model_spec") else ""
        known = name if name in self.predictor.repository.names else ""
        self.metrics.request(known, method.__name__, "GRPC", code.name, seconds)
        if code is not grpc.StatusCode.OK:
            await context.abort(code, message)
        return response

    return answer


class _Service:
    def __init__(self, predictor: Predictor, access: Access, metrics: Metrics) -> None:
        self.predictor = predictor
        self.access = access
        self.metrics = metrics


class PredictionService(_Service, prediction_service_pb2_grpc.PredictionServiceServicer):
    """Predict and GetModelMetadata; the rest says what to ask instead."""

    @_answered
    async def Predict(self, request: Any, context: Any) -> Any:  # noqa: N802  gRPC's name
        """Calls a signature."""
        limits = self.predictor.limits
        remaining = context.time_remaining()
        seconds = limits.seconds if remaining is None else min(limits.seconds, remaining)
        deadline = time.monotonic() + seconds
        self.predictor.check_room()
        with self.predictor.repository.used(*_asked(request.model_spec)) as (version, servable):
            name = request.model_spec.signature_name or DEFAULT_SIGNATURE
            signature = self.predictor.signature(servable, name)
            tensors = read_tensors(request.inputs, signature, limits)
            outputs = await self.predictor.predict(version, servable, name, tensors, deadline)
            response = predict_pb2.PredictResponse()
            _name_version(response.model_spec, version)
            response.model_spec.signature_name = name
            write_tensors(outputs, request.output_filter, response.outputs)
            return response

    @_answered
    async def GetModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Tells what the signatures of a model take and give."""
        if not request.metadata_field:
            raise RequestError("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != _SIGNATURES:
                raise RequestError(f"Metadata field {field} is not supported")
        with self.predictor.repository.used(*_asked(request.model_spec)) as (version, servable):
            response = get_model_metadata_pb2.GetModelMetadataResponse()
            _name_version(response.model_spec, version)
            signatures = get_model_metadata_pb2.SignatureDefMap()
            ParseDict({_SIGNATURES: dict(servable.signature_descriptions)}, signatures)
            response.metadata[_SIGNATURES].Pack(signatures)
            return response

    @_answered
    async def Classify(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Is not answered."""
        raise RequestError("Classify is not implemented by this server; ask with Predict", 501)

    @_answered
    async def Regress(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Is not answered."""
        raise RequestError("Regress is not implemented by this server; ask with Predict", 501)

    @_answered
    async def MultiInference(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Is not answered."""
        raise RequestError("MultiInference is not implemented by this server; use Predict", 501)


class ModelService(_Service, model_service_pb2_grpc.ModelServiceServicer):
    """GetModelStatus."""

    @_answered
    async def GetModelStatus(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Tells in what state the versions of a model are."""
        response = get_model_status_pb2.GetModelStatusResponse()
        states = get_model_status_pb2.ModelVersionStatus.State
        for version in self.predictor.repository.versions(*_asked(request.model_spec)):
            status = response.model_version_status.add(version=version.number)
            status.state = states.Value(version.state.value)
            status.status.error_code = 0 if version.error_code == "OK" else 2  # UNKNOWN
            status.status.error_message = version.error_message
        return response

    @_answered
    async def HandleReloadConfigRequest(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Is not answered."""
        raise RequestError(
            "HandleReloadConfigRequest is not implemented by this server; change the file of "
            "--model_config_file and have it read again",
            501,
        )


def _asked(spec: Any) -> tuple[str, int | None, str | None]:
    if not spec.name:
        raise RequestError("Missing ModelSpec")
    match spec.WhichOneof("version_choice"):
        case "version":
            return spec.name, spec.version.value, None
        case "version_label":
            return spec.name, None, spec.version_label
    return spec.name, None, None


def _name_version(spec: Any, version: ModelVersion) -> None:
    spec.name = version.model_name
    spec.version.value = version.number


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
