import numpy as np
import pytest

from faceattr.evaluation.measures.regions import hair_masks, landmark_masks, mean_landmarks
from faceattr.evaluation.measures.side_effect import side_effect

SIZE = 64
NOWHERE = np.full((1, 5, 2), np.nan)
HAIR = hair_masks(NOWHERE, SIZE)[0]
BEARD = landmark_masks("No_Beard", NOWHERE, SIZE)[0]


@pytest.fixture
def women():
    return np.random.default_rng(0).integers(60, 120, (12, SIZE, SIZE, 3), np.uint8)


def male(images):
    """A judge for whom a man is who has little hair, that is, dark pixels there."""
    return images[:, HAIR].mean(axis=(1, 2)) / 255


def no_beard(images):
    return images[:, BEARD].mean(axis=(1, 2)) / 255 + 0.3


def darkens(part, levels):
    def edit(images):
        residual = np.zeros(images.shape, np.float32)
        residual[:, part] = levels / 127.5
        return residual

    return edit


def test_a_beard_alone_leaves_a_woman_a_woman(women):
    only = BEARD & ~HAIR
    found = side_effect(darkens(only, -40), women, male, no_beard, "No_Beard").summary(0)
    assert found.change.value == 0
    assert found.classed_after.value == found.classed_before.value == 0
    assert found.target_before.value == 1
    assert found.target_after.value == 0
    assert found.hair.value == found.hair_over_region.value == 0
    assert found.region.value > 0.2
    assert found.region.count == 12


def test_an_edit_that_shortens_hair_is_seen(women):
    found = side_effect(darkens(HAIR, 80), women, male, no_beard, "No_Beard").summary(0)
    assert found.change.value == pytest.approx(80 / 255, abs=1e-3)
    assert found.classed_after.value == 1
    assert found.hair.value == pytest.approx(80 / 127.5, rel=1e-4)
    both = side_effect(darkens(HAIR | BEARD, 80), women, male, no_beard, "No_Beard").summary(0)
    assert both.hair_over_region.value == pytest.approx(1, abs=0.01)


def test_an_edit_that_does_nothing_has_no_ratio(women):
    found = side_effect(darkens(HAIR, 0), women, male, no_beard, "No_Beard").summary(0)
    assert found.hair.value == 0
    assert np.isnan(found.hair_over_region.value)


def test_hair_is_above_the_brows_and_beside_the_cheeks():
    # Of a 64x64 crop: rows of the eyes 33, of the mouth 51.
    for place in ((2, 32), (15, 32), (33, 2), (50, 61)):
        assert HAIR[place], place
    for place in ((33, 23), (51, 32), (60, 32), (40, 45)):
        assert not HAIR[place], place
    assert not (HAIR & landmark_masks("Smiling", NOWHERE, SIZE)[0]).any()


def test_hair_goes_with_the_landmarks():
    lower = mean_landmarks() + np.array((0, 0.1))
    masks = hair_masks(np.stack([lower, NOWHERE[0]]), SIZE)
    assert masks[0].sum() > masks[1].sum()
    assert np.array_equal(masks[1], HAIR)
