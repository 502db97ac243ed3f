"""The parts of an evaluation: from one edit, applied, to its numbers in metrics.json.

Each part is a function of an `EditCase`. One that cannot be had raises a `UserError` that says
why; the others are measured all the same.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from faceattr.data import synthetic
from faceattr.errors import UserError
from faceattr.evaluation.judge.face_models import HOW_TO_INSTALL, MissingExtra
from faceattr.evaluation.measures import intervals
from faceattr.evaluation.measures.cycle import Cycle, cycle
from faceattr.evaluation.measures.distances import realism
from faceattr.evaluation.measures.identity import identity_change
from faceattr.evaluation.measures.intervals import Estimate
from faceattr.evaluation.measures.landmarks import five_points, landmark_errors
from faceattr.evaluation.measures.locality import Locality, locality
from faceattr.evaluation.measures.noop import no_op
from faceattr.evaluation.measures.pose import success_by_yaw, yaw
from faceattr.evaluation.measures.regions import landmark_masks, mean_landmarks, synthetic_masks
from faceattr.evaluation.measures.success import strength_response, success, target_reached
from faceattr.evaluation.subjects.edit_case import EditCase
from faceattr.evaluation.subjects.edits import change_at_zero, edited_images, residuals
from faceattr.faces.crop import CELEBA_CROP, LFW_CROP
from faceattr.pictures.similarity import masked_ssim, psnr

Numbers = dict[str, Any]

# Equal images have an infinite PSNR, which has no mean: what 8 bits can tell apart ends well
# below this.
_MOST_DECIBELS = 100.0


def decibels(values: np.ndarray, seed: int) -> Estimate:
    """The mean of PSNRs, each at most 100 dB; not known where all images are equal.

    Args:
        values: float [n], in dB; NaN is passed over.
        seed: int, of the bootstrap.
    """
    if not np.isfinite(values).any():
        return intervals.mean(np.zeros(0), seed)
    return intervals.mean(np.minimum(values, _MOST_DECIBELS), seed)


def success_part(case: EditCase, seed: int) -> Numbers:
    """Success, its answer to strength, and what the edit does where it is not needed."""
    column, adding = case.column, case.to_positive
    before, after = case.needed.probability(column), case.edited.probability(column)
    reached = [
        target_reached(each.probability(column), adding)
        for each in (case.edited, case.needless_edited)
    ]
    return {
        "success": success(before, after, adding),
        "strength_response": strength_response(
            lambda images: case.needed.changed(images).probability(column),
            case.needed.images,
            case.residual,
            adding,
            known={0.0: before, 1.0: after},
        ),
        "success_by_noop": {
            "lacking": intervals.share(reached[0]),
            "already": intervals.share(reached[1]),
        },
        "no_op": no_op(case.residual, case.needless_residual, seed),
        "change_at_zero": change_at_zero(
            lambda images, strength: images + np.float32(strength) * case.residual,
            case.needed.images,
        ),
    }


def face_locality(case: EditCase) -> tuple[Locality, str]:
    """Locality of each face, and what its region is: drawn truth, or boxes from landmarks."""
    size = case.subject.image_size
    drawn = case.parameters
    if drawn is not None:
        region, name = synthetic_masks(drawn, case.column, size), "true mask"
    else:
        known = case.landmarks()
        unknown = np.full((len(case.indices), 5, 2), np.nan)
        region = landmark_masks(case.column, unknown if known is None else known, size)
        name = "mean-face box" if known is None else "landmark box"
    return locality(case.needed.images, case.edited.images, case.residual, region), name


def locality_part(found: Locality, region: str, seed: int) -> Numbers:
    """The means of what `face_locality` found."""
    means = {
        name: intervals.mean(values, seed)
        for name, values in vars(found).items()
        if name != "psnr_outside"
    }
    return {**means, "psnr_outside": decibels(found.psnr_outside, seed), "region": region}


def realism_part(case: EditCase, seed: int) -> Numbers:
    """How far edited faces lie from real ones of the target, and how far unedited ones do."""
    real = case.needless.seen.features
    return {
        "realism": realism(case.edited.seen.features, real, seed),
        "realism_before": realism(case.needed.seen.features, real, seed),
    }


def inception_part(
    case: EditCase, features: Callable[[np.ndarray], np.ndarray], seed: int
) -> Numbers:
    """The same by the features of Inception."""
    real = features(case.needless.images)
    return {
        "realism_inception": realism(features(case.edited.images), real, seed),
        "realism_inception_before": realism(features(case.needed.images), real, seed),
    }


def identity_part(case: EditCase, seed: int) -> Numbers:
    """Whether the edited face is taken for the same person."""
    _require_models(case)
    found = identity_change(case.needed.descriptions, case.edited.descriptions)
    return {
        "median": float(np.median(found.distances)),
        "mean": intervals.mean(found.distances, seed),
        "kept": found.kept,
        "not_found_before": found.not_found_before,
        "not_found_after": found.not_found_after,
        "distances": found.distances,
    }


def landmarks_part(case: EditCase, seed: int) -> Numbers:
    """Errors of landmarks before and after the edit (Table 2), of the few faces."""
    _require_models(case)
    before, after, name = _landmark_truth(case)
    few = case.needed.few
    errors = {
        "before": landmark_errors(case.needed.few_landmarks68, before[few]),
        "after": landmark_errors(case.edited.few_landmarks68, after[few]),
    }
    return {"truth": name, **{when: each.estimates(seed) for when, each in errors.items()}}


def _landmark_truth(case: EditCase) -> tuple[np.ndarray, np.ndarray, str]:
    """True landmarks of the faces and of their edits, float64 [n, k, 2], and where they are from.

    Raises:
        UserError: if nothing says where a face has them.
    """
    drawn = case.parameters
    if drawn is not None:
        flipped = [synthetic.flip(face, case.column) for face in drawn]
        before, after = (
            np.array([synthetic.landmarks68(face) for face in faces], np.float64)
            for faces in (drawn, flipped)
        )
        return before, after, "renderer"
    known = case.landmarks()
    if known is not None:
        return known, known, "CelebA's file" if case.faces.source == "celeba" else "the data"
    if case.faces.table.crop not in (CELEBA_CROP, LFW_CROP):
        raise UserError(
            f"the landmarks of {case.faces.source} are not known: the data have none, and its "
            "images are not in CelebA's or LFW's aligned frame (--crop celeba says that they are)"
        )
    mean = np.broadcast_to(mean_landmarks(), (len(case.indices), 5, 2))
    return mean, mean, "aligned frame"


def head_turn(case: EditCase) -> np.ndarray:
    """By how much each face is turned: float64 [n], see `yaw`.

    Raises:
        MissingExtra: if the data have no landmarks, and dlib is not there to find them.
    """
    known = case.landmarks()
    if known is None:
        _require_models(case)
        known = five_points(case.needed.landmarks68)
    return yaw(known)


def pose_part(case: EditCase, degrees: np.ndarray) -> list[Any]:
    """Success and realism by head turn (Fig. 9)."""
    reached = target_reached(case.edited.probability(case.column), case.to_positive)
    features = (case.edited.seen.features, case.needless.seen.features)
    return success_by_yaw(reached, degrees, features)


def face_cycle(case: EditCase) -> Cycle:
    """There and back, on faces that need the edit.

    Raises:
        UserError: if there is no way back.
    """
    if case.opposite is None:
        raise UserError("a bundle holds one edit; there and back needs the run")
    back = residuals(case.opposite, case.edited.images)
    restored = edited_images(case.edited.images, back)
    return cycle(case.needed.images, case.edited.images, restored)


def cycle_part(found: Cycle, seed: int) -> Numbers:
    """The means of what `face_cycle` found."""
    return {
        "l1": intervals.mean(found.l1, seed),
        "psnr": decibels(found.psnr, seed),
        "there": intervals.mean(found.there, seed),
    }


def face_truth(case: EditCase) -> dict[str, np.ndarray]:
    """Edited and unedited drawn faces against their true counterfactuals; each float64 [n].

    Landmarks are dlib's on either side, of the few faces: its own errors on drawn faces fall out.
    """
    truth = case.truth()
    assert truth is not None, "photographs have no counterfactual"
    found = {}
    for name, images in (("edited", case.edited), ("unedited", case.needed)):
        found[f"psnr_{name}"] = psnr(images.images, truth)
        found[f"ssim_{name}"] = masked_ssim(images.images, truth)
    if case.needed.has_models:
        true = case.needed.changed(truth).few_landmarks68
        for name, images in (("edited", case.edited), ("unedited", case.needed)):
            found[f"landmark_shift_{name}"] = landmark_errors(images.few_landmarks68, true).every
    return found


def truth_part(found: dict[str, np.ndarray], seed: int) -> Numbers:
    """The means of what `face_truth` found."""
    means: Numbers = {"landmark_shift": None}
    for name, mean in (
        ("psnr", decibels),
        ("ssim", intervals.mean),
        ("landmark_shift", intervals.mean),
    ):
        if f"{name}_edited" in found:
            sides = ("edited", "unedited")
            means[name] = {side: mean(found[f"{name}_{side}"], seed) for side in sides}
    return means


def _require_models(case: EditCase) -> None:
    if not case.needed.has_models:
        raise MissingExtra(f"dlib and its models are not installed: {HOW_TO_INSTALL}")
