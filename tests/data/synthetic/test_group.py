"""Photos with several drawn people, and where their faces' points are."""

import numpy as np
import pytest

from faceattr.data.synthetic import group_scene


@pytest.fixture(scope="module")
def scene():
    return group_scene(3, 0, (0.2, 0.12, 0.07), width=320, height=240)


def test_a_scene_is_a_function_of_its_seed(scene):
    again = group_scene(3, 0, (0.2, 0.12, 0.07), width=320, height=240)
    other = group_scene(3, 1, (0.2, 0.12, 0.07), width=320, height=240)
    assert scene.photo.shape == (240, 320, 3)
    assert scene.photo.dtype == np.uint8
    assert (scene.photo == again.photo).all()
    assert (scene.points == again.points).all()
    assert (scene.photo != other.photo).any(axis=-1).mean() > 0.5


def test_faces_have_the_sizes_asked_for(scene):
    assert scene.sides == pytest.approx([64, 38.4, 22.4])
    eyes = np.hypot(*(scene.points[:, 1] - scene.points[:, 0]).T)
    # Eyes are 0.26 of a crop apart, a face is 0.63 of it long; turned heads have theirs nearer.
    assert (eyes / scene.sides > 0.3).all()
    assert (eyes / scene.sides < 0.47).all()


@pytest.mark.parametrize("index", range(3))
def test_heads_are_tilted_as_their_points_are(index):
    scene = group_scene(4, index, (0.3,), width=320, height=240, most_roll=30)
    (face,), (points,) = scene.faces, scene.points
    assert abs(face.pose.roll) <= 30
    across, down = points[1] - points[0]
    drawn = np.degrees(np.arctan2(down, across))
    # A turned and nodding head adds a little of its own.
    assert drawn == pytest.approx(face.pose.roll, abs=3)


@pytest.mark.parametrize("size", [0.12, 0.3])
def test_points_lie_where_they_are_drawn(size):
    """Pupils are the darkest of the eyes' surroundings, where no glasses are worn."""
    seen = 0
    for index in range(7):
        scene = group_scene(5, index, (size,), width=320, height=240)
        if scene.faces[0].glasses.worn:
            continue
        seen += 1
        dark = 255 - scene.photo.min(axis=-1).astype(float)
        reach = max(2, round(0.05 * scene.sides[0]))
        for x, y in scene.points[0, :2].round().astype(int):
            around = dark[y - 3 * reach : y + 3 * reach + 1, x - 3 * reach : x + 3 * reach + 1]
            at = dark[y - reach : y + reach + 1, x - reach : x + reach + 1]
            assert at.max() > np.percentile(around, 90)
    assert seen > 2


def test_no_face_is_hidden_or_cut():
    scene = group_scene(6, 0, (0.2, 0.2, 0.15, 0.15, 0.1, 0.1, 0.1), width=320, height=240)
    inside = (scene.points > 0) & (scene.points < (320, 240))
    assert inside.all()
    middles = scene.points.mean(axis=1)
    for one in range(len(middles)):
        for other in range(one):
            apart = np.abs(middles[one] - middles[other]).max()
            assert apart > 0.5 * (scene.sides[one] + scene.sides[other])


def test_too_many_faces_are_refused():
    with pytest.raises(ValueError, match="no place for 12 such faces in 320x240"):
        group_scene(0, 0, (0.4,) * 12, width=320, height=240)


def test_a_scene_may_have_nobody_in_it():
    scene = group_scene(0, 0, (), width=64, height=48)
    assert scene.photo.shape == (48, 64, 3)
    assert scene.points.shape == (0, 5, 2)
