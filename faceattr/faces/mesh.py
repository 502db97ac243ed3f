"""The 468 points of a face, and whether there is one: MediaPipe's face mesh."""

from __future__ import annotations

import dataclasses

import numpy as np

from faceattr.faces import warp
from faceattr.faces.detector import Detection
from faceattr.faces.face import Face, eye_line
from faceattr.faces.network import Network, sigmoid
from faceattr.faces.similarity import square_to_unit

# The network sees the box and half of its larger side around it.
_MARGIN = 1.5


@dataclasses.dataclass(frozen=True, eq=False)
class Square:
    """What the mesh looks at.

    Attributes:
        center: float64 [2].
        side: float.
        angle: float, radians, that the eyes lie level.
    """

    center: np.ndarray
    side: float
    angle: float

    @classmethod
    def of_detection(cls, detection: Detection) -> Square:
        """Around a detector's box."""
        low, high = detection.box[:2], detection.box[2:]
        side = float((high - low).max()) * _MARGIN
        return cls((low + high) / 2, side, eye_line(*detection.eyes))

    @classmethod
    def of_face(cls, face: Face) -> Square:
        """Around a mesh, turned as it is turned."""
        angle = eye_line(face.points[0], face.points[1])
        level = square_to_unit(np.zeros(2), 1.0, angle)
        turned = level(face.mesh[:, :2])
        low, high = turned.min(axis=0), turned.max(axis=0)
        return cls(level.inverse()((low + high) / 2), float((high - low).max()) * _MARGIN, angle)


class MeshFinder:
    """The network of the mesh."""

    def __init__(self) -> None:
        self._network = Network("face_landmark.tflite")

    def find(self, image: np.ndarray, square: Square) -> Face:
        """The mesh in a square of a photo, whatever there is: its score tells whether it is a face.

        Args:
            image: uint8 [height, width, 3].
            square: where to look.
        """
        size = self._network.size
        to_square = square_to_unit(square.center, square.side, square.angle)
        seen = warp.crop(image, to_square, size)
        mesh, presence = self._network(seen.astype(np.float32) / 255)
        mesh = mesh.reshape(-1, 3).astype(np.float64) / size
        flat = to_square.inverse()(mesh[:, :2])
        depth = mesh[:, 2:] * square.side
        score = float(sigmoid(presence.ravel())[0])
        return Face.of(np.concatenate((flat, depth), axis=1), score)
