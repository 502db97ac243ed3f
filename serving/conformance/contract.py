"""A server that is asked about the contract, over a real socket."""

from __future__ import annotations

import base64
import http.client
import io
import json
from typing import Any
from urllib.parse import quote, urlsplit

from PIL import Image

from faceattr.errors import UserError

Answer = tuple[int, Any]


class Contract:
    """The rules, and a server that is asked about them."""

    def __init__(self, url: str, model: str, token: str | None = None, timeout: float = 30) -> None:
        """Remembers where the server is.

        Args:
            url: str, such as `http://127.0.0.1:8501`.
            model: str, one of its models, an exported edit.
            token: str, is sent with every request.
            timeout: float, seconds for one answer.

        Raises:
            UserError: if `url` is no such address.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UserError(f"URL: '{url}' is not http:// or https:// and a host")
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self._connect = lambda: kind(parts.hostname or "", parts.port or 8501, timeout=timeout)
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self.model = model
        self.path = f"/v1/models/{quote(model, safe='')}"

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Status and JSON of an answer."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        connection = self._connect()
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, {**self._headers, **sent})
            answer = connection.getresponse()
            contents = answer.read()
        finally:
            connection.close()
        kind = answer.getheader("Content-Type", "")
        assert kind.startswith("application/json"), f"Content-Type is {kind}"
        return answer.status, json.loads(contents)

    def predict(self, body: Any, **headers: str) -> Any:
        """The JSON of an answer that must be 200."""
        status, answer = self.ask("POST", f"{self.path}:predict", body, **headers)
        assert status == 200, f"{status} {str(answer)[:200]}"
        return answer

    def refused(self, status: int, part: str, method: str, path: str, body: Any = None) -> None:
        """Asks for what must be refused."""
        found, answer = self.ask(method, path, body)
        assert found == status, f"{found} instead of {status}"
        assert list(answer) == ["error"], f"keys {list(answer)} instead of error"
        assert part in answer["error"], f"'{answer['error'][:200]}' does not say '{part}'"

    def signatures(self) -> dict[str, Any]:
        """The signatures of the model, as its metadata tell."""
        _, answer = self.ask("GET", f"{self.path}/metadata")
        return answer["metadata"]["signature_def"]["signature_def"]

    @property
    def size(self) -> int:
        """The side of the images that `serving_default` takes."""
        shape = self.signatures()["serving_default"]["inputs"]["image"]["tensor_shape"]
        return int(shape["dim"][1]["size"])

    def image(self, value: float = 0.25) -> Any:
        """A face crop as numbers."""
        return [[[value] * 3] * self.size] * self.size

    def photo(self) -> dict[str, str]:
        """A face crop as a file."""
        file = io.BytesIO()
        Image.new("RGB", (self.size, self.size), (180, 140, 120)).save(file, "PNG")
        return {"b64": base64.b64encode(file.getvalue()).decode()}

    @property
    def version(self) -> str:
        """A version that answers."""
        _, answer = self.ask("GET", self.path)
        return next(
            status["version"]
            for status in answer["model_version_status"]
            if status["state"] == "AVAILABLE"
        )
