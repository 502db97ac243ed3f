"""Table 2 and Fig. 8 (section 6.4): landmarks without glasses, with them, and with them removed."""

import numpy as np
from PIL import Image, ImageDraw

from faceattr.attributes import PAPER_ATTRIBUTES
from faceattr.evaluation.judge.face_models import HOW_TO_INSTALL, FaceModels
from faceattr.evaluation.measures.landmarks import LandmarkErrors, landmark_errors
from faceattr.evaluation.measures.regions import mean_landmarks
from faceattr.pictures.grids import enlarged
from faceattr.reproduction import comparisons
from faceattr.reproduction.comparisons import Claim
from faceattr.reproduction.laboratory import Laboratory
from faceattr.reproduction.layout import random_faces, sheet
from faceattr.reproduction.result import Result, interval, table

_GLASSES = PAPER_ATTRIBUTES[0]
_FACES, _CELL, _DOT = 6, 192, 2
_MARK = (255, 60, 60)
# Table 2: errors over the distance between the eyes.
_PAPER = {"eyes": (0.02341, 0.03570, 0.03048), "rest": (0.04424, 0.04605, 0.04608)}
_SETS = ("D0, without", "D1, with", "D1m, removed")
# A change of the error that counts as none, in distances between the eyes.
_MARGIN = 0.01


def table2(laboratory: Laboratory) -> Result:
    """Errors of dlib's landmarks on D0, D1 and D1m."""
    models = laboratory.models
    if models is None:
        return Result(
            "Table 2: landmarks",
            {},
            f"Left out: it needs dlib and its models (`{HOW_TO_INSTALL}`). Then remove this folder "
            "and run it again.",
            (),
            {},
        )
    evaluation = laboratory.evaluated([_GLASSES.name])
    faces = laboratory.faces("own", _GLASSES.name)
    added, removed = (evaluation.pictures[_GLASSES.name, edit] for edit in _GLASSES.edits)
    images = (added.images, removed.images, removed.edited)
    without, having = faces.held_out(_GLASSES.column)
    indices = (without, having, having)
    known = [faces.landmarks(each) for each in indices]
    aligned = [np.broadcast_to(mean_landmarks(), (len(each), 5, 2)) for each in indices]
    truths = [mean if own is None else own for own, mean in zip(known, aligned, strict=True)]
    truth_name = "known landmarks of each face"
    if known[0] is None:
        truth_name = "the mean face of the aligned frame, the same for all"
    found = [models.landmarks68(each) for each in images]
    errors = [landmark_errors(*pair) for pair in zip(found, truths, strict=True)]
    seed = laboratory.settings.seed
    after, before = errors[2], errors[1]
    claim = Claim(
        "With the glasses removed the landmarks of the eyes are found better, and the others as "
        "before.",
        "section 6.4, Table 2",
        (
            comparisons.lower("error, eyes", ("D1m", after.eyes), ("D1", before.eyes), seed),
            comparisons.alike(
                "error, rest", ("D1m", after.rest), ("D1", before.rest), _MARGIN, seed
            ),
        ),
        f"Truth: {truth_name}. dlib's model is its own, trained on 300-W as the paper's was.",
    )
    shown = random_faces(removed, _FACES)
    rows = [
        ("with glasses", _marked(models, removed.images[shown])),
        ("glasses removed", _marked(models, removed.edited[shown])),
    ]
    return Result(
        "Table 2 and Fig. 8: landmarks with glasses removed",
        {"fig8": sheet("", rows, _CELL)},
        f"Mean distance from the truth over the distance between the eyes. Truth: {truth_name}.\n\n"
        + _table(errors, seed),
        (claim,),
        {name: each.means(seed) for name, each in zip(("D0", "D1", "D1m"), errors, strict=True)},
    )


def _table(errors: list[LandmarkErrors], seed: int) -> str:
    means = [each.means(seed) for each in errors]
    parts = {"eyes": [each.eyes for each in means], "rest": [each.rest for each in means]}
    rows = []
    for part, ours in parts.items():
        rows.append([f"{part}, ours", *(interval(each, 4) for each in ours)])
        rows.append([f"{part}, the paper's", *(f"{value:.5f}" for value in _PAPER[part])])
    heads = [f"{name} ({len(each.eyes)} faces)" for name, each in zip(_SETS, errors, strict=True)]
    return table(["landmarks", *heads], rows)


def _marked(models: FaceModels, images: np.ndarray) -> list[np.ndarray]:
    """Faces with the landmarks that are found in them."""
    marked = []
    for image, points in zip(images, models.landmarks68(images), strict=True):
        large = Image.fromarray(enlarged(image, _CELL))
        draw = ImageDraw.Draw(large)
        for x, y in points * _CELL:
            draw.ellipse((x - _DOT, y - _DOT, x + _DOT, y + _DOT), fill=_MARK)
        marked.append(np.asarray(large))
    return marked
