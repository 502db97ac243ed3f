"""Who may ask: a list of host names, and a token."""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass

from ..wire.request_error import RequestError

ANY_HOST = "*"


@dataclass(frozen=True)
class Access:
    """The rules for whose requests are answered.

    Attributes:
        hosts: the names that a `Host` header may have, besides "localhost" and addresses;
            `ANY_HOST` for all. A page that a browser loaded from elsewhere can make its own name
            point to this machine ("DNS rebinding") and so reach a server that listens to this
            machine alone, but it cannot choose the `Host` that the browser sends.
        token: str, what must be sent as `Authorization: Bearer …`; None where nothing must be.
        cors: bool, whether pages from anywhere may read the answers.
    """

    hosts: tuple[str, ...] = ()
    token: str | None = None
    cors: bool = False

    def check_host(self, host: str) -> None:
        """Checks a `Host` header.

        Raises:
            RequestError: 403 where its name is not on the list.
        """
        name = _without_port(host).lower()
        if ANY_HOST in self.hosts or name == "localhost" or name in self.hosts or _is_address(name):
            return
        raise RequestError(
            f"The Host header names '{name[:80]}', which this server does not answer for; start "
            "it with --rest_api_allowed_hosts and that name",
            403,
        )

    def check_token(self, authorization: str) -> None:
        """Checks an `Authorization` header or metadata.

        Raises:
            RequestError: 401 where the token is not the one that is asked for.
        """
        if self.token is None:
            return
        scheme, _, token = authorization.partition(" ")
        right = hmac.compare_digest(token.strip().encode(), self.token.encode())
        if scheme.lower() != "bearer" or not right:
            raise RequestError("Send the server's token as 'Authorization: Bearer ...'", 401)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
