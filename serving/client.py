"""A client of this server or TensorFlow Serving: `EditClient(url).edit(photo, "remove_glasses")`.

Over REST it needs nothing but Python; over gRPC `tensorflow-serving-api`, and TensorFlow with it.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

from faceattr.edits import checked_strength

_SIGNATURE = "image_bytes_with_strength"
_IMAGE, _STRENGTH, _EDITED = "image_bytes", "strength", "edited_image_bytes"

# Too many requests, unavailable: what may pass when it is tried again.
_MAY_PASS = (429, 503)
_MAY_PASS_BY_NAME = ("RESOURCE_EXHAUSTED", "UNAVAILABLE")

_SECONDS_TO_WAIT = 0.5


class EditError(Exception):
    """A photo was not edited.

    Attributes:
        status: what the server answered, an HTTP status or a gRPC code's name; None where it did
            not answer.
    """

    def __init__(self, message: str, status: int | str | None = None) -> None:
        super().__init__(message)
        self.status = status


class _Retry(Exception):
    """What may be tried again, and after how many seconds."""

    def __init__(self, error: EditError, seconds: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.seconds = seconds


class EditClient:
    """Asks a server for edits, one after the other. Not for several threads at once."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        timeout: float = 30.0,
        retries: int = 3,
        certificates: str | None = None,
    ) -> None:
        """Remembers where the server is; nothing is sent yet.

        Args:
            url: str, `http://host:8501` or `https://…` for REST, `grpc://host:8500` or `grpcs://…`
                for gRPC.
            token: str, is sent with every request; None for none.
            timeout: float, seconds for one edit, with all that is tried again.
            retries: int, how often an edit is tried again when the server is not there, or has no
                time.
            certificates: str, a PEM file of the authorities to trust; None for the system's.

        Raises:
            ValueError: if `url` is no such address.
        """
        parts = urlsplit(url)
        kinds: dict[str, type[_Rest] | type[_Grpc]]
        kinds = {"http": _Rest, "https": _Rest, "grpc": _Grpc, "grpcs": _Grpc}
        if parts.scheme not in kinds or not parts.hostname:
            raise ValueError(
                f"url: '{url}' is not http://, https://, grpc:// or grpcs:// and a host"
            )
        port = parts.port or (8501 if parts.scheme.startswith("http") else 8500)
        self._connection: _Rest | _Grpc = kinds[parts.scheme](
            parts.hostname, port, parts.path.rstrip("/"), parts.scheme.endswith("s"), token
        )
        self._connection.certificates = certificates
        self._timeout = timeout
        self._retries = retries

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; the next edit opens another."""
        self._connection.close()

    def edit(
        self, photo: bytes, edit: str, strength: float = 1.0, *, version: int | None = None
    ) -> bytes:
        """Edits a face crop.

        Args:
            photo: bytes, a square JPEG or PNG of an aligned face, as the model was trained on.
            edit: str, the edit, such as "remove_glasses": the model's name on the server.
            strength: float, from -1 to 2.
            version: int, of the model; None for the newest.

        Returns:
            bytes, a PNG of the photo's size.

        Raises:
            EditError: where the server refuses, or cannot be reached in time.
            UserError: if `strength` is out of its range.
        """
        strength = checked_strength(strength, "strength")
        deadline = time.monotonic() + self._timeout
        wait = _SECONDS_TO_WAIT
        for left in range(self._retries, -1, -1):
            try:
                remaining = max(deadline - time.monotonic(), 0.001)
                return self._connection.edit(photo, edit, strength, version, remaining)
            except _Retry as failed:
                seconds = wait if failed.seconds is None else failed.seconds
                if not left or time.monotonic() + seconds >= deadline:
                    raise failed.error from failed.__cause__
                time.sleep(seconds)
                wait *= 2
        raise AssertionError("not reached")


class _Rest:
    certificates: str | None = None

    def __init__(self, host: str, port: int, path: str, encrypted: bool, token: str | None) -> None:
        self._where = (host, port)
        self._path = path
        self._encrypted = encrypted
        self._headers = {"Content-Type": "application/json"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._opened: http.client.HTTPConnection | None = None

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def edit(
        self, photo: bytes, edit: str, strength: float, version: int | None, seconds: float
    ) -> bytes:
        which = "" if version is None else f"/versions/{version}"
        path = f"{self._path}/v1/models/{quote(edit, safe='')}{which}:predict"
        row = {_IMAGE: {"b64": base64.b64encode(photo).decode()}, _STRENGTH: strength}
        body = json.dumps({"signature_name": _SIGNATURE, "instances": [row]})
        try:
            connection = self._connection(seconds)
            connection.request("POST", path, body, self._headers)
            answer = connection.getresponse()
            contents = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            host, port = self._where
            told = str(error) or type(error).__name__
            raise _Retry(EditError(f"no answer from {host}:{port}: {told}")) from error
        if answer.status != 200:
            error_ = EditError(_told(contents), answer.status)
            if answer.status in _MAY_PASS:
                after = answer.getheader("Retry-After", "")
                raise _Retry(error_, float(after) if after.isdecimal() else None)
            raise error_
        try:
            found = json.loads(contents)["predictions"][0]
            found = found if set(found) == {"b64"} else found[_EDITED]
            return base64.b64decode(found["b64"], validate=True)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise EditError("the answer holds no edited image", answer.status) from error

    def _connection(self, seconds: float) -> http.client.HTTPConnection:
        if self._opened is None:
            host, port = self._where
            if self._encrypted:
                context = ssl.create_default_context(cafile=self.certificates)
                self._opened = http.client.HTTPSConnection(host, port, context=context)
            else:
                self._opened = http.client.HTTPConnection(host, port)
        self._opened.timeout = seconds
        if self._opened.sock is not None:
            self._opened.sock.settimeout(seconds)
        return self._opened


class _Grpc:
    certificates: str | None = None

    def __init__(self, host: str, port: int, path: str, encrypted: bool, token: str | None) -> None:
        self._address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._encrypted = encrypted
        self._metadata = [("authorization", f"Bearer {token}")] if token is not None else []
        self._channel: Any = None
        self._predict: Callable[..., Any] | None = None

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = self._predict = None

    def edit(
        self, photo: bytes, edit: str, strength: float, version: int | None, seconds: float
    ) -> bytes:
        import grpc
        from tensorflow_serving.apis import predict_pb2

        request = predict_pb2.PredictRequest(output_filter=[_EDITED])
        request.model_spec.name = edit
        request.model_spec.signature_name = _SIGNATURE
        if version is not None:
            request.model_spec.version.value = version
        image, factor = request.inputs[_IMAGE], request.inputs[_STRENGTH]
        image.dtype, factor.dtype = 7, 1  # DT_STRING, DT_FLOAT
        image.string_val.append(photo)
        factor.float_val.append(strength)
        for tensor in (image, factor):
            tensor.tensor_shape.dim.add(size=1)
        try:
            answer = self._stub()(request, timeout=seconds, metadata=self._metadata)
        except grpc.RpcError as error:
            code = error.code().name
            failed = EditError(error.details() or code, code)
            if code in _MAY_PASS_BY_NAME:
                raise _Retry(failed) from error
            raise failed from error
        contents = answer.outputs[_EDITED].string_val
        if len(contents) != 1:
            raise EditError("the answer holds no edited image", "OK")
        return contents[0]

    def _stub(self) -> Callable[..., Any]:
        import grpc
        from tensorflow_serving.apis import prediction_service_pb2_grpc

        if self._predict is None:
            options = [("grpc.max_receive_message_length", -1)]
            if self._encrypted:
                roots = None
                if self.certificates is not None:
                    with open(self.certificates, "rb") as file:  # noqa: PTH123
                        roots = file.read()
                credentials = grpc.ssl_channel_credentials(roots)
                self._channel = grpc.secure_channel(self._address, credentials, options)
            else:
                self._channel = grpc.insecure_channel(self._address, options)
            stub = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
            self._predict = stub.Predict
        return self._predict


def _told(contents: bytes) -> str:
    """What an error answer says."""
    try:
        return str(json.loads(contents)["error"])
    except (ValueError, KeyError, TypeError):
        return contents[:200].decode("utf-8", "replace") or "no reason was given"
