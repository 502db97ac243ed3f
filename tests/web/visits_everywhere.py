"""How else the page is used, in any browser: by keys, on a phone, by a reader, offline."""

from __future__ import annotations

from PIL import Image
from web.visitor import ADD, ASTRONAUT, REMOVE, Page, side_by_side
from web_pages import serving

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 860}
NO_RELAXED_SIMD = """
const all = WebAssembly.instantiate;
WebAssembly.instantiate = (bytes, ...rest) =>
  bytes.length < 100 ? Promise.reject(new Error('none')) : all(bytes, ...rest);
"""
# Any module that has an operation of SIMD is as damaged to a browser without.
NO_SIMD = """
WebAssembly.validate = () => false;
WebAssembly.instantiate = async () => { throw new WebAssembly.CompileError('SIMD'); };
"""
# Writes what cannot be packed until so many bytes are left.
FILL = """
async (left) => {
  const {quota, usage} = await navigator.storage.estimate();
  const part = crypto.getRandomValues(new Uint8Array(65536));
  const parts = Array(Math.floor((quota - usage - left) / part.length)).fill(part);
  await (await caches.open('filled')).put('filled', new Response(new Blob(parts)));
}
"""


class Everywhere:
    def test_keys_alone(self, page):
        page.tab.bring_to_front()  # Firefox sends keys to the tab that was opened last
        page.sample()
        page.tab.evaluate("document.activeElement.blur()")
        for _ in range(30):
            page.tab.keyboard.press("Tab")
            if page.tab.evaluate("document.activeElement.dataset.edit") == "add_glasses":
                break
        page.tab.keyboard.press("Enter")
        page.tab.wait_for_selector(ADD + "[aria-pressed=true]")
        page.idle()
        for _ in range(5):
            page.tab.keyboard.press("Tab")
            if page.tab.evaluate("document.activeElement.type") == "range":
                break
        for _ in range(4):
            page.tab.keyboard.press("ArrowRight")
        assert page.text("output") == "104%"
        assert page.tab.evaluate("document.activeElement.matches(':focus-visible')")

    def test_a_phone(self, page):
        page.sample()
        page.tab.set_viewport_size(PHONE)
        page.tab.evaluate("scrollTo(0, 0)")
        page.touch(ADD)
        wide = page.tab.evaluate(
            "() => [...document.querySelectorAll('body *')].filter((each) => "
            "each.getBoundingClientRect().right > 361).map((each) => each.outerHTML.slice(0, 90))"
        )
        assert not wide
        small = page.tab.evaluate(
            "() => [...document.querySelectorAll('button, input[type=range]')].filter((each) => "
            "each.offsetParent && each.offsetHeight < 30).map((each) => each.outerHTML)"
        )
        assert not small
        page.tab.set_viewport_size(DESK)

    def test_nothing_stands_in_the_way_of_a_reader(self, page, npm_modules):
        axe = (npm_modules / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
        page.open(side_by_side(Image.open(ASTRONAUT)))
        page.press(ADD)
        page.press("#split")
        page.tab.evaluate(axe)
        for scheme in self.schemes:
            page.tab.emulate_media(color_scheme=scheme)
            for size in (DESK, PHONE):
                page.tab.set_viewport_size(size)
                found = page.tab.evaluate("axe.run()")
                assert not [
                    (scheme, size, each["id"], [node["html"] for node in each["nodes"]])
                    for each in found["violations"]
                ]
        page.press("#split")
        page.tab.emulate_media(color_scheme="light")
        page.tab.set_viewport_size(DESK)

    def test_a_photo_that_is_given_before_the_sample_came_stays(self, browser, served):
        page = Page(browser, served.url)
        waiting = []
        page.tab.route("**/astronaut.png", lambda route: waiting.append(route))
        page.tab.goto(served.url)
        page.tab.wait_for_selector(ADD, state="attached")
        page.open(b"no image at all", "notes.txt")
        for route in waiting:
            route.continue_()
        page.tab.evaluate("new Promise((done) => setTimeout(done, 300))")
        assert "notes.txt is not an image" in page.text("#message")
        assert page.tab.locator(ADD).is_disabled()
        page.close()

    def test_without_webassembly_or_its_simd(self, browser, served):
        for missing, sentence in (
            ("delete globalThis.WebAssembly", "has no WebAssembly"),
            (NO_SIMD, "WebAssembly lacks SIMD"),
        ):
            page = Page(browser, served.url)
            page.tab.add_init_script(missing)
            page.tab.goto(served.url)
            assert sentence in page.told()
            assert not [each for each in page.requests if "/litert/" in each.url]
            page.close()

    def test_without_relaxed_simd_without_room_and_without_a_connection(self, browser, site_folder):
        with serving(site_folder) as served:
            page = Page(browser, served.url, service_workers="allow")
            page.tab.add_init_script(NO_RELAXED_SIMD)
            page.load()
            page.tab.evaluate("navigator.serviceWorker.ready.then(() => null)")
            with self.without_room(page):
                page.press(ADD)
                assert page.is_pressed(ADD)
                names = [request.url.rpartition("/")[2] for request in page.requests]
                assert "litert_wasm_compat_internal.wasm" in names
                assert "litert_wasm_internal.wasm" not in names
                assert "no room left" in page.told("#kept")
            page.close()
            # Another visitor: Firefox frees the room of what was deleted when it likes.
            page = Page(browser, served.url, service_workers="allow")
            page.load()
            page.press(ADD)
            assert "works without a connection" in page.told("#kept")
            served.stop()
            page.load()
            page.press(REMOVE)
            assert page.is_pressed(REMOVE)
            assert page.text("#message") == ""
            page.close()

    def test_no_request_left_the_machine_or_carried_anything(self, page):
        """And of every page when it is closed."""
        assert len(page.requests) > 20
        page.assert_nothing_left()
