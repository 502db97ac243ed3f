"""The 468 points of a face, and whether there is one: MediaPipe's face mesh."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from faceattr.faces import warp
from faceattr.faces.detector import Detection
from faceattr.faces.face import Face, five_points, mirrored
from faceattr.faces.network import Network, sigmoid
from faceattr.faces.similarity import Similarity, square_to_unit

# The network was trained on faces with so much around them: of the larger side of their mesh.
_MARGIN = 1.5
LEAST_SCORE = 0.5
"""What scores below it is no face."""


@dataclasses.dataclass(frozen=True, eq=False)
class Square:
    """What the mesh looks at.

    Attributes:
        center: float64 [2].
        side: float.
        angle: float, radians, by which it is turned so that the eyes lie level in it.
    """

    center: np.ndarray
    side: float
    angle: float

    @classmethod
    def around(cls, detection: Detection, margin: float) -> Square:
        """A square of `margin` times the larger side of a detector's box."""
        low, high = detection.box[:2], detection.box[2:]
        left_eye, right_eye = detection.eyes
        across, down = (float(value) for value in right_eye - left_eye)
        side = float((high - low).max()) * margin
        return cls((low + high) / 2, side, math.atan2(down, across))

    @classmethod
    def around_mesh(cls, mesh: np.ndarray) -> Square:
        """The same around a mesh, float [468, 2], turned as it is turned."""
        left_eye, right_eye = five_points(mesh)[:2]
        angle = math.atan2(right_eye[1] - left_eye[1], right_eye[0] - left_eye[0])
        level = square_to_unit(np.zeros(2), 1.0, angle)
        low, high = level(mesh).min(axis=0), level(mesh).max(axis=0)
        side = float((high - low).max()) * _MARGIN
        return cls(level.inverse()((low + high) / 2), side, angle)


class MeshFinder:
    """The network of the mesh."""

    def __init__(self) -> None:
        self._network = Network("face_landmark.tflite")

    def find(self, image: np.ndarray, square: Square) -> Face | None:
        """The face in a square of a photo; None if there is none.

        It is looked for a second time where its mesh was found, as a detector's box is a rough one,
        and there in the mirror image as well: the five points are means of both.

        Args:
            image: uint8 [height, width, 3].
            square: where to look.
        """
        seen, back = self._seen(image, square)
        mesh, score = self._look(seen)
        if score < LEAST_SCORE:
            return None
        square = Square.around_mesh(back(mesh[:, :2]))
        seen, back = self._seen(image, square)
        mesh, score = self._look(seen)
        if score < LEAST_SCORE:
            return None
        mirror_image, _ = self._look(np.ascontiguousarray(seen[:, ::-1]))
        points = (five_points(mesh) + mirrored(five_points(mirror_image), 1.0)) / 2
        in_photo = np.concatenate((back(mesh[:, :2]), mesh[:, 2:] * square.side), axis=1)
        return Face.of(in_photo, back(points), score)

    def _seen(self, image: np.ndarray, square: Square) -> tuple[np.ndarray, Similarity]:
        """What the network sees, float32 [size, size, 3] in [0, 1], and the way back to the photo
        from fractions of its side."""
        to_square = square_to_unit(square.center, square.side, square.angle)
        seen = warp.crop(image, to_square, self._network.size).astype(np.float32) / 255
        return seen, to_square.inverse()

    def _look(self, seen: np.ndarray) -> tuple[np.ndarray, float]:
        """Mesh, float64 [468, 3] in fractions of the side, and score."""
        mesh, presence = self._network(seen)
        points = mesh.reshape(-1, 3).astype(np.float64) / self._network.size
        return points, float(sigmoid(presence.ravel())[0])
