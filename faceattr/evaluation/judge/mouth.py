"""How far a mouth is open, and how far its corners are up, by the face mesh of `faces/`."""

from __future__ import annotations

import dataclasses

import numpy as np

from faceattr.evaluation.judge.mesh_faces import mesh_faces
from faceattr.faces.face import Face
from faceattr.faces.mesh import MeshFinder

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
    """Measures mouths.

    Args:
        finder: the network of the mesh.
        images: uint8 [n, s, s, 3], face crops in CelebA's frame.
    """
    found = np.full((len(images), 2), np.nan)
    for place, face in enumerate(mesh_faces(finder, images)):
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
