"""The port of face-api says what its own JavaScript says; see make_face_api_vectors.py."""

import json
import pathlib

import numpy as np
import pytest
from PIL import Image
from vendored import check_file, check_folder

from faceattr.evaluation.judge.face_api import EXPRESSIONS, MODELS, FaceApi
from faceattr.evaluation.judge.rebuild import ORIGINS

ROOT = pathlib.Path(__file__).parents[3]
CASES = json.loads((ROOT / "tests" / "vectors" / "face_api.json").read_text())


def test_vendored_files():
    check_folder(MODELS, (".bin", ".json"), ORIGINS)
    for name, origin in ORIGINS.items():
        check_file(MODELS, name, origin)


@pytest.fixture(scope="module")
def api():
    return FaceApi()


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.get("box", "drawn")))
def test_the_port_says_what_the_javascript_says(api, case):
    if "pixels" in case:
        image = np.array(case["pixels"], np.uint8)
    else:
        left, top, right, bottom = case["box"]
        photo = Image.open(ROOT / "docs" / "photos" / "astronaut.png").convert("RGB")
        image = np.asarray(photo)[top:bottom, left:right]
    age, male = api.age_and_gender(image[None])
    np.testing.assert_allclose(api.expressions(image[None])[0], case["expressions"], atol=1e-4)
    assert age == pytest.approx(case["age"], abs=1e-3)
    assert male == pytest.approx(case["male"], abs=1e-4)


def test_the_astronaut_is_happy(api):
    """A tight box of her face, which also says which column is which."""
    left, top, right, bottom = CASES[0]["box"]
    photo = Image.open(ROOT / "docs" / "photos" / "astronaut.png").convert("RGB")
    face = np.asarray(photo)[None, top:bottom, left:right]
    assert EXPRESSIONS[api.expressions(face)[0].argmax()] == "happy"
    age, male = api.age_and_gender(face)
    assert 20 < age < 50
    assert male < 0.5


def test_faces_are_asked_about_one_by_one(api):
    """More than a batch, and none."""
    images = np.random.default_rng(0).integers(0, 256, (18, 20, 20, 3), np.uint8)
    together = api.expressions(images)
    np.testing.assert_allclose(together[[0, 17]], api.expressions(images[[0, 17]]), atol=1e-5)
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-5)
    assert api.age_and_gender(images[:0])[0].shape == (0,)
