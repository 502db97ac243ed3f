"""The log: a line of JSON for each event, and never what a request holds."""

from __future__ import annotations

import itertools
import logging
import re
import secrets
from datetime import UTC, datetime

import orjson

_LONGEST_PATH = 200
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

# Of this process; each request has a number besides.
_PREFIX = secrets.token_hex(4)
_NUMBERS = itertools.count(1)

_logger = logging.getLogger("serving")


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON: time, level, message, and the record's `fields`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(line).decode()


def set_up() -> None:
    """Sends the server's log, and that of its HTTP library, to stderr."""
    # None of it is written, and it would be a part of the price of a request.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    for name, level in (("serving", logging.INFO), ("uvicorn", logging.ERROR)):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(level)


def request_id(sent: str) -> str:
    """The id that a client sent, where it is one that a log can hold; else a new one."""
    return sent if _REQUEST_ID.fullmatch(sent) else f"{_PREFIX}-{next(_NUMBERS):x}"


def log_request(identity: str, method: str, path: str, status: int | str, seconds: float) -> None:
    """Logs an answered request.

    Args:
        identity: str, the request's id.
        method: str, of HTTP, or "gRPC".
        path: str, still URL-encoded, so that it cannot break the line; cut where it is long.
        status: the status of the answer.
        seconds: float, that it took.
    """
    fields = {
        "request_id": identity,
        "method": method,
        "path": path if len(path) <= _LONGEST_PATH else path[:_LONGEST_PATH] + "...",
        "status": status,
        "milliseconds": round(seconds * 1000, 1),
    }
    _logger.info("request", extra={"fields": fields})
