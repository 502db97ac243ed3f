"""TensorFlow Serving's REST API as a Starlette application."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .codec import decode_predict, encode_predict, parse_document, signature_name
from .repository import ModelVersion, Repository, Servable
from .request_body import check_length, read_body, unpack
from .request_error import RequestError
from .rest_path import RestCall, parse_rest_path
from .signature import Signature

_logger = logging.getLogger("serving")

# One request is parsed while another is predicted. TensorFlow already spreads a prediction over
# all cores, so more at once gain little, and each holds a parsed body in memory (see
# `request_body.MAX_BODY_BYTES`). The others wait for their turn.
_PREDICTIONS_AT_ONCE = 2

# TensorFlow Serving's name for each kind of signature that is called by another verb.
_METHODS = {"classify": "classification", "regress": "regression"}


def create_app(repository: Repository) -> Starlette:
    """Makes the application that answers for the models of a repository."""
    return Starlette(
        routes=[Route("/{path:path}", RestEndpoint(repository))],
        middleware=[Middleware(RequestLog)],
        exception_handlers={RequestError: _answer_request_error, Exception: _answer_defect},
    )


class RestEndpoint:
    """Answers status, metadata, predict, classify and regress, for any HTTP method."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._turns = anyio.CapacityLimiter(_PREDICTIONS_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, as an ASGI application."""
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        call = parse_rest_path(request.method, _raw_path(request.scope))
        if call.verb == "status":
            versions = self._repository.versions(call.name, call.version, call.label)
            return _json_response(describe_status(versions))
        version, servable = self._repository.servable(call.name, call.version, call.label)
        if call.verb == "metadata":
            return _json_response(describe_model(call.name, version, servable))
        check_length(request.headers.get("content-length"))
        try:
            body = await read_body(request.stream())
        except ClientDisconnect as error:
            raise RequestError("The client went away before its body was read") from error
        encoding = request.headers.get("content-encoding", "")
        # Parsing and predicting take long; on the event loop they would hold up all others.
        content = await anyio.to_thread.run_sync(
            _answer_post, call, servable, body, encoding, limiter=self._turns
        )
        return Response(content, media_type="application/json")


class RequestLog:
    """Logs method, path, status and milliseconds of each request, and never what it holds."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes one request on and logs a line about it."""
        status = 500  # what stands where the application raises instead of answering

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        start = time.perf_counter()
        try:
            await self._app(scope, receive, send_and_note)
        finally:
            if scope["type"] == "http":
                milliseconds = (time.perf_counter() - start) * 1000
                # The raw path is still URL-encoded, so it cannot break the line.
                path = _raw_path(scope)
                _logger.info("%s %s %d %.1f ms", scope["method"], path, status, milliseconds)


def describe_status(versions: list[ModelVersion]) -> dict[str, Any]:
    """The answer of the status path."""
    return {
        "model_version_status": [
            {
                "version": str(version.number),
                "state": version.state.value,
                "status": {
                    "error_code": version.error_code,
                    "error_message": version.error_message,
                },
            }
            for version in versions
        ]
    }


def describe_model(name: str, version: int, servable: Servable) -> dict[str, Any]:
    """The answer of the metadata path."""
    return {
        "model_spec": {"name": name, "signature_name": "", "version": str(version)},
        "metadata": {"signature_def": {"signature_def": dict(servable.signature_descriptions)}},
    }


def classify_or_regress_error(verb: str, name: str, signature: Signature | None) -> RequestError:
    """Says why `:classify` or `:regress` cannot be answered.

    Args:
        verb: str, "classify" or "regress".
        name: str, the signature that was asked for.
        signature: the signature, None where the model has none of that name.
    """
    if signature is None:
        return RequestError(f"No signature was found with the name: {name}")
    wanted = f"tensorflow/serving/{verb}"
    if signature.method_name != wanted:
        return RequestError(
            f"Expected {_METHODS[verb]} signature method_name to be {wanted}. "
            f"Was: {signature.method_name}; ask with :predict"
        )
    return RequestError(f":{verb} is not implemented by this server; ask with :predict", 501)


def _answer_post(call: RestCall, servable: Servable, body: bytes, encoding: str) -> bytes:
    document = parse_document(unpack(body, encoding))
    name = signature_name(document)
    signature = servable.signatures.get(name)
    if call.verb in _METHODS:
        raise classify_or_regress_error(call.verb, name, signature)
    if signature is None:
        raise RequestError(
            f'Serving signature name: "{name}" not found in signature def; '
            f"the model has: {', '.join(sorted(servable.signatures))}"
        )
    tensors, layout = decode_predict(document, signature)
    return _to_json(encode_predict(servable.predict(name, tensors), layout))


def _raw_path(scope: Scope) -> str:
    return scope["raw_path"].decode("ascii")


def _to_json(value: object) -> bytes:
    # ASCII only, so that a lone surrogate in a quoted request cannot break the answer; NaN and
    # Infinity go out as tokens, as TensorFlow Serving sends them.
    return json.dumps(value).encode("ascii")


def _json_response(value: object, status: int = 200) -> Response:
    return Response(_to_json(value), status_code=status, media_type="application/json")


def _answer_request_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)
    return _json_response({"error": str(error)}, error.http_status)


def _answer_defect(request: Request, error: Exception) -> Response:
    # The error itself goes on to the server, which logs its traceback.
    return _json_response({"error": "Internal error; the server's log says more"}, 500)
