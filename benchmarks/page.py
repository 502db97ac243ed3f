"""How light and how fast the page is in a browser, and what it looks like.

    python benchmarks/page.py speed --json page.json
    python benchmarks/page.py speed --sizes 64 --browser firefox
    python benchmarks/page.py pictures --out docs/images

`speed`: networks have the paper's layers and drawn weights: what they compute takes as long as what
trained ones do. For each size a browser opens the page from a server of this machine. `first view`
is what it has fetched before anybody does anything, `first edit` the time from pressing the first
button to the edited picture, with all that is fetched and started for it; `next photo` the time
from pressing it on a photo whose faces are known, which is when the network runs; `slider` the time
from moving a slider to the picture, of two photos: the sample and a JPEG of 24 megapixels.
Medians, for the slider of 40 moves, and the slowest of 20.

`pictures`: the shipped edits in light, what changes in the dark, and a phone.
"""

import argparse
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
from typing import Any

from editing import ASTRONAUT, ROOT, large_photo
from inference import drawn_network
from reports import hand_over, machine

from faceattr import command_line
from faceattr.bundles.manifest import Manifest
from faceattr.edits import Edit
from faceattr.errors import UserError
from faceattr.faces.crop import ALIGNED_CROP

SIZES = (64, 128)
PHOTOS = ("sample", "24 megapixels")
BROWSERS = {"chromium": ("chromium", "google-chrome"), "firefox": ("firefox-esr", "firefox")}
BUTTON = "[data-edit=add_glasses]"
PICTURED = ("close_mouth", "add_beard")
SETTLED = (
    "document.querySelector('#busy').hidden && !document.querySelector('[aria-busy]') && "
    f"document.querySelector('{BUTTON}').getAttribute('aria-pressed') === 'true'"
)
# Each gives milliseconds.
PRESS = f"""async () => {{
  const began = performance.now();
  document.querySelector('{BUTTON}').click();
  do await new Promise(requestAnimationFrame);
  while (!({SETTLED}));
  await new Promise(requestAnimationFrame);
  return performance.getEntriesByName('drawn').at(-1).startTime - began;
}}"""
SLIDE = """async (moves) => {
  const slider = document.querySelector('#edits input[type=range]');
  const found = [];
  for (let move = 0; move < moves; move += 1) {
    slider.value = (move * 37) % 200;
    const began = performance.now();
    slider.dispatchEvent(new Event('input'));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    found.push(performance.getEntriesByName('drawn').at(-1).startTime - began);
  }
  return found;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("speed", "pictures"))
    parser.add_argument("--browser", choices=BROWSERS, default="chromium")
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES))
    parser.add_argument("--rounds", type=int, default=5, help="of presses")
    parser.add_argument("--json", help="writes the numbers there as well")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("docs/images"))
    options = parser.parse_args()
    if options.what == "pictures":
        with tempfile.TemporaryDirectory() as scratch:
            in_browser(options.browser, pathlib.Path(scratch), pictures, options.out)
        return
    command_line.import_tensorflow_quietly()
    rows = []
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as scratch:
            bundles = pathlib.Path(scratch)
            with command_line.quiet_native_code():
                drawn_bundle(bundles, size)
            rows.append(
                {"size": size, **in_browser(options.browser, bundles, speed, options.rounds)}
            )
    print(table(rows))
    hand_over({"machine": machine(), "rows": rows}, options.json, prints=False)


def drawn_bundle(bundles: pathlib.Path, size: int) -> None:
    """`add_glasses` with the paper's layers and drawn weights."""
    from faceattr.exporting.forms import write_tflite
    from faceattr.exporting.tflite_metadata import About
    from faceattr.exporting.traced import Traced

    edit = Edit("add_glasses", "Eyeglasses", True)
    manifest = Manifest(edit, "glasses", size, ALIGNED_CROP, {}, {}, {}, {}, {}, {})
    folder = bundles / edit.name
    folder.mkdir()
    about = About("speed", "drawn weights", "Apache-2.0", "0", size)
    write_tflite(folder / manifest.tflite_name, Traced(drawn_network("paper", size), size), about)
    manifest.write(folder)


