import pathlib

import numpy as np
import pytest
from PIL import Image

from faceattr.editing import gallery
from faceattr.errors import UserError

ASTRONAUT = pathlib.Path(__file__).parents[2] / "docs" / "photos" / "astronaut.png"


def test_each_edit_stands_alone_beside_the_photo(make_editor, astronaut):
    editor = make_editor(0.3, -0.3)
    picture = np.asarray(gallery.gallery(editor, astronaut, [1.0, 1.0], cell=64)).astype(int)
    # Both edits add: one row of three under their names.
    height = picture.shape[0] - 64
    assert picture.shape[1] == 3 * (64 + 4)
    photo, lighter, darker = (
        picture[height + 20 : height + 44, x + 20 : x + 44].mean() for x in (0, 68, 136)
    )
    assert lighter - photo > 10
    assert photo - darker > 10


def test_what_is_there_already_is_said(make_editor, astronaut):
    named, held = (
        np.asarray(gallery.gallery(make_editor(0.3, needed=needed), astronaut, [1.0], cell=96))
        for needed in (0.9, 0.1)
    )
    assert (named[:12] != held[:12]).any()
    assert (named[20:] == held[20:]).all()


def test_a_row_for_each_direction_is_written(tiny_bundles, tmp_path, capsys):
    out = tmp_path / "all.png"
    flags = ["--bundles", str(tiny_bundles), "--edit", "add_glasses", "--edit", "remove_glasses"]
    gallery.main([str(ASTRONAUT), *flags, "--cell", "40", "-o", str(out)])
    assert capsys.readouterr().out == f"{out}\n"
    with Image.open(out) as picture:
        assert picture.width == 2 * 44
        assert picture.height > 80


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--cell", "8"], r"cell 8: must be from 32 to 1024"),
        (["-o", "all.jpg"], r"output all\.jpg: must end in \.png"),
        (["--edit", "no_such"], r"edit no_such: no such bundle"),
        (["--edit", "add_glasses", "-o", "no/such/all.png"], r"all\.png: cannot be written"),
    ],
)
def test_what_cannot_be_used_is_named(tiny_bundles, tmp_path, monkeypatch, flags, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=message):
        gallery.main([str(ASTRONAUT), "--bundles", str(tiny_bundles), *flags])
    assert not list(tmp_path.iterdir())


def test_a_photo_without_a_face_is_refused(tiny_bundles, tmp_path):
    path = tmp_path / "grey.png"
    Image.new("RGB", (200, 200), "grey").save(path)
    with pytest.raises(UserError, match="no face was found"):
        gallery.main([str(path), "--bundles", str(tiny_bundles), "--edit", "add_glasses"])
