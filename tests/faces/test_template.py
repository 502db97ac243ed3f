import numpy as np
import pytest

from faceattr.data import synthetic
from faceattr.data.sources import load_files
from faceattr.faces import template
from faceattr.faces.crop import CELEBA_CROP, open_image
from faceattr.faces.finder import FaceFinder
from faceattr.faces.similarity import square_to_unit


def test_that_of_drawn_faces_is_the_mean_of_theirs():
    faces = (synthetic.sample_parameters(1, index) for index in range(400))
    mean = np.mean([synthetic.landmarks(face) for face in faces], axis=0)
    np.testing.assert_allclose(mean, template.DRAWN, atol=0.003)


def test_that_of_celeba_is_the_mean_of_what_is_found_there(celeba_dir):
    table = load_files("celeba", celeba_dir)
    finder, points = FaceFinder(), []
    for index in range(0, len(table), len(table) // 30):
        photo = np.asarray(open_image(table.path(index)))
        height, width = photo.shape[:2]
        for face in finder.find(photo):
            frame = square_to_unit(np.array((width, height)) / 2, CELEBA_CROP.size * width)
            points.append(frame(face.points))
    eyes_and_mouth = [0, 1, 3, 4]
    assert len(points) >= 29
    np.testing.assert_allclose(
        np.mean(points, axis=0)[eyes_and_mouth],
        np.array(template.CELEBA)[eyes_and_mouth],
        atol=0.01,
    )


@pytest.mark.parametrize("points", [template.CELEBA, template.DRAWN])
def test_points_as_the_template_has_them_go_there(points):
    photo = square_to_unit(np.array((300.0, 200.0)), 170.0, 0.3).inverse()(np.array(points))
    np.testing.assert_allclose(template.to_crop(photo, points)(photo), points, atol=1e-12)


def test_a_turned_head_moves_its_nose_and_not_the_crop():
    points = np.array(template.CELEBA)
    aside = points.copy()
    aside[2, 0] += 0.2
    np.testing.assert_allclose(template.to_crop(aside, template.CELEBA)(points), points, atol=1e-12)
