"""Rendering, region masks and landmarks."""

import dataclasses
import functools

import numpy as np
import pytest
from PIL import Image

from faceattr.data.synthetic import (
    flip,
    labels,
    landmarks,
    landmarks68,
    region_mask,
    render,
    sample_parameters,
)

# Column; the least mean change inside the mask of any face; the largest mask.
REGIONS = [
    ("Eyeglasses", 6, 0.2),
    ("Mouth_Slightly_Open", 6, 0.25),
    ("Smiling", 3, 0.3),
    ("No_Beard", 4, 0.35),
    ("Young", 8, 0.85),
    ("Male", 6, 0.85),
]
# Eyes, tip of the nose and corners of the mouth in CelebA's mean face, as the crop shows it.
TEMPLATE = np.array(
    [(0.366, 0.523), (0.625, 0.525), (0.491, 0.670), (0.378, 0.795), (0.616, 0.797)]
)


@pytest.fixture(scope="module")
def faces():
    return [sample_parameters(5, index) for index in range(50)]


@functools.cache
def drawn(face):
    """A face at 64x64, which more tests than one look at."""
    return render(face, 64)


@pytest.mark.parametrize("size", [32, 64, 100, 128, 512])
def test_render_gives_the_same_uint8_pixels_each_time(faces, size):
    image = render(faces[0], size)
    assert image.shape == (size, size, 3)
    assert image.dtype == np.uint8
    assert image.std() > 20
    assert (image == render(faces[0], size)).all()
    assert (image != render(faces[1], size)).mean() > 0.5


def test_render_refuses_other_sizes(faces):
    with pytest.raises(AssertionError, match="outside"):
        render(faces[0], 16)


@pytest.mark.parametrize("yaw", [-45.0, 0.0, 45.0])
def test_render_takes_strong_poses(faces, yaw):
    pose = dataclasses.replace(faces[0].pose, yaw=yaw, pitch=12.0, roll=-12.0)
    face = dataclasses.replace(faces[0], pose=pose)
    assert render(face, 64).std() > 20
    assert np.isfinite(landmarks68(face)).all()


def test_scene_is_the_same_at_any_size(faces):
    for face in faces[:8]:
        large = Image.fromarray(render(face, 256))
        reduced = np.asarray(large.resize((32, 32), Image.Resampling.BOX), np.float32)
        small = render(face, 32).astype(np.float32)
        assert np.abs(reduced - small).mean() < 8


@pytest.mark.parametrize(("column", "least_change", "largest_mask"), REGIONS)
def test_flip_changes_pixels_visibly_and_inside_the_mask_only(
    faces, column, least_change, largest_mask
):
    for face in faces[:25]:
        mask = region_mask(face, column, 64)
        change = np.abs(drawn(face).astype(int) - drawn(flip(face, column)))
        assert mask.dtype == bool
        assert not change[~mask].any()
        assert change[mask].mean() > least_change
        assert 0.02 < mask.mean() < largest_mask
        assert (mask == region_mask(flip(face, column), column, 64)).all()


@pytest.mark.parametrize(
    ("column", "inside", "outside"),
    [("Eyeglasses", (0, 1), (3, 4)), ("Mouth_Slightly_Open", (3, 4), (0, 1))],
)
def test_masks_lie_where_the_attribute_is(faces, column, inside, outside):
    for face in faces[:20]:
        mask = region_mask(face, column, 64)
        points = (landmarks(face) * 64).astype(int)
        assert all(mask[points[index][1], points[index][0]] for index in inside)
        assert not any(mask[points[index][1], points[index][0]] for index in outside)


def test_old_and_young_differ_enough_to_learn_and_little_enough_to_be_the_same_face(faces):
    ratios = []
    for face in faces:
        error = drawn(face).astype(float) - drawn(flip(face, "Young"))
        ratios.append(10 * np.log10(255**2 / np.mean(error**2)))
    assert 17 < np.mean(ratios) < 22


def test_greying_lightens_dark_hair(faces):
    """The middle of the crown is hair in all but bald and hatted faces."""
    checked = 0
    for face in faces:
        values = labels(face)
        if max(values["Bald"], values["Wearing_Hat"], values["Receding_Hairline"]) > 0:
            continue
        young = face if face.age.is_young else flip(face, "Young")
        x, y = landmarks(young)[:2].mean(axis=0)
        crown = np.s_[
            int(64 * (y - 0.36)) : int(64 * (y - 0.28)), int(64 * x) - 4 : int(64 * x) + 4
        ]
        lighter = drawn(flip(young, "Young"))[crown].mean() - drawn(young)[crown].mean()
        fair = labels(young)["Blond_Hair"] > 0
        assert lighter > (-5 if fair else 40)
        checked += 1
    assert checked > 30


def test_mean_landmarks_are_those_of_the_aligned_crop():
    points = np.array([landmarks(sample_parameters(8, index)) for index in range(300)])
    assert points.shape == (300, 5, 2)
    assert points.dtype == np.float32
    assert np.abs(points.mean(axis=0) - TEMPLATE).max() < 0.015
    assert np.abs(points - TEMPLATE).max() < 0.12


def test_eye_landmarks_lie_on_dark_pupils(faces):
    size = 256
    for face in faces[:20]:
        bare = flip(face, "Eyeglasses") if face.glasses.worn else face
        image = render(bare, size).mean(axis=-1)
        for x, y in landmarks(bare)[:2] * size:
            column, row = int(x), int(y)
            pupil = image[row - 1 : row + 2, column - 1 : column + 2].mean()
            # The white of the eye beside the iris.
            beside = image[row - 2 : row + 3, column - 14 : column + 15].max(axis=0)
            assert pupil < 60
            assert pupil < beside.max() - 60


def test_mouth_landmarks_follow_a_smile(faces):
    for face in faces[:20]:
        smiling = face if face.mouth.is_smiling else flip(face, "Smiling")
        moved = landmarks(smiling) - landmarks(flip(smiling, "Smiling"))
        assert not moved[:3].any()
        assert moved[3, 0] < 0 < moved[4, 0]
        assert (moved[3:, 1] < 0).all()


def test_sixty_eight_landmarks_agree_with_the_five(faces):
    for face in faces[:20]:
        five, many = landmarks(face), landmarks68(face)
        assert many.shape == (68, 2)
        assert many.dtype == np.float32
        assert many[17:].min() > 0
        assert many[17:].max() < 1
        assert np.allclose(many[[48, 54]], five[3:], atol=1e-6)
        assert np.allclose(many[30], five[2], atol=0.01)
        assert np.abs(many[36:42].mean(axis=0) - five[0]).max() < 0.02
        assert np.abs(many[42:48].mean(axis=0) - five[1]).max() < 0.02
        # From the image's left to its right along the jaw below the ears, the brows and the nose.
        for row in (many[2:15], many[17:27], many[31:36]):
            assert (np.diff(row[:, 0]) > 0).all()
        # Down the jaw to the chin, which is the lowest point, and the bridge.
        assert many[:17, 1].argmax() in (7, 8, 9)
        assert (np.diff(many[27:31, 1]) > 0).all()
        # Lids: upper above lower.
        assert (many[[37, 38, 43, 44], 1] < many[[41, 40, 47, 46], 1]).all()
        assert (many[[61, 62, 63], 1] <= many[[67, 66, 65], 1] + 1e-6).all()
