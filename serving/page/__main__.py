"""Serves the page, or builds it as a folder; `python -m serving.page --help` tells how."""

from __future__ import annotations

import pathlib
import signal
import tempfile

from faceattr.bundles.finding import BUNDLES
from faceattr.command_line import ArgumentParser, run
from faceattr.files import new_folder

from ..listening import listen, url_of
from . import server, site

_PROGRAM = "serving.page"

_EXAMPLE = """\
example:
  python -m serving.page                  # then open http://127.0.0.1:8600/
  python -m serving.page --out site       # a folder that any static host takes

The page edits photos in the browser: none is sent to this server or to any other.
"""


def main() -> None:
    """Builds the page, and serves it until SIGINT or SIGTERM."""
    parser = ArgumentParser(
        _PROGRAM,
        "Serves the page that edits photos in the visitor's own browser.",
        _EXAMPLE,
    )
    parser.add_argument(
        "--bundles",
        type=pathlib.Path,
        default=BUNDLES,
        metavar="FOLDER",
        help="folder of bundles, looked into before the shipped ones (default: bundles)",
    )
    parser.add_argument(
        "--out",
        type=pathlib.Path,
        metavar="FOLDER",
        help="a new folder to build the page in, in place of serving it",
    )
    parser.add_argument(
        "--port", type=int, default=8600, help="0 takes a free one and prints it (default: 8600)"
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address to listen on; 0.0.0.0 lets other machines in, whose browsers then lack what "
        "they give to HTTPS alone: camera, and working offline (default: 127.0.0.1)",
    )
    options = parser.parse_args()
    if options.out is not None:
        with new_folder(options.out) as folder:
            names = site.build(folder, options.bundles)
        print(f"{options.out}: the page with {', '.join(names)}")
        return
    listener = listen(options.host, options.port, "--host", "--port")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        site.build(folder, options.bundles)
        print(f"{url_of(listener)}/", flush=True)
        server.serve(folder, listener).serve_forever()


def _stop(number: int, frame: object) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    run(_PROGRAM, main)
