"""What a visitor does with faces and edits, in any browser: the class that takes it names it."""

from __future__ import annotations

import json
import pathlib

import numpy as np
from PIL import Image
from web.visitor import ADD, ASTRONAUT, HAT, REMOVE, by_python, levels, side_by_side

VECTORS = pathlib.Path(__file__).parents[1] / "vectors"
# Shipped edits, of the sample: one that it has already, one that it has not.
THERE, NOT_THERE = "add_smile", "make_male"


class Edits:
    def test_the_first_view_is_light(self, page):
        first = [each for each in page.requests if "/src/page/page.js" in each.url]
        assert first
        assert not [
            each.url for each in page.requests if each.url.endswith(("/litert/index.js", ".tflite"))
        ]
        sizes = [each.sizes()["responseBodySize"] for each in page.requests]
        assert 100_000 < sum(sizes) < 3e6

    def test_what_fails_to_load_is_tried_again(self, page):
        """What runs networks, a network that finds faces, and that of the edit."""
        button = ADD
        for name, sentence in (
            ("index.js", "What runs the networks could not be loaded"),
            ("litert_wasm_internal.js", "What runs the networks could not be loaded"),
            ("litert_wasm_internal.wasm", "What runs the networks could not be loaded"),
            ("face_landmark.tflite", "face_landmark.tflite could not be loaded"),
            ("add_glasses.tflite", "add_glasses.tflite could not be loaded"),
        ):
            page.context.route(f"**/{name}*", lambda route: route.abort())
            page.press(button)
            assert sentence in page.told(), name
            assert not page.is_pressed(ADD)
            page.context.unroute(f"**/{name}*")
            button = "text=Try again"
        page.press(button)
        assert page.text("#message") == ""
        assert page.is_pressed(ADD)

    def test_the_sample_is_edited_as_python_edits_it(self, page, editors, tmp_path):
        page.sample()
        page.press(ADD)
        path = page.download(tmp_path)
        assert path.name == "astronaut-add_glasses.png"
        photo = Image.open(ASTRONAUT)
        wanted = by_python(editors, photo, "add_glasses")
        assert (wanted != np.asarray(photo)).any()
        assert np.abs(levels(path) - wanted).max() <= 2

    def test_two_edits_together_each_at_its_strength(self, page, editors, tmp_path):
        page.sample()
        page.press(ADD)
        page.press(HAT)
        # Another attribute's edit stays, the way back of one takes its place.
        assert page.is_pressed(ADD)
        page.strength(60)
        page.strength(140, which=1)
        photo = Image.open(ASTRONAUT)
        names = ("add_glasses", "add_hat")
        wanted = by_python(editors, photo, *names, strength=(0.6, 1.4))
        path = page.download(tmp_path)
        assert path.name == "astronaut-add_glasses-add_hat.png"
        found = levels(path)
        assert np.abs(found - wanted).max() <= 2
        for name, strength in zip(names, (0.6, 1.4), strict=True):
            one = by_python(editors, photo, name, strength=strength)
            assert np.abs(found - one).max() > 4
        page.press(REMOVE)
        assert not page.is_pressed(ADD)
        assert page.is_pressed(HAT)
        page.press("#reset")
        assert not page.is_pressed(HAT)

    def test_the_faces_are_those_that_python_finds(self, page):
        page.sample()
        page.press("#closer")
        vectors = json.loads((VECTORS / "faces.json").read_text(encoding="utf-8"))
        (box,) = (face["box"] for face in vectors["faces"])
        (found,) = page.tab.evaluate(
            "() => [...document.querySelectorAll('.face')].map(({style}) => "
            "['left', 'top', 'width', 'height'].map((edge) => parseFloat(style[edge]) * 5.12))"
        )
        wanted = [box[0], box[1], box[2] - box[0], box[3] - box[1]]
        np.testing.assert_allclose(found, wanted, atol=0.2)

    def test_what_the_face_has_already(self, page, editors, tmp_path):
        page.sample()
        photo = Image.open(ASTRONAUT)
        page.press(f"[data-edit={THERE}]")
        assert page.text(".there span") == "Already there"
        kept = levels(page.download(tmp_path))
        page.press("text=Do it all the same")
        assert not page.tab.locator("text=Do it all the same").is_visible()
        assert page.text(".there span") == "Already there"
        made = levels(page.download(tmp_path))
        for found, always in ((kept, False), (made, True)):
            wanted = by_python(editors, photo, THERE, always=always)
            assert np.abs(found - wanted).max() <= 2
        unedited = np.asarray(photo).astype(int)
        assert np.abs(made - unedited).sum() > 4 * np.abs(kept - unedited).sum()

    def test_a_shipped_edit(self, page, editors, tmp_path):
        page.sample()
        page.press(f"[data-edit={NOT_THERE}]")
        assert not page.tab.locator(".there").is_visible()
        found = levels(page.download(tmp_path))
        wanted = by_python(editors, Image.open(ASTRONAUT), NOT_THERE)
        assert np.abs(found - wanted).max() <= 2

    def test_the_slider_edits_more_and_less(self, page):
        page.sample()
        page.press(ADD)
        unedited = page.pixels()
        page.strength(0)
        before = page.pixels()
        page.strength(200)
        after = page.pixels()
        assert (before != unedited).any()
        assert np.abs(after - before).sum() > 1.5 * np.abs(unedited - before).sum()
        assert page.text("output") == "200%"

    def test_held_it_shows_the_photo_as_it_was(self, page):
        page.sample()
        before = page.pixels()
        page.press(ADD)
        edited = page.pixels()
        compare = page.tab.locator("#compare")
        compare.hover()
        page.tab.mouse.down()
        assert (page.pixels() == before).all()
        assert page.text("#badge") == "As it was"
        page.tab.mouse.up()
        assert (page.pixels() == edited).all()
        compare.focus()
        page.tab.keyboard.down(" ")
        assert (page.pixels() == before).all()
        page.tab.keyboard.up(" ")
        assert (page.pixels() == edited).all()

    def test_split_it_shows_both(self, page):
        page.sample()
        before = page.pixels()
        page.press(ADD)
        edited = page.pixels()
        page.press("#split")
        middle = before.shape[1] // 2
        shown = page.pixels()
        assert (shown[:, :middle] == before[:, :middle]).all()
        assert (shown[:, middle:] == edited[:, middle:]).all()
        assert (shown != edited).any()
        page.tab.locator("#divide").fill("0")
        assert (page.pixels() == edited).all()
        page.tab.locator("#divide").fill("50")
        page.press("#split")
        page.tab.locator("#divide").wait_for(state="hidden")

    def test_the_heat_shows_where_it_changes(self, page):
        page.sample()
        page.press(ADD)
        page.press("#heat")
        heat = page.pixels()
        coloured = heat.max(axis=2) - heat.min(axis=2) > 20
        assert coloured.any()
        assert not coloured[-20:].any()
        page.press("#heat")
        assert (page.pixels() != heat).any()

    def test_two_faces_and_which_is_edited(self, page, editors, tmp_path):
        two = side_by_side(Image.open(ASTRONAUT))
        page.open(two)
        assert page.text("#live") == "2 faces found"
        page.press(REMOVE)
        found = levels(page.download(tmp_path))
        wanted = by_python(editors, two, "remove_glasses")
        assert np.abs(found - wanted).max() <= 2
        page.tab.locator(".face").nth(1).click(force=True)
        page.idle()
        assert "1 of 2 faces" in page.text("#who")
        found = levels(page.download(tmp_path))
        changed = (found != np.asarray(two).astype(int)).any(axis=(0, 2))
        assert changed[:512].any() != changed[512:].any()
