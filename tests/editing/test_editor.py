"""The editor with networks that are known functions; test_exported.py has real ones."""

import contextlib

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from PIL import Image

from faceattr.editing.changes import Change, Changes, FaceChange, chosen
from faceattr.editing.face_crop import FaceCrop
from faceattr.editing.photo import Photo
from faceattr.errors import UserError
from faceattr.faces.crop import CELEBA_CROP, LFW_CROP, WHOLE_IMAGE, CropGeometry
from faceattr.faces.face import Face, Turn
from faceattr.faces.similarity import square_to_unit

RNG = np.random.default_rng(0)
NOISE = Image.fromarray(RNG.integers(0, 256, (160, 200, 3), np.uint8))
STRENGTHS = st.floats(-1, 2)


def array(photo):
    return np.asarray(photo if isinstance(photo, Image.Image) else photo.image).astype(int)


def changed(before, after):
    difference = array(before) != array(after)
    return difference if difference.ndim == 2 else difference.any(axis=-1)


def one_change(photo, crop, residual, face=None):
    return Changes(photo, (FaceChange(face, (change(crop, residual),)),))


def change(crop, residual):
    residual = np.float32(residual)
    return Change(crop, np.zeros(residual.shape[:2], np.float32), residual)


def flat(value, size=8):
    return np.full((size, size, 3), value, np.float32)


