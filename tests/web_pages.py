"""What the tests of the page share."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import shutil
import threading
from collections.abc import Callable, Iterator

import pytest

from serving.listening import listen, url_of
from serving.page import server

ROOT = pathlib.Path(__file__).parents[1]


@dataclasses.dataclass
class Served:
    """The page on a server.

    Attributes:
        url: with a slash at the end.
        stop: ends the server.
    """

    url: str
    stop: Callable[[], None]


@contextlib.contextmanager
def serving(folder: pathlib.Path) -> Iterator[Served]:
    """Serves a folder that `serving.page.site.build` filled."""
    listener = listen("127.0.0.1", 0, "--host", "--port")
    running = server.serve(folder, listener)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()

    def stop() -> None:
        running.shutdown()
        thread.join()
        running.server_close()

    try:
        yield Served(f"{url_of(listener)}/", stop)
    finally:
        stop()


def node() -> str:
    """Node.js as it is installed, or else the one that comes with playwright."""
    found = shutil.which("node")
    if found is None:
        driver = pytest.importorskip("playwright._impl._driver", reason="Node.js is not installed")
        found = driver.compute_driver_executable()[0]
    return found
