"""Evaluation: what was measured, the faces that it was measured on, and values of each of them."""

import dataclasses

from faceattr.edits import Edit
from faceattr.evaluation.measures.measured import FaceValues
from faceattr.evaluation.metrics import Metrics
from faceattr.evaluation.pictures import EditPictures

Key = tuple[str, Edit]
"""The name of a subject, and one of its edits."""


@dataclasses.dataclass(frozen=True, eq=False)
class Evaluation:
    """What was measured.

    Attributes:
        metrics: what metrics.json holds; docs/evaluation.md tells what each means.
        pictures: the faces themselves, of each edit.
        by_face: values of each face that needs the edit, of each edit.
    """

    metrics: Metrics
    pictures: dict[Key, EditPictures]
    by_face: dict[Key, FaceValues] = dataclasses.field(default_factory=dict)
