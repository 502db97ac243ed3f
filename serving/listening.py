"""The socket that a server listens on."""

from __future__ import annotations

import socket

from faceattr.errors import UserError


def listen(host: str, port: int, host_flag: str, port_flag: str) -> socket.socket:
    """Opens the server's socket; port 0 takes a free port.

    Args:
        host, port: where to listen.
        host_flag, port_flag: the flags that they were given by, for messages.

    Raises:
        UserError: with the flag's name, where the address is not to be had.
    """
    if not 0 <= port <= 65535:
        raise UserError(f"{port_flag}: {port} is not a port; pass one from 0 to 65535")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError) as error:
        raise UserError(
            f"{host_flag}: '{host}' is not an address of this machine; pass one such as 127.0.0.1"
        ) from error
    listener = socket.socket(family, kind, protocol)
    # A port that was just left by another run can be taken at once.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        # Now and not after loading, so that no second server can take the port meanwhile.
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise UserError(
            f"{port_flag}: cannot listen on {host}:{port} ({error.strerror}); pass another port, "
            f"such as {port_flag} {port + 1 if port < 65535 else 8502}, or 0 for any free one"
        ) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Where the server is, without a slash at the end."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
