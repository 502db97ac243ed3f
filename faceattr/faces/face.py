"""Face: what is found of a face in a photo."""

from __future__ import annotations

import dataclasses
import math
from typing import NamedTuple

import numpy as np

# Places in the mesh. Left is the image's.
_LEFT_EYE = (33, 160, 158, 133, 153, 144)
_RIGHT_EYE = (362, 385, 387, 263, 373, 380)
# Between the nearest ones, which lie a little above the tip of the nose and within the corners
# of the mouth: so the five points agree best with others' landmarks (docs/faces.md).
_NOSE = (4, 4, 4, 1)
_LEFT_MOUTH, _RIGHT_MOUTH = (61, 61, 61, 57), (291, 291, 291, 287)
_FOREHEAD, _CHIN = 10, 152
_LEFT_CHEEK, _RIGHT_CHEEK = 234, 454


class Turn(NamedTuple):
    """How a head is turned, in degrees, estimated from its mesh.

    Attributes:
        yaw: float, positive if the face looks to the image's right.
        pitch: float, positive if it looks up.
        roll: float, positive if it is tilted clockwise as seen.
    """

    yaw: float
    pitch: float
    roll: float


@dataclasses.dataclass(frozen=True, eq=False)
class Face:
    """A face in a photo. Coordinates are pixels of the photo, whose left upper corner is (0, 0).

    Attributes:
        box: (left, top, right, bottom) of the mesh, from forehead to chin; may reach past the
            border of the photo.
        points: float32 [5, 2], (x, y) of the eye on the image's left, the eye on its right, the tip
            of the nose, the left and the right corner of the mouth.
        mesh: float32 [468, 3], the points of MediaPipe's face mesh; z is depth in the same unit,
            smaller nearer to the camera.
        score: float in [0, 1], how sure the mesh is that this is a face.
        turn: how the head is turned.
    """

    box: tuple[float, float, float, float]
    points: np.ndarray
    mesh: np.ndarray
    score: float
    turn: Turn

    @property
    def side(self) -> float:
        """The larger side of the box in pixels."""
        left, top, right, bottom = self.box
        return max(right - left, bottom - top)

    @classmethod
    def of(cls, mesh: np.ndarray, points: np.ndarray, score: float) -> Face:
        """A face with the box and the turn of its mesh.

        Args:
            mesh: float [468, 3], in pixels of the photo.
            points: float [5, 2], the same.
            score: see `Face`.
        """
        (left, top), (right, bottom) = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
        box = (float(left), float(top), float(right), float(bottom))
        return cls(box, points.astype(np.float32), mesh.astype(np.float32), score, _turn(mesh))


def five_points(mesh: np.ndarray) -> np.ndarray:
    """The five points of a mesh: float [468, 2 or 3] to float [5, 2]; see `Face.points`."""
    groups = (_LEFT_EYE, _RIGHT_EYE, _NOSE, _LEFT_MOUTH, _RIGHT_MOUTH)
    return np.stack([mesh[list(group), :2].mean(axis=0) for group in groups])


def mirrored(points: np.ndarray, width: float) -> np.ndarray:
    """The five points of a mirrored image of this width, from those of the image; and back."""
    return (points * (-1, 1) + (width, 0))[[1, 0, 2, 4, 3]]


def _turn(mesh: np.ndarray) -> Turn:
    to_right = (mesh[_RIGHT_EYE[3]] - mesh[_LEFT_EYE[0]]) + (mesh[_RIGHT_CHEEK] - mesh[_LEFT_CHEEK])
    to_chin = mesh[_CHIN] - mesh[_FOREHEAD]
    yaw = math.atan2(to_right[2], math.hypot(to_right[0], to_right[1]))
    pitch = math.atan2(-to_chin[2], math.hypot(to_chin[0], to_chin[1]))
    roll = math.atan2(to_right[1], to_right[0])
    return Turn(*(math.degrees(angle) for angle in (yaw, pitch, roll)))
