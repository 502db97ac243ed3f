"""How far a mouth is open, and how far its corners are up, by the face mesh of `faces/`."""

from __future__ import annotations

import dataclasses

import numpy as np

from faceattr.faces.face import Face
from faceattr.faces.mesh import MeshFinder, Square
from faceattr.progress import progress_bar

# The square that the mesh looks at, in fractions of the side of crops in CelebA's frame. Of eight
# such squares this one tells the mouths of CelebA's and LFW's faces best.
_CENTER, _SIDE = (0.5, 0.66), 1.1
# Places in the mesh: between the lips, above and below, and the corners.
_UPPER, _LOWER = [13, 82, 312], [14, 87, 317]
_CORNERS = [61, 291]


@dataclasses.dataclass(frozen=True, eq=False)
class Mouths:
    """What is measured of mouths, in distances between the eyes; NaN where no face is seen.

    Attributes:
        gap: float64 [n], between the lips.
        lift: float64 [n], of the corners over the middle between the lips.
    """

    gap: np.ndarray
    lift: np.ndarray


def mouths(finder: MeshFinder, images: np.ndarray) -> Mouths:
    """Measures mouths; a face takes about 10 ms of a CPU core.

    Args:
        finder: the network of the mesh.
        images: uint8 [n, s, s, 3], face crops in CelebA's frame.
    """
    found = np.full((len(images), 2), np.nan)
    for place, image in enumerate(progress_bar(images, desc="mesh", unit="face", leave=False)):
        side = len(image)
        face = finder.find(image, Square(np.array(_CENTER) * side, _SIDE * side, 0.0))
        if face is not None:
            found[place] = gap_and_lift(face)
    return Mouths(*found.T)


def gap_and_lift(face: Face) -> tuple[float, float]:
    """The two measures of `Mouths`, of one face, however it is tilted."""
    left, right = face.points[:2].astype(np.float64)
    across = right - left
    unit = float(np.hypot(*across))
    x, y = across / unit
    # How far down each point lies, along the face.
    depth = face.mesh[:, :2].astype(np.float64) @ (-y, x) / unit
    upper, lower = depth[_UPPER].mean(), depth[_LOWER].mean()
    return float(lower - upper), float((upper + lower) / 2 - depth[_CORNERS].mean())