def in_browser(kind: str, bundles: pathlib.Path, use: Any, argument: Any) -> Any:
    """`use(browser, url, argument)` with the page on a server of this machine."""
    from playwright.sync_api import sync_playwright

    program = next((path for name in BROWSERS[kind] if (path := shutil.which(name))), None)
    if program is None:
        raise UserError(f"--browser {kind}: not installed (as root: make browsers)")
    # In a process of its own, which takes no time from the browser's driver.
    command = [sys.executable, "-m", "serving.page", "--port", "0", "--bundles", str(bundles)]
    with (
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server,
        sync_playwright() as playwright,
    ):
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        if kind == "chromium":
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        else:
            browser = playwright.firefox.launch(executable_path=program, channel="moz-firefox")
        try:
            return use(browser, url, argument)
        finally:
            browser.close()
            server.terminate()


def opened(browser: Any, url: str, **context: Any) -> Any:
    """The page in a new tab."""
    tab = browser.new_page(**context)
    tab.set_default_timeout(120_000)
    tab.goto(url)
    tab.wait_for_selector(f"{BUTTON}:enabled")
    return tab


def give(tab: Any, content: bytes, name: str) -> None:
    """Opens a photo, and waits until its faces are found."""
    tab.evaluate("document.querySelector('#live').textContent = ''")
    file = {"name": name, "mimeType": "image/png", "buffer": content}
    tab.set_input_files("#file", [file])
    tab.wait_for_function("() => document.querySelector('#live').textContent")
    tab.wait_for_function("() => document.querySelector('#busy').hidden")


def _photos() -> list[bytes]:
    with tempfile.TemporaryDirectory() as scratch:
        large = pathlib.Path(scratch) / "large.jpg"
        large_photo(large)
        return [ASTRONAUT.read_bytes(), large.read_bytes()]


def speed(browser: Any, url: str, rounds: int) -> dict[str, Any]:
    requests: list[Any] = []
    # A service worker fetches the same files once more, for later.
    desk = {"width": 1280, "height": 860}
    context = browser.new_context(viewport=desk, service_workers="block")
    context.on("requestfinished", lambda request: requests.append(request))
    tab = context.new_page()
    tab.set_default_timeout(120_000)
    tab.goto(url, wait_until="networkidle")
    tab.wait_for_selector(f"{BUTTON}:enabled")
    sizes = [request.sizes()["responseBodySize"] for request in requests]
    found: dict[str, Any] = {"first view": sum(sizes) / 1e6}
    found["first edit"] = tab.evaluate(PRESS)
    for name, photo in zip(PHOTOS, _photos(), strict=True):
        presses = []
        for _ in range(rounds):
            give(tab, photo, name)
            presses.append(tab.evaluate(PRESS))
        moves = sorted(tab.evaluate(SLIDE, 40))
        found[name] = {
            "next photo": statistics.median(presses),
            "slider": statistics.median(moves),
            "slowest slider": moves[-2],
        }
    return found


def table(rows: list[dict[str, Any]]) -> str:
    """As Markdown."""
    lines = [
        "| network | first view, MB | first edit, ms | photo | press to picture, ms "
        "| slider to picture, ms | slowest of 20, ms |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        for name in PHOTOS:
            of = row[name]
            lines.append(
                f"| {row['size']}x{row['size']} | {row['first view']:.2f} "
                f"| {row['first edit']:.0f} | {name} | {of['next photo']:.0f} "
                f"| {of['slider']:.0f} | {of['slowest slider']:.0f} |"
            )
    return "\n".join(lines)


def pictures(browser: Any, url: str, out: pathlib.Path) -> None:
    """Writes `page-light.jpg`, `page-dark.jpg` and `page-phone.jpg`, of edits that are shipped."""
    desk = {"viewport": {"width": 1280, "height": 860}}
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    for name, context, buttons in (
        ("light", desk, ("#split",)),
        ("dark", {**desk, "color_scheme": "dark"}, ("#heat",)),
        ("phone", {**phone, "device_scale_factor": 2}, ("#split",)),
    ):
        tab = opened(browser, url, **context)
        for button in (*(f"[data-edit={edit}]" for edit in PICTURED), *buttons):
            tab.click(button)
            tab.wait_for_function(
                "() => document.querySelector('#busy').hidden && "
                "!document.querySelector('[aria-busy]')"
            )
        tab.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
        tab.mouse.move(0, 0)
        tab.wait_for_timeout(500)
        tab.screenshot(path=out / f"page-{name}.jpg", type="jpeg", quality=88)
        tab.close()


if __name__ == "__main__":
    command_line.run("page.py", main)
