"""The one exception that becomes an answer to the client."""

from __future__ import annotations

from faceattr.errors import UserError


class RequestError(UserError):
    """A request that cannot be answered; its message goes to the client as `{"error": …}`.

    Attributes:
        http_status: int, the HTTP status of the answer. Defaults to 400.
    """

    def __init__(self, message: str, http_status: int = 400) -> None:
        super().__init__(message)
        self.http_status = http_status

    def __str__(self) -> str:
        """As it was written: it repeats what the client sent, and names no flag."""
        return self.for_command_line