def pasted(astronaut, centres, size=(900, 700), side=200):
    """A scene with the astronaut's face at several places."""
    scene = Image.new("RGB", size, (90, 120, 140))
    face = astronaut.crop((125, 20, 325, 220)).resize((side, side))
    for x, y in centres:
        scene.paste(face, (x - side // 2, y - side // 2))
    return scene


def test_the_face_is_edited_and_all_far_from_it_is_bit_identical(make_editor, astronaut):
    editor = make_editor(0.3)
    where = changed(astronaut, editor.edit(astronaut))
    rows, columns = np.nonzero(where)
    # Eyes at (203, 102) and (247, 104), the mouth at 140: the crop is some 170 pixels wide.
    assert where[100:145, 200:250].all()
    assert 100 < columns.min() < 170
    assert 280 < columns.max() < 340
    assert 0 <= rows.min() < 60
    assert 160 < rows.max() < 230


def test_the_network_sees_the_aligned_face(make_editor, astronaut):
    """The eyes, which are dark, lie level and where the crop's template has them."""
    turned = astronaut.rotate(20, Image.Resampling.BICUBIC, center=(225, 110))
    editor = make_editor(0.0)
    for photo in (astronaut, turned):
        editor.edit(photo)
    straight, rolled = (np.round((image + 1) * 127.5) for image in editor.networks[0].seen)
    assert np.abs(straight - rolled).mean() < 10
    assert np.abs(straight - straight[:, ::-1]).mean() > 15, "the picture is not symmetric"


def test_a_turned_face_gets_its_residual_turned(make_editor, astronaut):
    """A bar over the crop's upper half follows the head."""
    bar = np.zeros((64, 64, 3), np.float32)
    bar[32:36, 12:52] = 1
    turned = astronaut.rotate(-25, Image.Resampling.BICUBIC, center=(225, 110))
    editor = make_editor(bar)
    rows, columns = np.nonzero(changed(turned, editor.edit(turned)))
    slope = np.polyfit(columns, rows, 1)[0]
    assert 20 < np.degrees(np.arctan(slope)) < 35


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "CMYK", "I;16"])
def test_strength_zero_is_the_very_photo_in_every_mode(make_editor, astronaut, mode):
    photo = astronaut
    if mode == "I;16":
        photo = Image.fromarray(np.asarray(photo.convert("L")).astype(np.uint16) * 257)
    elif mode in ("RGBA", "LA"):
        photo = photo.convert(mode)
        photo.putalpha(Image.linear_gradient("L").resize(photo.size).point(lambda x: 128 + x // 2))
    else:
        photo = photo.convert(mode)
    editor = make_editor(0.5)
    same = editor.edit(photo, 0.0)
    assert same.mode == photo.mode
    assert not changed(photo, same).any()
    edited = editor.edit(photo)
    assert edited.mode == photo.mode
    where = changed(photo, edited)
    assert where[110, 225]
    assert not where[300:].any()
    if mode in ("RGBA", "LA"):
        np.testing.assert_array_equal(array(edited)[..., -1], array(photo)[..., -1])


def test_a_photo_that_lies_on_its_side_is_edited_upright_and_given_back_as_it_lay(
    make_editor, astronaut
):
    lying = astronaut.transpose(Image.Transpose.ROTATE_90)
    lying.getexif()[0x0112] = 6
    lying.info["exif"] = lying.getexif().tobytes()
    editor = make_editor(0.3)
    edited = editor.edit(lying)
    wanted = editor.edit(astronaut).transpose(Image.Transpose.ROTATE_90)
    np.testing.assert_array_equal(array(edited), array(wanted))
    assert edited.getexif()[0x0112] == 6


@hypothesis.settings(max_examples=20)
@hypothesis.given(STRENGTHS, STRENGTHS)
def test_several_edits_add_up_and_are_clipped_once(make_editor, first, second):
    residuals = RNG.uniform(-1, 1, (2, 64, 64, 3)).astype(np.float32)
    picture = Image.fromarray(RNG.integers(0, 256, (64, 64, 3), np.uint8))
    editor = make_editor(*residuals)
    found = array(editor.edit(picture, [first, second], crop=WHOLE_IMAGE))
    exact = array(picture) + 127.5 * (first * residuals[0] + second * residuals[1])
    assert np.abs(found - np.clip(exact, 0, 255)).max() <= 0.51
    assert [len(network.seen) for network in editor.networks] == [1, 1]
    np.testing.assert_array_equal(editor.networks[0].seen, editor.networks[1].seen)


@hypothesis.given(
    st.one_of(st.floats().filter(lambda value: not -1 <= value <= 2), st.text(max_size=3))
)
def test_a_strength_out_of_its_range_is_refused(make_editor, strength):
    # A text is a strength too where it is a number, such as "0.".
    with contextlib.suppress(ValueError):
        hypothesis.assume(not -1 <= float(strength) <= 2)
    editor = make_editor(0.1, 0.2)
    for given in (strength, [0.5, strength]):
        with pytest.raises(UserError, match="must be a number from -1 to 2"):
            editor.edit(NOISE, given)
    with pytest.raises(UserError, match="3 numbers for 2 edits"):
        editor.edit(NOISE, [1, 1, 1])


@hypothesis.settings(max_examples=40)
@hypothesis.given(
    st.tuples(st.floats(-40, 240), st.floats(-40, 200)),
    st.floats(6, 300),
    st.floats(-3.2, 3.2),
    st.sampled_from(["RGB", "L", "CMYK"]),
)
def test_wherever_the_face_lies_nothing_outside_its_square_is_touched(centre, side, angle, mode):
    """Cut by the border, outside of the photo, tiny, larger than the photo, upside down."""
    photo = Photo.of(NOISE.convert(mode))
    crop = FaceCrop(square_to_unit(np.array(centre), side, angle))
    found = one_change(photo, crop, flat(0.9)).at([1.0])
    where = changed(photo, found)
    y, x = np.mgrid[:160, :200] + 0.5
    unit = crop.to_unit(np.stack((x, y), axis=-1))
    inside = ((unit > 0) & (unit < 1)).all(axis=-1)
    assert not (where & ~inside).any()
    deep = ((unit > 0.3) & (unit < 0.7)).all(axis=-1)
    dull = (array(photo).reshape(160, 200, -1)[..., 0] > 20) & (
        array(photo).reshape(160, 200, -1)[..., 0] < 200
    )
    assert where[deep & dull].all()
    assert not changed(photo, one_change(photo, crop, flat(0.9)).at([0.0])).any()


def test_no_square_is_seen_around_the_face():
    """The residual fades: no step from one pixel to the next is a large one."""
    photo = Photo.of(Image.new("RGB", (300, 300), (100, 100, 100)))
    crop = FaceCrop(square_to_unit(np.array((150, 150)), 200, 0.3))
    found = array(one_change(photo, crop, flat(0.5)).at([1.0]))[..., 0]
    assert found[150, 150] == 100 + round(0.5 * 127.5)
    assert max(np.abs(np.diff(found, axis=axis)).max() for axis in (0, 1)) <= 8


def test_where_faces_overlap_they_are_not_edited_twice():
    photo = Photo.of(Image.new("RGB", (200, 100), (100, 100, 100)))
    crops = [FaceCrop(square_to_unit(np.array((x, 50)), 80, 0.0)) for x in (70, 110)]
    faces = [FaceChange(None, (change(crop, flat(0.4)),)) for crop in crops]
    both = array(Changes(photo, tuple(faces)).at([1.0]))
    alone = [array(Changes(photo, (face,)).at([1.0])) for face in faces]
    assert both.max() == 151
    np.testing.assert_array_equal(both[:, :70], alone[0][:, :70])
    np.testing.assert_array_equal(both[:, 110:], alone[1][:, 110:])
    assert (both >= np.maximum(*alone)).all()
    opposite = (faces[0], FaceChange(None, (change(crops[1], flat(-0.4)),)))
    assert array(Changes(photo, opposite).at([1.0]))[50, 90].tolist() == [100] * 3


def test_a_small_face_gets_the_means_of_a_fine_residual():
    """Stripes of one pixel of the network are grey in a face of an eighth of its size."""
    photo = Photo.of(Image.new("RGB", (40, 40), (100, 100, 100)))
    stripes = np.zeros((64, 64, 3), np.float32)
    stripes[::2] = 0.8
    crop = FaceCrop(square_to_unit(np.array((20, 20)), 8, 0.0))
    found = array(one_change(photo, crop, stripes).at([1.0]))
    assert abs(found[20, 20, 0] - (100 + 0.4 * 127.5)) <= 2


@pytest.mark.parametrize("crop", [CELEBA_CROP, LFW_CROP])
def test_in_an_aligned_picture_no_face_is_looked_for(make_editor, crop):
    image = NOISE.resize((178, 218))
    editor = make_editor(0.5)
    editor.__dict__["_finder"] = None
    assert not changed(image, editor.edit(image, 0.0, crop=crop)).any()
    where = changed(image, editor.edit(image, crop=crop))
    left, top, right, bottom = crop.box(178, 218)
    assert where[top:bottom, left:right].any()
    where[top:bottom, left:right] = False
    assert not where.any()


def test_a_picture_that_is_no_square_crop_says_what_to_do(make_editor):
    with pytest.raises(UserError, match=r"200x160.*crop celeba"):
        make_editor(0.5).edit(NOISE, crop=WHOLE_IMAGE)


def test_faces_cannot_be_found_for_crops_that_are_aligned_nobody_knows_how(make_editor):
    with pytest.raises(UserError, match=r"edit_0 was trained .*crop none"):
        make_editor(0.5, crop=CropGeometry(1.0)).edit(NOISE)


def test_no_face_says_what_to_do(make_editor):
    for picture in (Image.new("RGB", (300, 200), "grey"), Image.new("L", (1, 1))):
        with pytest.raises(UserError, match=r"no face was found; .*crop none"):
            make_editor(0.5).edit(picture)


def test_all_faces_one_or_that_in_a_box_are_edited(make_editor, astronaut):
    scene = pasted(astronaut, [(150, 150), (450, 350), (750, 550)])
    editor = make_editor(0.5)

    def edited(face):
        where = changed(scene, editor.edit(scene, face=face))
        return {
            place for place in ((150, 150), (450, 350), (750, 550)) if where[place[1], place[0]]
        }

    faces = editor.find(scene)
    assert len(faces) == 3
    assert len(edited("all")) == 3
    assert edited("largest") == edited(1) != edited(3)
    assert edited((400, 300, 500, 400)) == {(450, 350)}
    changes = editor.changes(scene, face=3)
    assert [changes.number(face) for face in changes.faces] == [3]
    assert len(changes.found) == 3
    with pytest.raises(UserError, match=r"face 4: there is no such face \(3 found"):
        editor.edit(scene, face=4)
    with pytest.raises(UserError, match="no face has its middle in this box"):
        editor.edit(scene, face=(0, 0, 5, 5))


@hypothesis.given(
    st.one_of(
        st.text(), st.integers(), st.booleans(), st.lists(st.floats(allow_nan=True), max_size=6)
    )
)
def test_which_face_is_a_choice_or_a_user_error(which):
    faces = [Face((0, 0, 10, 10), np.zeros((5, 2)), np.zeros((468, 3)), 1.0, Turn(0, 0, 0))] * 3
    if which in ("all", "largest") or (which in (1, 2, 3) and which is not True):
        assert 1 <= len(chosen(faces, which)) <= 3
    elif isinstance(which, list) and len(which) == 4:
        left, top, right, bottom = which
        if left <= 5 < right and top <= 5 < bottom:
            assert chosen(faces, which) == faces[:1]
    else:
        with pytest.raises(UserError, match=r"^face "):
            chosen(faces, which)


def test_forty_faces_are_all_edited(make_editor, astronaut):
    places = [(60 + 120 * column, 60 + 120 * row) for row in range(5) for column in range(8)]
    scene = pasted(astronaut, places, (960, 600), 110)
    editor = make_editor(0.5)
    changes = editor.changes(scene)
    assert len(changes.faces) == 40
    where = changed(scene, changes.at([1.0]))
    assert all(where[y, x] for x, y in places)


def test_a_face_that_the_border_cuts_is_edited(make_editor, astronaut):
    cut = astronaut.crop((210, 0, 512, 512))
    where = changed(cut, make_editor(0.5).edit(cut))
    light = (array(cut) == 255).all(axis=-1)
    assert (where | light)[60:150, 0:40].all()


def test_a_head_that_is_turned_far_is_told_of():
    def warnings(*turn):
        face = Face((0, 0, 9, 9), np.zeros((5, 2)), np.zeros((468, 3)), 1.0, Turn(*turn))
        return FaceChange(face, ()).warnings()

    assert warnings(30, -30, 170) == []
    assert warnings(-70, 0, 0) == ["is turned by 70 degrees; look whether the edit fits"]
    assert warnings(0, 60, 0) == ["is turned by 60 degrees; look whether the edit fits"]


def test_a_large_photo_is_searched_small_and_edited_at_its_own_size(make_editor, astronaut):
    large = astronaut.resize((2560, 2560), Image.Resampling.BICUBIC)
    editor = make_editor(0.5)
    (small,), (face,) = editor.find(astronaut), editor.find(large)
    np.testing.assert_allclose(face.points / 5, small.points, atol=1.5)
    assert changed(large, editor.edit(large))[5 * 110, 5 * 225]


def test_what_a_network_says_of_the_need_comes_with_the_change(make_editor, astronaut):
    (face,) = make_editor(0.5, needed=0.25).changes(astronaut).faces
    assert [change.needed for change in face.changes] == [0.25]
    (face,) = make_editor(0.5).changes(astronaut).faces
    assert [change.needed for change in face.changes] == [None]


def test_an_edit_that_is_always_made_is_made_whole(make_editor, astronaut):
    bar = np.zeros((64, 64, 3), np.float32)
    bar[32:36, 12:52] = 0.4
    whole = make_editor(bar)
    held_back = make_editor(0.02 * bar, needed=0.02)
    wanted = array(whole.edit(astronaut))
    np.testing.assert_array_equal(array(held_back.edit(astronaut, always=True)), wanted)
    assert np.abs(array(held_back.edit(astronaut)) - array(astronaut)).max() <= 1
    # Those that do not look make it always.
    np.testing.assert_array_equal(array(whole.edit(astronaut, always=True)), wanted)
    (face,) = held_back.changes(astronaut, always=True).faces
    assert face.changes[0].needed == 0.02
    assert face.changes[0].is_there_already


def test_an_edit_of_which_nothing_is_left_stays_nothing(make_editor, astronaut):
    editor = make_editor(0.0, needed=0.0)
    assert not changed(astronaut, editor.edit(astronaut, always=True)).any()


@pytest.mark.parametrize(("needed", "there"), [(None, False), (0.2, False), (0.19, True)])
def test_what_is_hardly_needed_is_there_already(needed, there):
    crop = FaceCrop(square_to_unit(np.array((20, 20)), 8, 0.0))
    of = Change(crop, np.zeros((8, 8), np.float32), flat(0.1), needed)
    assert of.is_there_already is there
