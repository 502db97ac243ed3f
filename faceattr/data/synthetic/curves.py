"""The lines of brows, lids and lips, which both the drawing and the landmarks follow."""

import numpy as np

from faceattr.data.synthetic.look import Look
from faceattr.data.synthetic.parameters import Brows, FaceParameters

BROW_HALF_LENGTH = 0.074


def brow_line(outward: np.ndarray, brows: Brows) -> np.ndarray:
    """Height of the middle of a brow over its mean level.

    Args:
        outward: distance from the brow's middle towards the temple.
        brows: the brows.
    """
    bend = 1 - ((outward - 0.01) * (1 / 0.085)) ** 2
    return brows.arch * bend + brows.slant * outward * (1 / BROW_HALF_LENGTH)


def eyelids(along: np.ndarray, face: FaceParameters, look: Look) -> tuple[np.ndarray, np.ndarray]:
    """Edges of the upper and the lower lid, y down from the line between the eye's corners.

    Args:
        along: -1 at the corner by the nose, 1 at the corner by the temple.
        face: the face.
        look: its look.
    """
    half_height = face.eyes.half_width * look.eye_openness
    bulge = np.maximum(1 - along * along, -1)
    # The lids' highest point lies a little towards the nose, the lowest towards the temple.
    upper = -half_height * 1.12 * bulge * (1 - 0.16 * along)
    lower = half_height * 0.82 * bulge * (1 + 0.12 * along)
    return upper, lower


def mouth_line(square: np.ndarray, look: Look) -> np.ndarray:
    """y down of the line between the lips from the mouth's level.

    Args:
        square: square of the position along the mouth, 1 at its corners.
        look: the look of the face.
    """
    return -look.mouth_curve * (square - 0.4)


def lip_edges(
    square: np.ndarray, look: Look
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Outer and inner edge of the upper lip, inner and outer edge of the lower one.

    Args:
        square: square of the position along the mouth, 1 at its corners.
        look: the look of the face.

    Returns:
        Four grids, y down from the line between the lips.
    """
    bulge = np.maximum(1 - square, -0.5)
    inner_upper = -0.3 * look.gap * bulge
    inner_lower = 0.95 * look.gap * bulge
    bow = 1 - 0.3 * np.maximum(1 - square * 22, 0) - 0.25 * square
    upper = inner_upper - 0.027 * look.lip_height * bulge * bow
    lower = inner_lower + 0.036 * look.lip_height * bulge
    return upper, inner_upper, inner_lower, lower
