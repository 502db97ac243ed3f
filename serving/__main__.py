"""Serves one edit over TensorFlow Serving's REST paths; `python -m serving --help` tells how."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType
from urllib.parse import quote

from faceattr.command_line import ArgumentParser, import_tensorflow_quietly, run
from faceattr.errors import UserError

from .version_folders import ModelSource, check_base_path
from .wire.limits import Limits

_PROGRAM = "serving"

_EXAMPLE = """\
example:
  python -m serving --model_name add_glasses --model_base_path bundles/add_glasses/saved_model
  curl http://127.0.0.1:8501/v1/models/add_glasses

docs/serving.md shows how to send a photo and save the answer. Only programs on this machine
reach the server, unless --rest_api_host says otherwise; no photo is kept or logged.
"""


def main() -> None:
    """Runs the server until SIGINT or SIGTERM."""
    options = _parser().parse_args()
    if not options.model_name:
        raise UserError("--model_name: must not be empty; pass a name such as add_glasses")
    base_path = Path(options.model_base_path)
    check_base_path(base_path)
    listener = listen(options.rest_api_host, options.rest_api_port)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    import_tensorflow_quietly()
    _serve(ModelSource(options.model_name, base_path), listener)


def listen(host: str, port: int) -> socket.socket:
    """Opens the server's socket; port 0 takes a free port.

    Raises:
        UserError: with the flag's name, where the address is not to be had.
    """
    if not 0 <= port <= 65535:
        raise UserError(f"--rest_api_port: {port} is not a port; pass one from 0 to 65535")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError) as error:
        raise UserError(
            f"--rest_api_host: '{host}' is not an address of this machine; pass one such as "
            "127.0.0.1"
        ) from error
    listener = socket.socket(family, kind, protocol)
    # A port that was just left by another run can be taken at once.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        # Now and not after loading, so that no second server can take the port meanwhile.
        listener.listen()
    except OSError as error:
        listener.close()
        raise UserError(
            f"--rest_api_port: cannot listen on {host}:{port} ({error.strerror}); pass another "
            "port, such as --rest_api_port 8502, or 0 for any free one"
        ) from error
    return listener


def _parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(
        _PROGRAM,
        "Serves the SavedModel of an edit over TensorFlow Serving's REST API (predict, status, "
        "metadata). Flags are named as tensorflow_model_server names them.",
        _EXAMPLE,
        usage="python -m serving --model_base_path FOLDER [--model_name NAME] [options]",
    )
    parser.add_argument(
        "--model_base_path",
        required=True,
        metavar="FOLDER",
        help="folder that holds numbered version folders, such as "
        "bundles/add_glasses/saved_model; the highest number is served",
    )
    parser.add_argument(
        "--model_name",
        default="default",
        metavar="NAME",
        help="the model's name in the paths: /v1/models/NAME (default: default)",
    )
    parser.add_argument(
        "--rest_api_port",
        type=int,
        default=8501,
        metavar="PORT",
        help="port to listen on; 0 takes a free one and prints it (default: 8501)",
    )
    parser.add_argument(
        "--rest_api_host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address to listen on; 0.0.0.0 lets other machines in, without any password "
        "(default: 127.0.0.1)",
    )
    return parser


def _serve(source: ModelSource, listener: socket.socket) -> None:
    # Imported here, because TensorFlow takes seconds that a mistyped flag need not wait for.
    try:
        from .server import Server
    except ModuleNotFoundError as error:
        raise UserError(
            f"the package '{error.name}' is missing; in the project's folder, "
            "pip install '.[serving]'"
        ) from error
    server = Server(Limits())
    server.load([source])
    numbers = [version.number for version in server.repository.versions(source.name)]
    print(f"serving version {numbers[0]} of model '{source.name}'; try:", flush=True)
    print(f"  curl {_url(listener)}/v1/models/{quote(source.name, safe='')}", flush=True)
    server.run(listener)


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _stop(number: int, frame: FrameType | None) -> None:
    # While it is loading; once it runs, the server first answers what it has begun.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    run(_PROGRAM, main)
