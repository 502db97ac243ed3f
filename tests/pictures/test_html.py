import numpy as np

from faceattr.pictures.html import face, folded, page, style, table, text


def test_a_page_is_whole_and_its_title_is_escaped():
    found = page("a < b", "p{}", ["<p>one</p>", "", "<p>two</p>"], script="go()")

    assert found.startswith("<!DOCTYPE html>\n")
    assert "<title>a &lt; b</title>\n<style>p{}</style>" in found
    assert "<p>one</p>\n<p>two</p>\n<script>go()</script>\n</body>" in found
    assert "<script" not in page("", "", [])


def test_text_cannot_break_out_of_its_place():
    hostile = "<i>\"'&"
    for markup in (folded(hostile, ""), table([hostile], [["1"]]), face(_face(), hostile)):
        assert hostile not in markup
        assert text(hostile) in markup


def test_a_picture_is_within_the_page():
    assert 'src="data:image/jpeg;base64,' in face(_face(), "a face")


def test_the_style_needs_nothing_from_elsewhere():
    assert "url(" not in style()
    assert "--page" in style()


def _face():
    return np.zeros((8, 8, 3), np.uint8)
