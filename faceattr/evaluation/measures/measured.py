"""All measures of one edit, one after the other; what cannot be had is left out, and noted."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from faceattr.edits import Edit
from faceattr.errors import UserError
from faceattr.evaluation.measures.cycle import CYCLE, Cycle, FaceCycle
from faceattr.evaluation.measures.how_far import HowFar
from faceattr.evaluation.measures.identity import IDENTITY, Identity
from faceattr.evaluation.measures.landmarks import LANDMARKS, Landmarks
from faceattr.evaluation.measures.leakage import LEAKAGE, Leakage
from faceattr.evaluation.measures.locality import LOCALITY, FaceLocality, Locality
from faceattr.evaluation.measures.measure import LeftOut, Measure
from faceattr.evaluation.measures.no_op import NO_OP, NoOp
from faceattr.evaluation.measures.pose import POSE, FacePose, PoseBin
from faceattr.evaluation.measures.realism import REALISM, Realism
from faceattr.evaluation.measures.sharpness import SHARPNESS, Sharpness
from faceattr.evaluation.measures.success import SUCCESS, FaceSuccess, Success
from faceattr.evaluation.measures.told_apart import ToldApart
from faceattr.evaluation.measures.truth import TRUTH, FaceTruth, Truth
from faceattr.evaluation.subjects.edit_case import EditCase

MEASURES: tuple[Measure, ...] = (
    SUCCESS,
    NO_OP,
    LEAKAGE,
    LOCALITY,
    REALISM,
    SHARPNESS,
    IDENTITY,
    TRUTH,
    LANDMARKS,
    POSE,
    CYCLE,
)


@dataclasses.dataclass(frozen=True, eq=False)
class EditMeasures:
    """What was measured of one edit; None for what was left out.

    Attributes:
        edit: which one.
        faces: int, those that are not as it wants them, which it was tried on.
        needless_faces: int, those that already are.
        realism_inception: by the features of Inception, where its weights are named.
        truth: of drawn faces alone.
        how_far: where outside judges are asked, and read the attribute.
        told_apart: where ImageNet features are there.
        success, no_op, leakage, locality, realism, sharpness, identity, landmarks, pose, cycle:
            each by the measure of its name.
    """

    edit: Edit
    faces: int
    needless_faces: int
    success: Success
    no_op: NoOp
    leakage: Leakage
    locality: Locality
    how_far: HowFar | None = None
    told_apart: ToldApart | None = None
    realism: Realism | None = None
    realism_inception: Realism | None = None
    sharpness: Sharpness | None = None
    identity: Identity | None = None
    truth: Truth | None = None
    landmarks: Landmarks | None = None
    pose: tuple[PoseBin, ...] | None = None
    cycle: Cycle | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class FaceValues:
    """What was measured of each face that needs an edit, to compare methods face by face.

    Attributes:
        success, locality, pose, cycle, truth: what these measures find; None for what was left
            out.
    """

    success: FaceSuccess
    locality: FaceLocality
    pose: FacePose | None = None
    cycle: FaceCycle | None = None
    truth: FaceTruth | None = None


def measured(
    case: EditCase, measures: Sequence[Measure], seed: int, left_out: LeftOut
) -> tuple[EditMeasures, FaceValues]:
    """Goes through the measures of one edit.

    Args:
        case: the edit, applied.
        measures: of what is to be measured.
        seed: int, of every draw and bootstrap.
        left_out: gets what cannot be had, and why.
    """
    values: dict[str, Any] = {}
    results: dict[str, Any] = {}
    for measure in measures:
        try:
            found = measure.compute(case)
            if found is not None:
                results[measure.name] = measure.summarise(found, seed)
                values[measure.name] = found
        except UserError as error:
            left_out.note(measure.name, error, f"{case.subject.name}: {case.edit.name}")
    kept = {field.name for field in dataclasses.fields(FaceValues)}
    return (
        EditMeasures(case.edit, len(case.needed), len(case.needless), **results),
        FaceValues(**{name: each for name, each in values.items() if name in kept}),
    )
