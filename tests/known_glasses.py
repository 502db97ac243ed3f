"""Faces whose glasses are red, an edit that puts them on, and a judge and models that see them."""

import numpy as np

from faceattr.attributes import find_attribute
from faceattr.data.table import AttributeTable
from faceattr.evaluation.evaluate import evaluate
from faceattr.evaluation.judge.attribute_classifier import Seen, SourceCounts
from faceattr.evaluation.judge.mouth import Mouths
from faceattr.evaluation.judge.scores import column_score, reliability
from faceattr.evaluation.measures.regions import landmark_masks, mean_landmarks
from faceattr.evaluation.metrics import to_json
from faceattr.evaluation.settings import ClassifierSettings, EvaluationSettings
from faceattr.evaluation.subjects.evaluation_faces import EvaluationFaces
from faceattr.evaluation.subjects.subject import Subject
from faceattr.faces.crop import CELEBA_CROP

ADD, REMOVE = find_attribute("glasses", ["Eyeglasses"]).edits
COLUMNS = ("Eyeglasses", "Male", "Smiling", "Young")
SIZE = 32
EYES = landmark_masks("Eyeglasses", np.full((1, 5, 2), np.nan), SIZE)[0]
# What glasses are here: so much more red around the eyes.
GLASSES = 100


class Judge:
    """For whom glasses are red around the eyes, and a man has blue cheeks."""

    columns = COLUMNS
    settings = ClassifierSettings(epochs=1)
    sources = {"faces": SourceCounts(40, 24)}  # noqa: RUF012
    _perfect = column_score(np.array([0.9, 0.1]), np.array([1, -1]))
    scores = {"faces": dict.fromkeys(COLUMNS, _perfect)}  # noqa: RUF012
    reliability = {  # noqa: RUF012
        "faces": dict.fromkeys(COLUMNS, reliability(np.array([0.9, 0.1]), np.array([True, False])))
    }

    def __init__(self):
        self.images = 0

    def look(self, images):
        self.images += len(images)
        red = images[:, EYES, 0].mean(axis=1) / 255
        blue = images[:, 24:, :8, 2].mean(axis=(1, 2)) / 255
        probabilities = np.stack([red, blue, 1 - red, np.full(len(images), 0.7)], axis=1)
        return Seen(probabilities, images[:, ::8, ::8, 0].reshape(len(images), -1) / 255.0)


class Models:
    """Face models that see the mean face, and know people by the red of their eyes."""

    def __init__(self):
        self.described = 0

    def landmarks68(self, images):
        points = np.tile(np.array([0.5, 0.9]), (len(images), 68, 1))
        left, right, nose, *mouth = mean_landmarks()
        points[:, 36:42], points[:, 42:48], points[:, 30] = left, right, nose
        points[:, 48], points[:, 54] = mouth
        return points

    def descriptors(self, images):
        self.described += len(images)
        found = np.zeros((len(images), 128))
        found[:, 0] = images[:, EYES, 0].mean(axis=1) / 255
        return found

    def finds_face(self, images):
        return images.mean(axis=(1, 2, 3)) < 250


class Glasses:
    """An edit that puts the red on, or takes it off, and does not look whether it is there."""

    def __init__(self, sign):
        self.sign = sign
        self.seen = 0

    def __call__(self, images):
        self.seen += len(images)
        residual = np.zeros(images.shape, np.float32)
        residual[:, EYES, 0] = self.sign * GLASSES / 127.5
        return residual


def subject_of(edits, **more):
    facts = {
        "name": "glasses",
        "method": "known",
        "image_size": SIZE,
        "crop": CELEBA_CROP,
        "settings": {"steps": 1},
        "edits": edits,
        "training": frozenset(),
    }
    return Subject(**{**facts, **more})


def faces_with_glasses():
    """40 faces, every second one with glasses: 20 and 20, of 20 persons."""
    random = np.random.default_rng(0)
    images = random.integers(40, 90, (40, SIZE, SIZE, 3), np.uint8)
    labels = np.where(random.random((40, 4)) < 0.5, 1, -1).astype(np.int8)
    labels[:, 0] = np.where(np.arange(40) % 2, 1, -1)
    for image in images[1::2]:
        image[EYES, 0] += GLASSES
    table = AttributeTable(
        tuple(f"{index}.png" for index in range(40)),
        COLUMNS,
        labels,
        CELEBA_CROP,
        images=images,
        identities=np.arange(40) // 2,
    )
    return EvaluationFaces(
        "faces", table, {"Eyeglasses": (np.arange(0, 40, 2), np.arange(1, 40, 2))}
    )


def measure(faces, edits=None, judge=None, models=None, **settings):
    edits = {ADD: Glasses(1), REMOVE: Glasses(-1)} if edits is None else edits
    return evaluate(
        [(subject_of(edits), faces)], judge or Judge(), models, EvaluationSettings(**settings)
    )


class Outside:
    """Who takes red for frames, finds it sad, and sees every mouth alike."""

    def __init__(self):
        self.asked = []

    def frame_lines(self, images):
        self.asked.append(len(images))
        return images[:, EYES, 0].mean(axis=1) / 255

    def happy(self, images):
        return 1 - self.frame_lines(images)

    def mouths(self, images):
        return Mouths(*np.zeros((2, len(images))))


def edits_of(evaluation):
    (subject,) = to_json(evaluation.metrics)["subjects"]
    return subject["edits"]
