import dataclasses
import json

import numpy as np
import pytest
from make_vectors import ROOT, VECTORS
from PIL import Image

from faceattr.faces.face import Face, five_points, mirrored
from faceattr.faces.finder import FaceFinder, outermost

# Read off the enlarged photo: the middles of the eyes, the tip of the nose, the mouth's corners.
BY_EYE = np.array([(203, 101.5), (247, 103.5), (223.5, 127), (203, 139.5), (245, 141)])


@pytest.fixture(scope="module")
def finder():
    return FaceFinder()


@pytest.fixture(scope="module")
def astronaut():
    return Image.open(ROOT / "docs" / "photos" / "astronaut.png").convert("RGB")


def find(finder, image):
    return finder.find(np.asarray(image))


def distance(points, wanted):
    """The mean, in distances between the eyes."""
    eyes = np.linalg.norm(wanted[1] - wanted[0])
    return np.linalg.norm(points - wanted, axis=1).mean() / eyes


def test_one_face_and_its_points(finder, astronaut):
    (face,) = find(finder, astronaut)
    assert face.points.dtype == face.mesh.dtype == np.float32
    assert face.mesh.shape == (468, 3)
    assert distance(face.points, BY_EYE) < 0.05
    left, top, right, bottom = face.box
    assert 170 < left < 190
    assert 60 < top < 85
    assert 260 < right < 285
    assert 165 < bottom < 185
    assert face.score > 0.9


def test_as_the_vectors_have_it(finder, astronaut):
    wanted = json.loads((VECTORS / "faces.json").read_text())["faces"]
    found = find(finder, astronaut)
    assert len(found) == len(wanted)
    for face, vector in zip(found, wanted, strict=True):
        np.testing.assert_allclose(face.points, vector["points"], atol=0.01)
        np.testing.assert_allclose(face.box, vector["box"], atol=0.01)
        np.testing.assert_allclose(face.turn, vector["turn"], atol=0.01)


def test_five_points_and_turn_of_a_made_up_mesh():
    vector = json.loads((VECTORS / "five_points.json").read_text())
    mesh = np.array(vector["mesh"])
    face = Face.of(mesh, five_points(mesh), 1.0)
    np.testing.assert_allclose(face.points, vector["points"], rtol=1e-6)
    np.testing.assert_allclose(face.turn, vector["turn"], rtol=1e-6)


def test_a_mirrored_photo_has_the_mirrored_face(finder, astronaut):
    (face,) = find(finder, astronaut)
    (mirror_image,) = find(finder, np.asarray(astronaut)[:, ::-1])
    assert distance(mirrored(mirror_image.points, 512), face.points) < 0.03
    assert abs(mirror_image.turn.roll + face.turn.roll) < 3


@pytest.mark.parametrize("angle", [-35, 20])
def test_a_tilted_head(finder, astronaut, angle):
    (upright,) = find(finder, astronaut)
    (tilted,) = find(finder, astronaut.rotate(angle, Image.Resampling.BICUBIC))
    assert abs(tilted.turn.roll - (upright.turn.roll - angle)) < 4
    turn = np.radians(-angle)
    matrix = np.array([(np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))])
    wanted = (upright.points - 256) @ matrix.T + 256
    assert distance(tilted.points, wanted) < 0.05


@pytest.mark.parametrize("size", [2000, 256])
def test_any_size(finder, astronaut, size):
    (face,) = find(finder, astronaut)
    (resized,) = find(finder, astronaut.resize((size, size), Image.Resampling.LANCZOS))
    assert distance(resized.points * 512 / size, face.points) < 0.04


def test_several_the_largest_first(finder, astronaut):
    """Of a tenth, a fifteenth and a twentieth of the side of a wide photo."""
    scene = Image.new("RGB", (1024, 600), "grey")
    for side, place in ((256, (700, 0)), (512, (0, 0)), (340, (600, 256))):
        scene.paste(astronaut.resize((side, side), Image.Resampling.LANCZOS), place)
    faces = find(finder, scene)
    assert len(faces) == 3
    sides = [face.side for face in faces]
    assert sides == sorted(sides, reverse=True)


def test_a_face_within_another_is_none(finder, astronaut):
    (face,) = find(finder, astronaut)

    def at(*box):
        return dataclasses.replace(face, box=box)

    adult, cheek_by_cheek, eye = at(0, 0, 100, 100), at(60, 20, 140, 100), at(30, 30, 50, 50)
    assert outermost([eye, cheek_by_cheek, adult]) == [adult, cheek_by_cheek]
    assert outermost([eye]) == [eye]


def test_a_face_cut_by_the_border(finder, astronaut):
    (whole,) = find(finder, astronaut)
    (cut,) = find(finder, astronaut.crop((0, 85, 512, 512)))
    assert cut.box[1] < 0
    assert distance(cut.points + np.array((0, 85)), whole.points) < 0.1


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (64, 64)])
def test_no_face(finder, shape):
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    assert find(finder, noise) == []
