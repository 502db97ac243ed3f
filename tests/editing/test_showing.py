import numpy as np
import pytest
from PIL import Image

from faceattr.editing import showing
from faceattr.editing.photo import Photo
from faceattr.errors import UserError


def test_before_and_after_stand_side_by_side():
    before, after = (Photo.of(Image.new("L", (5, 4), level)) for level in (10, 200))
    found = np.asarray(showing.side_by_side(before, after))
    assert found.shape == (4, 10, 3)
    assert (found[:, :5] == 10).all()
    assert (found[:, 5:] == 200).all()


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_an_animation_goes_from_the_photo_to_the_edit_and_back(
    make_editor, astronaut, tmp_path, monkeypatch, kind
):
    large = astronaut.crop((64, 0, 384, 320)).resize((800, 800))
    monkeypatch.setattr(showing, "_MOST_ACROSS", 320)
    editor = make_editor(0.5)
    showing.write_animation(editor.changes(large), [1.0], tmp_path / f"a.{kind}")
    edited = editor.edit(large).resize((320, 320), Image.Resampling.BOX)
    with Image.open(tmp_path / f"a.{kind}") as moving:
        assert moving.size == (320, 320)
        count = moving.n_frames
        assert moving.info["loop"] == 0
        frames = []
        for index in range(count):
            moving.seek(index)
            frames.append(np.asarray(moving.convert("RGB")).astype(int))
    assert count == 20
    first, last = np.asarray(large.resize((320, 320), Image.Resampling.BOX)), np.asarray(edited)
    tolerance = 6
    assert np.abs(frames[0] - first).mean() < tolerance
    assert np.abs(frames[10] - last).mean() < tolerance
    face = [frame[80:120, 140:190].mean() for frame in frames]
    assert all(np.diff(face[:11]) > 0)
    assert all(np.diff(face[10:]) < 0)


def test_an_animation_that_cannot_be_written_is_a_user_error(make_editor, astronaut, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"a\.gif: cannot be written"):
        showing.write_animation(
            make_editor(0.5).changes(astronaut), [1.0], tmp_path / "file" / "a.gif"
        )
