"""Where the five points of an aligned face lie in a face crop, and how a face is brought there.

(x, y) of the eye on the image's left, the eye on its right, the tip of the nose, the left and the
right corner of the mouth, as fractions of the crop's side.
"""

from __future__ import annotations

import numpy as np

from faceattr.faces.similarity import Similarity, fit

Template = tuple[tuple[float, float], ...]

CELEBA: Template = (
    (0.368, 0.522),
    (0.631, 0.522),
    (0.497, 0.677),
    (0.383, 0.796),
    (0.617, 0.796),
)
"""In the centre 148 of CelebA's 178x218 pixels: means of what `FaceFinder` finds there
(`benchmarks/faces.py` measures them again)."""

DRAWN: Template = (
    (0.367, 0.522),
    (0.623, 0.522),
    (0.495, 0.67),
    (0.379, 0.789),
    (0.611, 0.789),
)
"""In a drawn face: the means of its landmarks."""

WEIGHTS = (2, 2, 0, 1, 1)
"""How much each point counts. CelebA was aligned by the eyes; the mouth steadies the scale where
they seem near to each other as the head turns; the nose stands out, and goes aside as it turns."""


def to_crop(points: np.ndarray, template: Template) -> Similarity:
    """From pixels of a photo to fractions of the crop's side, where the points lie as the template
    has them, or as near as a similarity takes them.

    Args:
        points: float [5, 2], such as `Face.points`.
        template: such as the `points` of a `CropGeometry`.
    """
    return fit(points, np.array(template), np.array(WEIGHTS))
