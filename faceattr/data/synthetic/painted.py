"""Glasses by themselves, to be painted onto photographs of faces without any."""

import dataclasses

import numpy as np

from faceattr.data.synthetic import accessories
from faceattr.data.synthetic.canvas import Canvas
from faceattr.data.synthetic.geometry import Projection
from faceattr.data.synthetic.look import resolve
from faceattr.data.synthetic.parameters import FaceParameters
from faceattr.data.synthetic.sampling import sample_parameters

_SIGHT = 0.08  # of the first glasses' lenses: clear


@dataclasses.dataclass(frozen=True, eq=False)
class PaintedGlasses:
    """Glasses that lie over a picture: `through * picture + paint`.

    Attributes:
        through: float32 [n, size, size, 3] in [0, 1], how much of the picture is seen.
        paint: float32 [n, size, size, 3], what is added, for pictures in [-1, 1].
    """

    through: np.ndarray
    paint: np.ndarray

    @property
    def cover(self) -> np.ndarray:
        """float32 [n, size, size, 1] in [0, 1]: where they are, frame and dark lenses most."""
        return 1 - self.through.min(axis=-1, keepdims=True)


def painted_glasses(count: int, size: int, seed: int = 0) -> PaintedGlasses:
    """Draws glasses where the project's face crops have the eyes.

    Args:
        count: int >= 1. The first are dark frames with clear lenses, straight and in the middle,
            the same for every seed; the others are sampled, with a little turn and play.
        size: int, side of the face crops.
        seed: int >= 0.
    """
    faces = [_first(sample_parameters(0, 0))]
    faces += [_worn(sample_parameters(seed, index)) for index in range(1, count)]
    # All that is painted is affine in what it is painted onto: two pictures tell it.
    black, white = (
        np.stack([_over(face, size, ground) for face in faces]) for ground in (0.0, 1.0)
    )
    through = white - black
    return PaintedGlasses(through, through + 2 * black - 1)


def _over(face: FaceParameters, size: int, ground: float) -> np.ndarray:
    canvas = Canvas(size)
    canvas.pixels[:] = ground
    pose = Projection(face)
    view, look = pose.view(size), resolve(face)
    accessories.draw_temples(canvas, view, pose, face, look)
    accessories.draw_glasses(canvas, view, pose, face, look)
    return canvas.pixels.transpose(1, 2, 0)


def _first(face: FaceParameters) -> FaceParameters:
    replace = dataclasses.replace
    return replace(
        face,
        pose=replace(face.pose, yaw=0.0, pitch=0.0, roll=0.0),
        head=replace(face.head, half_width=0.285, scale=1.0, shift=(0.0, 0.0)),
        glasses=replace(
            face.glasses,
            worn=True,
            half_width=0.098,
            half_height=0.068,
            roundness=0.6,
            rim=0.0115,
            frame=(0.1, 0.09, 0.09),
            opacity=_SIGHT,
        ),
    )


def _worn(face: FaceParameters) -> FaceParameters:
    # Of a face that is aligned by its eyes: half of the turn, a quarter of the play.
    replace = dataclasses.replace
    pose, head = face.pose, face.head
    return replace(
        face,
        pose=replace(pose, yaw=pose.yaw / 2, pitch=pose.pitch / 2, roll=pose.roll / 4),
        head=replace(
            head,
            scale=1 + (head.scale - 1) / 4,
            shift=(head.shift[0] / 4, head.shift[1] / 4),
        ),
        glasses=replace(face.glasses, worn=True),
    )
