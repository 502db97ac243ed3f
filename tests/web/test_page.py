"""The page in browsers: what visitors do, and that nothing leaves the machine.

One browser and one page for all tests of a class; each begins with a photo of its own, or with the
sample.
"""

import contextlib

import pytest

for name in ("edits", "everywhere", "photos"):
    pytest.register_assert_rewrite(f"web.visits_{name}")

from web.visitor import Page, launch  # noqa: E402
from web.visits_edits import Edits  # noqa: E402
from web.visits_everywhere import FILL, Everywhere  # noqa: E402
from web.visits_photos import Photos  # noqa: E402

pytestmark = pytest.mark.slow


class TestChromium(Everywhere, Photos, Edits):  # the last one's tests come first
    kind = "chromium"
    schemes = ("light", "dark")

    def grant_camera(self, page):
        page.context.grant_permissions(["camera"], origin=page.url.rstrip("/"))

    @contextlib.contextmanager
    def without_room(self, page):
        quota, origin = page.context.new_cdp_session(page.tab), page.url.rstrip("/")
        quota.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": 2_000_000})
        yield
        quota.send("Storage.overrideQuotaForOrigin", {"origin": origin})


@pytest.mark.exhaustive
class TestFirefox(Everywhere, Photos, Edits):
    kind = "firefox"
    schemes = ("light",)  # which it cannot be told to change

    def grant_camera(self, page):
        """Nobody can: a canvas takes the camera's place."""
        page.tab.evaluate(
            """() => {
              const canvas = document.createElement('canvas');
              setInterval(() => canvas.getContext('2d').fillRect(0, 0, 9, 9), 50);
              navigator.mediaDevices.getUserMedia = async () => canvas.captureStream();
            }"""
        )

    @contextlib.contextmanager
    def without_room(self, page):
        page.tab.evaluate(FILL, 1_000_000)
        yield
        page.tab.evaluate("caches.delete('filled')")


def test_a_processor_without_simd(playwright, served):
    """Before 2008; browsers themselves have SIMD for as long as they have all else that is used."""
    browser = launch(playwright, "chromium", flags=["--js-flags=--no-enable-sse4-1"])
    page = Page(browser, served.url)
    page.tab.goto(served.url)
    assert "WebAssembly lacks SIMD" in page.told()
    page.close()
    browser.close()
