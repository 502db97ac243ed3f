"""EditCase: one edit applied to held-out faces, which all measures look at."""

import dataclasses

import numpy as np

from faceattr.data import synthetic
from faceattr.edits import Edit
from faceattr.evaluation.judge.attribute_classifier import AttributeClassifier
from faceattr.evaluation.judge.face_models import FaceModels
from faceattr.evaluation.subjects.evaluation_faces import EvaluationFaces
from faceattr.evaluation.subjects.face_set import FaceSet, draw_few
from faceattr.evaluation.subjects.subject import Subject
from faceattr.evaluation.subjects.transformation import Transformation, edited_images, residuals


@dataclasses.dataclass(frozen=True, eq=False)
class EditCase:
    """One edit of one subject, applied at strength 1.

    Attributes:
        subject: whose edit it is.
        edit: which of its edits.
        faces: the source of the faces.
        indices: int64 [n], in `faces.table`, of the faces that are not as the edit wants them.
        needed, edited: these faces, and their edits.
        needless, needless_edited: the faces that are so already, and their edits.
        residual: float32 [n, s, s, 3], on the faces that need the edit.
        needless_residual: float32 [m, s, s, 3].
    """

    subject: Subject
    edit: Edit
    faces: EvaluationFaces
    indices: np.ndarray
    needed: FaceSet
    edited: FaceSet
    needless: FaceSet
    needless_edited: FaceSet
    residual: np.ndarray
    needless_residual: np.ndarray

    @property
    def way_back(self) -> Transformation | None:
        """What makes the opposite edit; None where the subject has none, as a bundle."""
        return next(
            (made for edit, made in self.subject.edits.items() if edit.undoes(self.edit)), None
        )

    @property
    def probabilities(self) -> tuple[np.ndarray, np.ndarray]:
        """The judge's, of having the attribute, before and after the edit: float64 [n] each."""
        column = self.edit.column
        return self.needed.probability(column), self.edited.probability(column)

    @property
    def parameters(self) -> list[synthetic.FaceParameters] | None:
        """What the faces were drawn from; None for photographs."""
        if self.faces.synthetic is None:
            return None
        return [self.faces.synthetic.parameters[index] for index in self.indices]

    def persons(self) -> tuple[np.ndarray, np.ndarray]:
        """Who is seen in the faces that need the edit, and in those that do not: int64 [n], [m].

        The same number for the same person; a face whose person is not known has one of its own.
        """
        sides = self.faces.held_out(self.edit.column)
        identities = self.faces.table.identities
        if identities is not None:
            without, having = (
                np.where(identities[side] >= 0, identities[side], -1 - side) for side in sides
            )
            sides = without, having
        return sides if self.edit.adds else sides[::-1]

    def truth(self) -> np.ndarray | None:
        """The true counterfactuals: uint8 [n, s, s, 3]; None for photographs."""
        if self.faces.synthetic is None:
            return None
        return self.faces.synthetic.counterfactuals(self.indices, self.edit.column)

    def landmarks(self) -> np.ndarray | None:
        """Known landmarks, see `EvaluationFaces.landmarks`."""
        return self.faces.landmarks(self.indices)


class Cases:
    """Applies edits; those that are tried on the same faces share them, and what is seen there.

    Args:
        judge: the attribute classifier.
        models: dlib's models; None if they are not installed.
        few: int, the most faces of a class that dlib is asked about.
        seed: int, of the draw of these.
    """

    def __init__(
        self, judge: AttributeClassifier, models: FaceModels | None, few: int, seed: int
    ) -> None:
        self._judge = judge
        self._models = models
        self._few = few
        self._seed = seed
        # Of the last faces alone: those of all would fill the memory.
        self._key: object = None
        self._sets: tuple[FaceSet, FaceSet]

    def of(self, subject: Subject, edit: Edit, faces: EvaluationFaces) -> EditCase:
        """One edit, applied to its held-out faces."""
        key = (id(faces), edit.column, subject.image_size)
        if key != self._key:
            without, having = (
                self._set(faces.crops(indices, subject.image_size))
                for indices in faces.held_out(edit.column)
            )
            self._key, self._sets = key, (without, having)
        needed, needless = self._sets if edit.adds else self._sets[::-1]
        changes = [residuals(subject.edits[edit], each.images) for each in (needed, needless)]
        edited = [
            each.changed(edited_images(each.images, change))
            for each, change in zip((needed, needless), changes, strict=True)
        ]
        return EditCase(
            subject=subject,
            edit=edit,
            faces=faces,
            indices=faces.held_out(edit.column)[0 if edit.adds else 1],
            needed=needed,
            edited=edited[0],
            needless=needless,
            needless_edited=edited[1],
            residual=changes[0],
            needless_residual=changes[1],
        )

    def _set(self, crops: np.ndarray) -> FaceSet:
        few = draw_few(len(crops), self._few, self._seed)
        return FaceSet(crops, self._judge, self._models, few)
