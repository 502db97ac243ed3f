"""The face mesh of `faces/`, asked about face crops, where the place of the face is known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from faceattr.faces.face import Face
from faceattr.faces.mesh import MeshFinder, Square
from faceattr.progress import progress_bar

# The square that the mesh looks at, in fractions of the side of crops in CelebA's frame. Of eight
# such squares this one tells the mouths of CelebA's and LFW's faces best.
_CENTER, _SIDE = (0.5, 0.66), 1.1


def mesh_faces(finder: MeshFinder, images: np.ndarray) -> Iterator[Face | None]:
    """The face of each crop, None where none is seen; one takes about 10 ms of a CPU core.

    Args:
        finder: the network of the mesh.
        images: uint8 [n, s, s, 3], face crops in CelebA's frame.
    """
    for image in progress_bar(images, desc="mesh", unit="face", leave=False):
        side = len(image)
        yield finder.find(image, Square(np.array(_CENTER) * side, _SIDE * side, 0.0))
