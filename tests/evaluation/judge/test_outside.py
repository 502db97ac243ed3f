import numpy as np
import pytest

from faceattr.attributes import PAPER_ATTRIBUTES
from faceattr.evaluation.judge.outside import READINGS, OutsideJudges, face_part, readings


def test_what_is_read_of_each_attribute():
    names = {each.name: [one.name for one in readings(each.column)] for each in PAPER_ATTRIBUTES}
    assert names == {
        "glasses": ["lines where frames lie"],
        "mouth_open": ["lips' gap"],
        "smile": ["looks happy", "lift of the mouth's corners"],
        "no_beard": [],
        "young": ["age"],
        "male": ["looks like a man"],
    }
    assert [each.name for each in READINGS if not each.rises] == ["age"]


def test_face_api_sees_brows_to_chin_at_every_size():
    crop = np.zeros((1, 100, 100, 3), np.uint8)
    crop[:, 28:, 12:88] = 255
    assert face_part(crop).shape == (1, 72, 76, 3)
    assert (face_part(crop) == 255).all()
    assert face_part(crop[:, ::3, ::3]).shape[0] == 1


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.name)
def test_every_reading_is_a_number_for_each_face(reading):
    judges = OutsideJudges()
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    found = reading.ask(judges, images)
    assert found.shape == (2,)
    assert found.dtype == np.float64
