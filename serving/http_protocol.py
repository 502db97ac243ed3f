"""uvicorn's HTTP with the bounds that it leaves open: for heads, silence, readers, connections.

uvicorn times nothing but the pause between two requests, so a connection that says nothing, or a
client that reads nothing, would be held for ever. Bodies are timed where they are read.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from .wire.answers import encode_error
from .wire.limits import Limits

_logger = logging.getLogger("serving")

_LONGEST_HEAD = 64 * 2**10


Refuse = Callable[[bytes, list[tuple[bytes, bytes]], bool], bytes | None]
"""Takes URL and headers of a POST, and whether the connection is closed after the answer; gives the
answer with its status line, or None where the request is to be answered as ever."""


def bounded_protocol(limits: Limits, refuse: Refuse) -> type[asyncio.Protocol]:
    """The protocol class of a server with these limits.

    Args:
        limits: of connections.
        refuse: is asked as soon as a head is there, before there is a task for the request.
    """

    class BoundedProtocol(_BoundedProtocol):
        bounds = limits
        refusal = staticmethod(refuse)

    return BoundedProtocol


class _BoundedProtocol(HttpToolsProtocol):
    bounds: Limits
    refusal: Refuse

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_timer: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._in_head = True
        self._is_refused = False  # the request whose body may still come

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        if len(self.connections) > self.bounds.connections:
            self._refuse(503, "The server has as many connections as it can; try again later")
        else:
            self._time_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timing_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > _LONGEST_HEAD:
                self._refuse(431, f"The request's head is longer than {_LONGEST_HEAD // 1024} KiB")
        if self._head_timer is None and (self._in_head or self._is_idle):
            # Not again for each byte, or who sends one now and then could go on for ever.
            self._time_head()

    @property
    def _is_idle(self) -> bool:
        """Whether nothing times the connection: line ends came where a head should begin, or more
        of a body whose request is answered."""
        return self._is_answered and self.timeout_keep_alive_task is None

    @property
    def _is_answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def on_message_begin(self) -> None:
        self._in_head = True
        self._head_bytes = 0
        self._is_refused = False
        self._unset_keepalive_if_required()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._stop_timing_head()
        self._is_refused = self._is_answered and self._refuse_by_head()
        if not self._is_refused:
            super().on_headers_complete()

    def _refuse_by_head(self) -> bool:
        if self.parser.get_method() != b"POST" or self.parser.should_upgrade():
            return False
        stays = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        # Who waits for "100 Continue" may send its body now, or another head.
        close = not stays or self.expect_100_continue
        answer = self.refusal(self.url, self.headers, close)
        if answer is None:
            return False
        self.transport.write(answer)
        if close:
            self.transport.close()
        return True

    def on_body(self, body: bytes) -> None:
        if not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self._is_answered:  # before its body came
            self._stop_timing_head()
            self.on_response_complete()
        else:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.get_write_buffer_size():
            self.loop.call_later(self.bounds.body_seconds, self._give_up_reader)

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, msg)

    def _give_up_reader(self) -> None:
        # Closing would wait until all is read.
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def _time_head(self) -> None:
        self._head_timer = self.loop.call_later(self.bounds.header_seconds, self._head_is_late)

    def _stop_timing_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self.cycle is not None and not self.cycle.response_complete:
            self._time_head()  # the request before this one is still being answered
        elif self.transport.is_closing():
            return
        elif self._in_head:
            self._refuse(408, "The request's head did not come in time")
        else:  # line ends between two requests, or the body of one that is answered
            self.transport.close()

    def _refuse(self, status: int, message: str) -> None:
        """Answers before there is a request, and closes."""
        self._stop_timing_head()
        _logger.info("refused a connection", extra={"fields": {"status": status}})
        body = encode_error(message)
        retry = b"retry-after: 1\r\n" if status == 503 else b""
        self.transport.write(
            STATUS_LINE[status]
            + b"content-type: application/json\r\nconnection: close\r\n"
            + retry
            + b"content-length: %d\r\n\r\n" % len(body)
            + body
        )
        self.transport.close()
