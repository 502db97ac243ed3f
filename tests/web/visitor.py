"""A visitor of the page, in Chromium or in Firefox."""

from __future__ import annotations

import base64
import io
import pathlib
import shutil
import time

import numpy as np
import pytest
from PIL import Image

ASTRONAUT = pathlib.Path(__file__).parents[2] / "docs" / "photos" / "astronaut.png"
PROGRAMS = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "firefox": ("firefox-esr", "firefox"),
}
CHROMIUM_FLAGS = (
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
FIREFOX_PREFERENCES = {
    "media.navigator.streams.fake": True,
    # Refused until it is granted; there is nobody to be asked.
    "permissions.default.camera": 2,
    "network.dns.disabled": True,
    "ui.prefersReducedMotion": 1,
    # In KiB, of which a site may have a fifth: known, so that a test can use it up.
    "dom.quotaManager.temporaryStorage.fixedLimit": 300_000,
}
# Of a page at work: nothing is looked at or loaded any more.
IDLE = "() => document.querySelector('#busy').hidden && !document.querySelector('[aria-busy]')"
ADD, REMOVE, HAT = (f"[data-edit={name}]" for name in ("add_glasses", "remove_glasses", "add_hat"))


def launch(playwright, kind, downloads=None, flags=()):
    """The browser as it is installed, and where it puts what it downloads; a test without it is
    skipped."""
    path = next((path for name in PROGRAMS[kind] if (path := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"{kind} is not installed (as root: make browsers)")
    if kind == "chromium":
        return playwright.chromium.launch(executable_path=path, args=[*CHROMIUM_FLAGS, *flags])
    return playwright.firefox.launch(
        channel="moz-firefox",
        executable_path=path,
        firefox_user_prefs=FIREFOX_PREFERENCES,
        downloads_path=downloads,
    )


class Page:
    """The page, as a visitor has it."""

    def __init__(self, browser, url, downloads=None, service_workers="block"):
        """What a service worker asks for is not seen in all browsers, so most tests have none."""
        self.url = url
        self.downloads = downloads
        self.context = browser.new_context(
            viewport={"width": 1280, "height": 860},
            has_touch=True,
            reduced_motion="reduce",
            service_workers=service_workers,
        )
        # For machines that do much else besides.
        self.context.set_default_timeout(180_000)
        self.requests = []
        self.context.on("request", lambda request: self.requests.append(request))
        self.tab = self.context.new_page()
        self.errors = []
        self.tab.on("pageerror", lambda error: self.errors.append(error))

    def close(self):
        assert not self.errors
        self.assert_nothing_left()
        self.context.close()

    def assert_nothing_left(self):
        for request in self.requests:
            assert request.url.startswith((self.url, "blob:", "data:")), request.url
            assert request.method == "GET"
            assert request.post_data is None

    def load(self):
        self.tab.goto(self.url)
        self.tab.wait_for_selector(ADD + ":enabled")

    def idle(self):
        self.tab.wait_for_function(IDLE)

    def told(self, selector="#message"):
        """What is said there, once something is."""
        self.tab.wait_for_function(
            "(selector) => document.querySelector(selector).textContent", arg=selector
        )
        return self.text(selector)

    def forget(self):
        self.tab.evaluate(
            "for (const id of ['live', 'message']) document.getElementById(id).textContent = ''"
        )

    def open(self, content, name="photo.png"):
        """Gives it a file: its content, or an image, which becomes a PNG."""
        if not isinstance(content, bytes):
            file = io.BytesIO()
            content.save(file, "PNG", compress_level=1)
            content = file.getvalue()
        self.forget()
        files = [{"name": name, "mimeType": "application/octet-stream", "buffer": content}]
        self.tab.set_input_files("#file", files)
        self.tab.wait_for_function(
            "() => document.querySelector('#live').textContent || "
            "document.querySelector('#message').textContent"
        )
        self.idle()

    def sample(self):
        self.open(ASTRONAUT.read_bytes(), "astronaut.png")

    def press(self, selector):
        self.tab.click(selector)
        self.idle()

    def touch(self, selector):
        """With a finger where the browser is driven by one, which Firefox is not."""
        element = self.tab.locator(selector)
        element.tap() if self.downloads is None else element.click()
        self.tab.wait_for_selector(f"{selector}[aria-pressed=true]")
        self.idle()

    def is_pressed(self, selector):
        return self.tab.get_attribute(selector, "aria-pressed") == "true"

    def text(self, selector):
        return self.tab.inner_text(selector)

    def strength(self, value, which=0):
        self.tab.locator("#edits input[type=range]").nth(which).fill(str(value))

    def pixels(self):
        """What the canvas shows: int [height, width, 3]."""
        url = self.tab.evaluate(
            """async () => {
              await new Promise(requestAnimationFrame);
              return document.querySelector('#canvas').toDataURL();
            }"""
        )
        picture = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))
        return np.asarray(picture.convert("RGB")).astype(int)

    def download(self, tmp_path):
        """The edited photo, in a folder."""
        if self.downloads is None:
            with self.tab.expect_download() as waited:
                self.tab.click("#download")
            path = tmp_path / waited.value.suggested_filename
            waited.value.save_as(path)
        else:
            self.forget()
            self.tab.click("#download")
            name = self.told("#live").removesuffix(" is written")
            path = shutil.move(self._downloaded(name), tmp_path / name)
        self.idle()
        return path

    def _downloaded(self, name):
        """Firefox does not tell playwright of it, and writes beside until all is there."""
        for _ in range(600):
            path = self.downloads / name
            if path.is_file() and path.stat().st_size and not [*self.downloads.glob("*.part")]:
                return path
            time.sleep(0.05)
        raise AssertionError(f"{name} was not written")


def levels(path):
    """Of a photo that was written: int [height, width, 3]."""
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def by_python(editors, photo, *names, strength=1.0, always=False):
    """What the Python editor makes of a photo: int [height, width, 3]."""
    edited = editors(*names).edit(photo, strength, always=always)
    return np.asarray(edited.convert("RGB")).astype(int)


def side_by_side(image):
    """The image twice."""
    return Image.fromarray(np.concatenate([np.asarray(image)] * 2, axis=1))
