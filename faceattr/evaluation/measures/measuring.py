"""Measuring: all parts of one edit after another, and what had to be left out of them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from faceattr.errors import UserError
from faceattr.evaluation.judge.attribute_classifier import AttributeClassifier
from faceattr.evaluation.judge.classifier_data import LabelledFaces, labels_of
from faceattr.evaluation.judge.face_models import HOW_TO_INSTALL, FaceModels
from faceattr.evaluation.measures import parts
from faceattr.evaluation.measures.decorrelation import EditScores, decorrelation
from faceattr.evaluation.measures.identity import SAME_PERSON, identity_reference
from faceattr.evaluation.subjects.edit_case import EditCase
from faceattr.evaluation.subjects.evaluation_faces import EvaluationFaces
from faceattr.evaluation.subjects.face_set import FaceSet, draw_few
from faceattr.evaluation.subjects.subject import Subject


class Measuring:
    """What is measured with, for one evaluation.

    Args:
        judge: the attribute classifier.
        models: dlib's models; None if they are not installed.
        inception: uint8 [n, s, s, 3] to features; None to leave these distances out.
        seed: int, of every draw and bootstrap.
        identity_faces: int, the most faces of a class that dlib is asked about.
    """

    def __init__(
        self,
        judge: AttributeClassifier,
        models: FaceModels | None,
        inception: Callable[[np.ndarray], np.ndarray] | None,
        seed: int,
        identity_faces: int,
    ) -> None:
        self._judge = judge
        self._models = models
        self._inception = inception
        self._seed = seed
        self._identity_faces = identity_faces
        self._sets: dict[tuple[int, int], tuple[FaceSet, FaceSet]] = {}
        # (part, reason) -> the edits that lack it.
        self._skipped: dict[tuple[str, str], list[str]] = {}

    @property
    def skipped(self) -> list[dict[str, Any]]:
        """The parts that were left out, why, and of which edits; none for the whole evaluation."""
        return [
            {"part": part, "reason": reason, "edits": edits}
            for (part, reason), edits in self._skipped.items()
        ]

    def face_sets(self, subject: Subject, faces: EvaluationFaces) -> tuple[FaceSet, FaceSet]:
        """Faces without and with the attribute; the same object for subjects that share them."""
        key = (id(faces), subject.image_size)
        if key not in self._sets:
            # One source at a time: the sets of the last one would only fill the memory.
            self._sets = {
                key: (
                    self._face_set(faces, faces.negatives, subject.image_size),
                    self._face_set(faces, faces.positives, subject.image_size),
                )
            }
        return self._sets[key]

    def _face_set(self, faces: EvaluationFaces, indices: np.ndarray, size: int) -> FaceSet:
        few = draw_few(len(indices), self._identity_faces, self._seed)
        return FaceSet(faces.crops(indices, size), self._judge, self._models, few)

    def measured(self, case: EditCase) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """All parts of one edit: the numbers of metrics.json, and the values of each face."""
        seed = self._seed
        numbers: dict[str, Any] = {
            "direction": case.direction,
            "faces": len(case.needed),
            "needless_faces": len(case.needless),
            **parts.success_part(case, seed),
            "leakage": self._leakage(case),
        }
        values = {
            "probability_before": case.needed.probability(case.column),
            "probability_after": case.edited.probability(case.column),
        }
        local, region = parts.face_locality(case)
        numbers["locality"] = parts.locality_part(local, region, seed)
        values |= vars(local)
        numbers |= {"realism": None, "realism_before": None}
        numbers |= self._tried("realism", case, parts.realism_part, seed) or {}
        numbers["realism_inception"] = None
        if self._inception is not None:
            found = self._tried(
                "realism_inception", case, parts.inception_part, self._inception, seed
            )
            numbers |= found or {}
        numbers["identity"] = self._tried("identity", case, parts.identity_part, seed)
        numbers["truth"] = None
        if case.parameters is not None:
            truth = parts.face_truth(case)
            numbers["truth"] = parts.truth_part(truth, seed)
            values |= {name: each for name, each in truth.items() if len(each) == len(case.needed)}
        numbers["landmarks"] = self._tried("landmarks", case, parts.landmarks_part, seed)
        degrees = self._tried("pose", case, parts.head_turn)
        numbers["pose"] = None
        if degrees is not None:
            numbers["pose"] = parts.pose_part(case, degrees)
            values["yaw"] = degrees
        numbers["cycle"] = None
        cycle = self._tried("cycle", case, parts.face_cycle)
        if cycle is not None:
            numbers["cycle"] = parts.cycle_part(cycle, seed)
            values |= {f"cycle_{name}": each for name, each in vars(cycle).items()}
        return numbers, values

    def _tried(self, part: str, case: EditCase, measure: Callable[..., Any], *more: Any) -> Any:
        """What a part measures, or None where it cannot, which is noted."""
        try:
            return measure(case, *more)
        except UserError as error:
            self._skip(part, error.for_command_line, f"{case.subject.name}: {self._name(case)}")
            return None

    def _name(self, case: EditCase) -> str:
        return case.subject.edit_name(case.direction)

    def _skip(self, part: str, reason: str, edit: str | None = None) -> None:
        edits = self._skipped.setdefault((part, reason), [])
        if edit is not None:
            edits.append(edit)

    def _leakage(self, case: EditCase) -> dict[str, Any]:
        scores = EditScores(
            case.column,
            case.to_positive,
            case.needed.seen.probabilities,
            case.edited.seen.probabilities,
        )
        columns = self._judge.columns
        found = decorrelation({"edit": scores}, columns, source_labels(case.faces, columns))
        return {
            "columns": columns,
            "changes": found.changes[0],
            "errors": found.errors[0],
            "correlations": found.correlations[0],
            "follows_data": found.follows_data[0],
        }

    def identity_reference(
        self, pairs: Sequence[tuple[Subject, EvaluationFaces]], most: int
    ) -> dict[str, Any] | None:
        """What distances photographs have whose persons are known.

        Args:
            pairs: the first subject whose faces' persons are known counts.
            most: int, pairs of either kind; 0 to leave it out.

        Returns:
            what metrics.json holds; None if it is left out.
        """
        if not most:
            return None
        if self._models is None:
            self._skip("identity_reference", f"dlib is not installed: {HOW_TO_INSTALL}")
            return None
        known = [(subject, faces) for subject, faces in pairs if faces.table.identities is not None]
        if not known:
            self._skip("identity_reference", "the data do not say who is who")
            return None
        subject, faces = known[0]
        identities = faces.table.identities
        assert identities is not None
        found = identity_reference(
            self._models,
            lambda indices: faces.crops(indices, subject.image_size),
            identities,
            most,
            self._seed,
        )
        return {
            "same": {"distances": found.same, "share": found.taken_for_same},
            "different": {"distances": found.different, "share": found.taken_for_different},
            "threshold": SAME_PERSON,
            "source": faces.source,
        }


def source_labels(faces: EvaluationFaces, columns: Sequence[str]) -> np.ndarray:
    """The labels of a whole source, not of the held-out faces alone: int8 [m, columns]."""
    everything = LabelledFaces(faces.source, faces.table, np.zeros(len(faces.table), bool))
    return labels_of(everything, columns)
