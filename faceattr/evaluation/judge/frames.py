"""Lines where frames of glasses lie and skin is smooth: over the nose and at the temples.

No model, and nothing is fitted: it is how much brightness changes from row to row there, beside how
much it does all around the eyes, which takes the sharpness and the light of a photo out of it.
"""

from __future__ import annotations

import numpy as np

from faceattr.evaluation.judge.mesh_faces import mesh_faces
from faceattr.faces import warp
from faceattr.faces.mesh import MeshFinder
from faceattr.faces.similarity import fit

# A square of two eye distances, the eyes in the middle of its height, where glasses lie as well.
_SIZE = 64
_EYES = np.array(((0.25, 0.5), (0.75, 0.5)))
# Rows from and to, columns from and to: the bridge, and beside the eyes.
_BOXES = ((26, 42, 27, 37), (24, 40, 0, 5), (24, 40, 59, 64))
# Dark pixels would have large steps of the logarithm that nobody sees.
_DARK = 10.0


def frame_lines(finder: MeshFinder, images: np.ndarray) -> np.ndarray:
    """How strong such lines are: float64 [n], see `lines_of`; NaN where no face is seen.

    Args:
        finder: the network of the mesh, which tells where the eyes are.
        images: uint8 [n, s, s, 3], face crops in CelebA's frame.
    """
    found = np.full(len(images), np.nan)
    for place, face in enumerate(mesh_faces(finder, images)):
        if face is not None:
            to_square = fit(face.points[:2], _EYES)
            found[place] = lines_of(warp.crop(images[place], to_square, _SIZE))
    return found


def lines_of(square: np.ndarray) -> float:
    """Mean change of the logarithm of brightness between rows there, over that in all the square.

    Args:
        square: uint8 [64, 64, 3], of two eye distances around the eyes.

    Returns:
        float >= 0; NaN where nothing changes at all.
    """
    brightness = np.log(square.mean(axis=2, dtype=np.float64) + _DARK)
    change = np.abs(np.diff(brightness, axis=0))
    parts = [change[top:bottom, left:right].ravel() for top, bottom, left, right in _BOXES]
    around = float(change.mean())
    return float(np.concatenate(parts).mean()) / around if around > 0 else float("nan")
