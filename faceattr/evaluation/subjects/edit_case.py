"""EditCase: one edit applied to held-out faces, which all measures look at."""

import dataclasses

import numpy as np

from faceattr.data import synthetic
from faceattr.evaluation.subjects.edits import Edit, edited_images, residuals
from faceattr.evaluation.subjects.evaluation_faces import EvaluationFaces
from faceattr.evaluation.subjects.face_set import FaceSet
from faceattr.evaluation.subjects.subject import Subject


@dataclasses.dataclass(frozen=True, eq=False)
class EditCase:
    """One edit of one subject, applied at strength 1.

    Attributes:
        subject: whose edit it is.
        direction: `"to_positive"` or `"to_negative"`.
        faces: the source of the faces.
        indices: int64 [n], in `faces.table`, of the faces that are not as the edit wants them.
        needed, edited: these faces, and their edits.
        needless, needless_edited: the faces that are so already, and their edits.
        residual: float32 [n, s, s, 3], on the faces that need the edit.
        needless_residual: float32 [m, s, s, 3].
    """

    subject: Subject
    direction: str
    faces: EvaluationFaces
    indices: np.ndarray
    needed: FaceSet
    edited: FaceSet
    needless: FaceSet
    needless_edited: FaceSet
    residual: np.ndarray
    needless_residual: np.ndarray

    @property
    def to_positive(self) -> bool:
        """Whether the edit adds the attribute."""
        return self.direction == "to_positive"

    @property
    def column(self) -> str:
        """The column of the edited attribute."""
        return self.subject.attribute.column

    @property
    def opposite(self) -> Edit | None:
        """The edit back; None for a bundle, which has one direction alone."""
        return self.subject.edits.get("to_negative" if self.to_positive else "to_positive")

    @property
    def parameters(self) -> list[synthetic.FaceParameters] | None:
        """What the faces were drawn from; None for photographs."""
        if self.faces.synthetic is None:
            return None
        return [self.faces.synthetic.parameters[index] for index in self.indices]

    def truth(self) -> np.ndarray | None:
        """The true counterfactuals: uint8 [n, s, s, 3]; None for photographs."""
        if self.faces.synthetic is None:
            return None
        return self.faces.synthetic.counterfactuals(self.indices, self.column)

    def landmarks(self) -> np.ndarray | None:
        """Known landmarks, see `EvaluationFaces.landmarks`."""
        return self.faces.landmarks(self.indices)


def apply_edit(
    subject: Subject, direction: str, faces: EvaluationFaces, sets: tuple[FaceSet, FaceSet]
) -> EditCase:
    """Edits the held-out faces.

    Args:
        subject: it has the direction.
        direction: `"to_positive"` or `"to_negative"`.
        faces: the held-out faces.
        sets: those without and those with the attribute, at the size of the edit.
    """
    adding = direction == "to_positive"
    needed, needless = sets if adding else sets[::-1]
    edit = subject.edits[direction]
    changes = [residuals(edit, each.images) for each in (needed, needless)]
    edited = [
        each.changed(edited_images(each.images, change))
        for each, change in zip((needed, needless), changes, strict=True)
    ]
    return EditCase(
        subject=subject,
        direction=direction,
        faces=faces,
        indices=faces.negatives if adding else faces.positives,
        needed=needed,
        edited=edited[0],
        needless=needless,
        needless_edited=edited[1],
        residual=changes[0],
        needless_residual=changes[1],
    )
