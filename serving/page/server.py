"""Serves a folder of static files, with the page's content policy."""

from __future__ import annotations

import functools
import http.server
import os
import pathlib
import socket
import socketserver
import sys

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; "
    "img-src 'self' blob: data:; style-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "form-action 'none'; base-uri 'none'"
)
"""What the page may do: nothing but load its own files. It says the same itself, for hosts that set
no headers."""

_HEADERS = {
    "Content-Security-Policy": f"{CONTENT_POLICY}; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    # Asked for again each time, and answered with 304 where it is as it was.
    "Cache-Control": "no-cache",
}


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    extensions_map = {  # noqa: RUF012  # as the base class has it
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript",
        ".css": "text/css; charset=utf-8",
        ".json": "application/json",
        ".webmanifest": "application/manifest+json",
        ".svg": "image/svg+xml",
        ".png": "image/png",
        ".wasm": "application/wasm",
        ".md": "text/plain; charset=utf-8",
        "": "application/octet-stream",
    }

    def end_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def list_directory(self, path: str | os.PathLike[str]) -> None:
        self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged: what is asked for tells who edits what."""


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that leaves before all is sent is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def serve(folder: pathlib.Path, listener: socket.socket) -> _Server:
    """A server of a folder, whose `serve_forever` answers.

    Args:
        folder: with an `index.html`.
        listener: open, and listening.
    """
    handler = functools.partial(_Handler, directory=str(folder))
    address = listener.getsockname()[:2]
    server = _Server(address, handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    return server
