import numpy as np
import pytest

from faceattr.data import synthetic
from faceattr.evaluation.measures.regions import (
    in_crop,
    landmark_masks,
    mean_landmarks,
    synthetic_masks,
)
from faceattr.faces.crop import CropGeometry

# Pixels of a 100x100 crop of the aligned frame: the eyes, the mouth, the chin.
EYE, MOUTH, CHIN, CORNER = (52, 37), (79, 50), (96, 50), (2, 2)


def test_landmarks_move_with_the_crop():
    # An image of 200x100 whose crop is its right half: 100 pixels from x = 100 on.
    crop = CropGeometry(size=0.5, center_x=0.75)
    located = in_crop(np.array([[[0.75, 0.5], [0.5, 0.0]]]), crop, 200, 100)
    assert located[0] == pytest.approx(np.array([[0.5, 0.5], [0.0, 0.0]]))


def test_the_mean_face_has_its_eyes_where_celeba_has_them():
    left, right, nose, *_ = mean_landmarks()
    # (69, 112) and (108, 112) of 178x218, in the centre 148.
    assert left == pytest.approx(((69.2 - 15) / 148, (112.4 - 35) / 148))
    assert left[0] < nose[0] < right[0]


@pytest.mark.parametrize(
    ("column", "inside", "outside"),
    [
        ("Eyeglasses", [EYE], [MOUTH, CHIN, CORNER]),
        ("Smiling", [MOUTH], [EYE, CORNER]),
        ("Mouth_Slightly_Open", [MOUTH], [EYE, CORNER]),
        ("No_Beard", [MOUTH, CHIN], [EYE, CORNER]),
        ("Young", [EYE, MOUTH, CHIN], [CORNER]),
    ],
)
def test_each_attribute_has_its_part_of_the_face(column, inside, outside):
    mask = landmark_masks(column, mean_landmarks()[None], 100)[0]
    assert [mask[place] for place in inside] == [True] * len(inside)
    assert [mask[place] for place in outside] == [False] * len(outside)


def test_the_box_follows_the_face_and_unknown_faces_get_the_mean():
    mean = mean_landmarks()
    moved = mean + np.array([0.1, 0.05])
    unknown = np.full((5, 2), np.nan)
    masks = landmark_masks("Smiling", np.stack([mean, moved, unknown]), 100)
    assert np.array_equal(masks[1][5:, 10:], masks[0][:-5, :-10])
    assert np.array_equal(masks[2], masks[0])


# A drawn smile reaches the eyes, and an opened mouth lowers the whole jaw.
@pytest.mark.parametrize(
    ("column", "least"),
    [("Eyeglasses", 0.95), ("No_Beard", 0.8), ("Mouth_Slightly_Open", 0.6), ("Smiling", 0.5)],
)
def test_the_boxes_hold_what_truly_changes_on_drawn_faces(column, least):
    faces = [synthetic.sample_parameters(3, index) for index in range(12)]
    truth = synthetic_masks(faces, column, 64)
    boxes = landmark_masks(column, np.stack([synthetic.landmarks(f) for f in faces]), 64)
    assert truth.shape == boxes.shape == (12, 64, 64)
    held = (truth & boxes).sum() / truth.sum()
    assert held > least
    assert held / boxes.mean() > 3, "a box is not to hold it by being large"
