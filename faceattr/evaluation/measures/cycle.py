"""There and back: G1(G0(x)) should be x again (the aim of dual learning, section 3.4)."""

import dataclasses

import numpy as np

from faceattr.evaluation.subjects.edits import Edit, edited_images, residuals
from faceattr.pictures.similarity import psnr


@dataclasses.dataclass(frozen=True, eq=False)
class Cycle:
    """What is left of faces after an edit and its opposite; each float64 [n].

    Attributes:
        l1: mean absolute difference from the face itself, in units of [-1, 1].
        psnr: in dB, infinite where the face is the very same.
        there: mean absolute difference after the first edit alone: coming back from nowhere is
            no feat.
    """

    l1: np.ndarray
    psnr: np.ndarray
    there: np.ndarray


def round_trip(there: Edit, back: Edit, images: np.ndarray) -> Cycle:
    """Edits faces and edits them back, as a user would, on uint8 images.

    Args:
        there: the edit that the faces lack, such as G0 for faces without the attribute.
        back: the opposite one.
        images: uint8 [n, s, s, 3].
    """
    edited = edited_images(images, residuals(there, images))
    return cycle(images, edited, edited_images(edited, residuals(back, edited)))


def cycle(images: np.ndarray, edited: np.ndarray, restored: np.ndarray) -> Cycle:
    """Compares faces with what comes back.

    Args:
        images, edited, restored: uint8 [n, s, s, 3].
    """
    return Cycle(l1=_l1(images, restored), psnr=psnr(restored, images), there=_l1(images, edited))


def _l1(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    difference = np.abs(first.astype(np.float64) - second).mean(axis=(1, 2, 3))
    return difference / 127.5
