"""evaluate() on drawn faces, whose truth is known."""

import dataclasses

import numpy as np
import pytest
from known_glasses import (
    ADD,
    COLUMNS,
    REMOVE,
    SIZE,
    Judge,
    Models,
    edits_of,
    measure,
    subject_of,
)

from faceattr import pixels
from faceattr.attributes import find_attribute
from faceattr.data import synthetic
from faceattr.data.sources import draw_synthetic
from faceattr.evaluation import evaluate as room
from faceattr.evaluation.evaluate import evaluate
from faceattr.evaluation.settings import EvaluationSettings
from faceattr.evaluation.subjects.evaluation_faces import EvaluationFaces


@pytest.fixture(scope="module")
def drawn():
    faces = draw_synthetic(24, SIZE, seed=2)
    column = faces.table.values("Eyeglasses")
    return EvaluationFaces(
        "drawn",
        faces.table,
        {"Eyeglasses": (np.flatnonzero(~column)[:8], np.flatnonzero(column)[:8])},
        faces,
    )


def test_drawn_faces_are_held_against_the_truth(drawn, monkeypatch):
    monkeypatch.setattr(room, "scored_judge", lambda judge, faces: judge)
    answers = {}
    for indices in drawn.held_out("Eyeglasses"):
        truths = drawn.synthetic.counterfactuals(indices, "Eyeglasses")
        for index, truth in zip(indices, truths, strict=True):
            image = drawn.table.images[index]
            change = pixels.to_float(truth) - pixels.to_float(image)
            answers[image.tobytes()] = change
            answers[truth.tobytes()] = -change

    def oracle(images):
        return np.stack([answers[image.tobytes()] for image in pixels.to_uint8(images)])

    evaluation = measure(
        drawn,
        {ADD: oracle, REMOVE: oracle},
        models=Models(),
        identity_faces=4,
        identity_pairs=0,
    )
    for edit in edits_of(evaluation).values():
        truth = edit["truth"]
        assert truth["psnr"]["edited"]["value"] is None, "every face is its counterfactual"
        assert 10 < truth["psnr"]["unedited"]["value"] < 40
        assert truth["ssim"]["edited"]["value"] == pytest.approx(1)
        assert truth["ssim"]["unedited"]["value"] < 1
        assert truth["landmark_shift"]["edited"] == truth["landmark_shift"]["unedited"]
        assert edit["locality"]["region"] == "true mask"
        assert edit["locality"]["energy_inside"]["value"] == pytest.approx(1)
        assert edit["landmarks"]["truth"] == "renderer"
        assert edit["cycle"]["l1"]["value"] == 0
        assert sum(bin["success"]["count"] for bin in edit["pose"]) == 8
    pictures = evaluation.pictures["glasses", ADD]
    assert np.array_equal(pictures.truth, pictures.edited)
    by_face = evaluation.by_face["glasses", ADD]
    assert np.isinf(by_face.truth.edited.psnr).all()
    assert by_face.truth.unedited.psnr.shape == (8,)


def test_a_drawn_smile_moves_the_true_landmarks(drawn, monkeypatch):
    monkeypatch.setattr(room, "scored_judge", lambda judge, faces: judge)
    table = drawn.table
    smiling = table.values("Smiling")
    faces = dataclasses.replace(
        drawn, sides={"Smiling": (np.flatnonzero(~smiling)[:5], np.flatnonzero(smiling)[:5])}
    )
    answers, points = {}, {}
    for indices in faces.held_out("Smiling"):
        truths = faces.synthetic.counterfactuals(indices, "Smiling")
        for index, truth in zip(indices, truths, strict=True):
            image, face = table.images[index], faces.synthetic.parameters[index]
            answers[image.tobytes()] = pixels.to_float(truth) - pixels.to_float(image)
            points[image.tobytes()] = synthetic.landmarks68(face)
            points[truth.tobytes()] = synthetic.landmarks68(synthetic.flip(face, "Smiling"))

    class Knowing(Models):
        def landmarks68(self, images):
            return np.stack([points[image.tobytes()] for image in images]).astype(np.float64)

    def oracle(images):
        return np.stack([answers[image.tobytes()] for image in pixels.to_uint8(images)])

    subject = subject_of({find_attribute("smile", COLUMNS).adding: oracle})
    settings = EvaluationSettings(identity_faces=5, identity_pairs=0)
    found = edits_of(evaluate([(subject, faces)], Judge(), Knowing(), settings))["add_smile"]
    for when in ("before", "after"):
        assert found["landmarks"][when]["rest"]["value"] == pytest.approx(0, abs=1e-9)
    assert found["truth"]["landmark_shift"]["edited"]["value"] == pytest.approx(0, abs=1e-9)
    assert found["truth"]["landmark_shift"]["unedited"]["value"] > 0.01
