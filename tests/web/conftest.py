"""The built page on a server of this machine, and the browsers that open it."""

from __future__ import annotations

import functools
import pathlib
import shutil
from collections.abc import Iterator

import pytest
from web.visitor import Page, launch
from web_pages import Served, serving

from faceattr.bundles.manifest import Manifest
from faceattr.edits import Edit
from faceattr.faces.crop import ALIGNED_CROP
from serving.page import site

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="session")
def npm_modules() -> pathlib.Path:
    """What npm fetches, the tests' own included."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed, which fetches what runs the networks in a browser")
    return site.packages(site.WEB, site.NPM, development=True)


@pytest.fixture(scope="session")
def page_bundles(tiny_bundles, tmp_path_factory) -> pathlib.Path:
    """The tiny bundles, and `add_hat` of another attribute, which the page has no name for."""
    folder = tmp_path_factory.mktemp("page") / "bundles"
    shutil.copytree(tiny_bundles, folder)
    hat = Manifest(
        Edit("add_hat", "Wearing_Hat", True), "hat", 32, ALIGNED_CROP, *({} for _ in range(6))
    )
    (folder / "add_hat").mkdir()
    shutil.copy(
        folder / "remove_glasses" / "remove_glasses.tflite", folder / "add_hat" / hat.tflite_name
    )
    hat.write(folder / "add_hat")
    return folder


@pytest.fixture(scope="session")
def site_folder(npm_modules, page_bundles, tmp_path_factory) -> pathlib.Path:
    """The page with the bundles of networks that nobody trained, and the shipped ones."""
    folder = tmp_path_factory.mktemp("site")
    site.build(folder, page_bundles)
    return folder


@pytest.fixture(scope="module")
def served(site_folder) -> Iterator[Served]:
    with serving(site_folder) as found:
        yield found


@pytest.fixture(scope="module")
def playwright() -> Iterator[object]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as started:
        yield started


@pytest.fixture(scope="class")
def downloads(request, tmp_path_factory) -> pathlib.Path | None:
    """Where Firefox puts them; None where playwright knows."""
    return tmp_path_factory.mktemp("downloads") if request.cls.kind == "firefox" else None


@pytest.fixture(scope="class")
def browser(request, playwright, downloads) -> Iterator[object]:
    """Of the kind that the class names."""
    found = launch(playwright, request.cls.kind, downloads)
    yield found
    found.close()


@pytest.fixture(scope="class")
def page(browser, served, downloads) -> Iterator[Page]:
    """One for all tests of a class, each of which begins with a photo of its own, or the sample."""
    page = Page(browser, served.url, downloads)
    page.load()
    yield page
    page.close()


@pytest.fixture(scope="session")
def editors(page_bundles):
    """Gives the Python editor of some edits."""
    from faceattr.editing.editor import Editor

    return functools.cache(lambda *names: Editor.load(*names, bundles=page_bundles))
