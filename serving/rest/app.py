"""TensorFlow Serving's REST API as an ASGI application, and what watches the server."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ..operations import json_log
from ..operations.access import Access
from ..operations.metrics import DEFAULT_PATH, Metrics
from ..prediction import Predictor
from ..repository import ModelVersion, Servable
from ..wire.answers import encode_predict, to_json
from ..wire.codec import Layout, decode_predict, signature_name
from ..wire.document import parse_document
from ..wire.request_body import BodyBudget, HeldBody, check_length, unpack
from ..wire.request_error import RequestError
from ..wire.rest_path import RestCall, parse_rest_path
from .answer import OUTCOMES, Answer, error_answer, preflight
from .descriptions import METHODS, classify_or_regress_error, describe_model, describe_status
from .overload import Refusals, full

_logger = logging.getLogger("serving")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# Longer ones are read, and longer answers written, beside the event loop, one after the other.
_SHORT_BYTES = 64 * 2**10


class ClientGone(Exception):
    """The client closed the connection before its body was read."""


class RestApp:
    """Answers status, metadata, predict, classify and regress, health and metrics."""

    def __init__(
        self,
        predictor: Predictor,
        access: Access,
        metrics: Metrics,
        metrics_path: str | None = DEFAULT_PATH,
    ) -> None:
        """Makes the application.

        Args:
            predictor: answers predictions, and knows the models.
            access: whose requests are answered.
            metrics: is told of every request.
            metrics_path: str, where they can be read; None for nowhere.
        """
        self._predictor = predictor
        self._repository = predictor.repository
        self._limits = predictor.limits
        self._access = access
        self._metrics = metrics
        self._metrics_path = metrics_path
        self._refusals = Refusals()
        self._bodies = BodyBudget(predictor.limits)
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="reader")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        assert scope["type"] == "http"
        start = time.perf_counter()
        headers = dict(scope["headers"])
        identity = json_log.request_id(_text(headers, b"x-request-id"))
        path = scope["raw_path"].decode("ascii", "backslashreplace")
        call: list[RestCall] = []  # filled as soon as it is known
        try:
            answer = await self._answer(scope["method"], path, headers, receive, call)
        except ClientGone:
            answer = error_answer("The client went away before its body was read", 400)
        except RequestError as error:
            wait = self._refusals.wait() if error.http_status == 503 else 1
            answer = error_answer(str(error), error.http_status, wait=wait)
        except asyncio.CancelledError:  # the server is being stopped, and has waited long enough
            answer = error_answer("The server is being stopped", 503)
        except Exception:
            fields = {"request_id": identity}
            _logger.exception("a defect, or a broken model", extra={"fields": fields})
            answer = error_answer("Internal error; the server's log says more", 500)
        await self._send(answer, identity, send)
        seconds = time.perf_counter() - start
        json_log.log_request(identity, scope["method"], path, answer.status, seconds)
        if call:
            outcome = OUTCOMES.get(answer.status, "INTERNAL")
            known = call[0].name if call[0].name in self._repository.names else ""
            self._metrics.request(known, call[0].verb, "REST", outcome, seconds)

    def refuse(self, url: bytes, headers: list[tuple[bytes, bytes]], close: bool) -> bytes | None:
        """Refuses a POST by its head, while too many wait.

        Args:
            url: bytes, as it was sent.
            headers: names in lower case, and values.
            close: bool, whether the connection is closed after the answer.

        Returns:
            the answer with its status line; None where the request is to be answered as ever.
        """
        if not self._predictor.scheduler.is_full:
            return None
        named = dict(headers)
        path = url.decode("ascii", "backslashreplace").partition("?")[0]
        try:
            self._access.check_host(_text(named, b"host"))
            self._access.check_token(_text(named, b"authorization"))
            call = parse_rest_path("POST", path)
            self._repository.find(call.name, call.version, call.label)
        except RequestError:
            return None
        if call.verb != "predict" or (b"content-length" in named and b"transfer-encoding" in named):
            return None
        identity = json_log.request_id(_text(named, b"x-request-id"))
        json_log.log_request(identity, "POST", path, 503, 0.0)
        self._metrics.request(call.name, call.verb, "REST", OUTCOMES[503], 0.0)
        return full(self._refusals.wait(), identity, close, self._access.cors)

    async def _send(self, answer: Answer, identity: str, send: Send) -> None:
        headers = [
            (b"content-type", answer.content_type),
            (b"content-length", str(len(answer.body)).encode()),
            (b"x-request-id", identity.encode()),
            *answer.headers,
        ]
        if self._access.cors:
            headers.append((b"access-control-allow-origin", b"*"))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(
        self,
        method: str,
        path: str,
        headers: dict[bytes, bytes],
        receive: Receive,
        called: list[RestCall],
    ) -> Answer:
        if method == "GET" and path in ("/healthz", "/readyz"):
            return self._health(path)
        if b"content-length" in headers and b"transfer-encoding" in headers:
            # Two servers in a row may disagree which one holds: "request smuggling".
            message = "A request has Content-Length or Transfer-Encoding, not both"
            return error_answer(message, 400, close=True)
        self._access.check_host(_text(headers, b"host"))
        if method == "OPTIONS" and self._access.cors:
            return preflight()
        self._access.check_token(_text(headers, b"authorization"))
        if method == "GET" and path == self._metrics_path:
            return Answer(self._metrics.text().encode(), 200, b"text/plain; version=0.0.4")
        call = parse_rest_path(method, path)
        called.append(call)
        if call.verb == "status":
            versions = self._repository.versions(call.name, call.version, call.label)
            return Answer(to_json(describe_status(versions)))
        with self._repository.used(call.name, call.version, call.label) as (version, servable):
            if call.verb == "metadata":
                return Answer(to_json(describe_model(call.name, version.number, servable)))
            check_length(_text(headers, b"content-length") or None, self._limits.body_bytes)
            self._predictor.check_room()
            held = await self._read_body(receive)
            try:
                encoding = _text(headers, b"content-encoding")
                return Answer(await self._answer_post(call, version, servable, held, encoding))
            finally:
                held.release()

    def _health(self, path: str) -> Answer:
        if path == "/healthz":
            return Answer(to_json({"status": "ok"}))
        if self._predictor.is_draining:
            return error_answer("The server is being stopped", 503)
        if not self._repository.is_ready:
            return error_answer("Not every model has a version that is loaded", 503)
        return Answer(to_json({"status": "ready"}))

    async def _read_body(self, receive: Receive) -> HeldBody:
        async def chunks() -> AsyncIterator[bytes]:
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                more = message.get("more_body", False)
                yield message.get("body", b"")

        try:
            async with asyncio.timeout(self._limits.body_seconds):
                return await self._bodies.read(chunks())
        except TimeoutError:
            raise RequestError("The request's body did not come in time", 408) from None

    async def _answer_post(
        self,
        call: RestCall,
        version: ModelVersion,
        servable: Servable,
        held: HeldBody,
        encoding: str,
    ) -> bytes:
        deadline = time.monotonic() + self._limits.seconds
        if len(held.body) <= _SHORT_BYTES and not encoding:
            request = self._read_request(call, servable, held, encoding)
        else:
            request = await self._beside(
                deadline, self._read_request, call, servable, held, encoding
            )
        name, tensors, layout = request
        outputs = await self._predictor.predict(version, servable, name, tensors, deadline)
        if sum(map(_size, outputs.values())) <= _SHORT_BYTES:
            return encode_predict(outputs, layout)
        return await self._beside(deadline, encode_predict, outputs, layout)

    async def _beside(self, deadline: float, function: Callable[..., Any], *arguments: Any) -> Any:
        """Calls a function off the event loop, where it would hold up all others."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                return await loop.run_in_executor(self._readers, function, *arguments)
        except TimeoutError:
            raise RequestError("The request took longer than it may; send less", 504) from None

    def _read_request(
        self, call: RestCall, servable: Servable, held: HeldBody, encoding: str
    ) -> tuple[str, dict[str, np.ndarray], Layout]:
        body = unpack(held.body, encoding, self._limits.body_bytes)
        held.hold(len(body) - self._limits.small_body_bytes)
        held.body = b""
        document = parse_document(body, self._limits)
        del body
        name = signature_name(document)
        if call.verb in METHODS:
            raise classify_or_regress_error(call.verb, name, servable.signatures.get(name))
        signature = self._predictor.signature(servable, name)
        return name, *decode_predict(document, signature, self._limits)


def _text(headers: dict[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")


def _size(array: np.ndarray) -> int:
    if array.dtype == object:
        return sum(len(leaf) for leaf in array.ravel())
    return 8 * array.size
