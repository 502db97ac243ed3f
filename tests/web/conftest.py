"""The built page on a server of this machine, and a browser that opens it."""

from __future__ import annotations

import pathlib
import shutil
from collections.abc import Iterator

import pytest
from web_pages import Served, serving

from serving.page import site

ROOT = pathlib.Path(__file__).parents[2]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",  # containers run it as root
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    # Whatever the page asked for elsewhere would fail, as well as be seen.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


@pytest.fixture(scope="session")
def npm_modules() -> pathlib.Path:
    """What npm fetches, the tests' own included."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed, which fetches what runs the networks in a browser")
    return site.packages(site.WEB, site.NPM, development=True)


@pytest.fixture(scope="session")
def site_folder(npm_modules, tiny_bundles, tmp_path_factory) -> pathlib.Path:
    """The page with the bundles of networks that nobody trained."""
    folder = tmp_path_factory.mktemp("site")
    site.build(folder, tiny_bundles)
    return folder


@pytest.fixture(scope="module")
def served(site_folder) -> Iterator[Served]:
    with serving(site_folder) as found:
        yield found


def chromium_path() -> str:
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("Chromium is not installed (as root: make browsers)")
    return found


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    path = chromium_path()
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()
