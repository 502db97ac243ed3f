"""Where the points of a face are in the image: CelebA's five and iBUG 300-W's sixty-eight."""

import numpy as np

from faceattr.data.synthetic.curves import (
    BROW_HALF_LENGTH,
    brow_line,
    eyelids,
    lip_edges,
    mouth_line,
)
from faceattr.data.synthetic.features import BROW_OFFSET, NOSE_LIFT, PUPIL_RISE
from faceattr.data.synthetic.geometry import EYE_SPACING, Projection
from faceattr.data.synthetic.look import Look, resolve
from faceattr.data.synthetic.parameters import FaceParameters
from faceattr.data.synthetic.skin import jaw_half_width, jaw_shift

_Point = tuple[float, float]


def landmarks(parameters: FaceParameters) -> np.ndarray:
    """Returns CelebA's five landmarks.

    Returns:
        float32 [5, 2], (x, y) as fractions of the image side: the eyes (their pupils), left one
        in the image first, the tip of the nose, the left and the right corner of the mouth.
    """
    pose, look = Projection(parameters), resolve(parameters)
    gaze_x, gaze_y = parameters.eyes.gaze
    points = [(side * EYE_SPACING + gaze_x, gaze_y - PUPIL_RISE) for side in (-1, 1)]
    points.append(_on_nose(pose, 0.0, parameters.nose.length))
    corner = look.mouth_half_width
    level = parameters.mouth.level + float(mouth_line(np.ones(()), look))
    points += [(-corner, level), (corner, level)]
    return _on_face(pose, points)


def landmarks68(parameters: FaceParameters) -> np.ndarray:
    """Returns sixty-eight landmarks in the order of iBUG 300-W.

    Jaw (17), brows (5 + 5), bridge (4) and base (5) of the nose, eyes (6 + 6), outer (12) and
    inner (8) edge of the lips; left is the image's left. Points of the jaw may lie beyond the
    frame, all others within.

    Returns:
        float32 [68, 2], (x, y) as fractions of the image side.
    """
    pose, look = Projection(parameters), resolve(parameters)
    points: list[_Point] = []
    for side in (-1, 1):
        points += _brow(parameters, side)
    nose = parameters.nose
    points += [_on_nose(pose, 0.0, nose.length * share) for share in (0.1, 0.4, 0.7, 1.0)]
    points += [
        _on_nose(pose, nose.half_width * share, nose.length + 0.028 - 0.01 * abs(share))
        for share in (-0.75, -0.4, 0.0, 0.4, 0.75)
    ]
    for side in (-1, 1):
        points += _eye(parameters, look, side)
    points += _lips(parameters, look)
    return np.concatenate((_jaw(pose, look), _on_face(pose, points)))


def _on_face(pose: Projection, points: list[_Point]) -> np.ndarray:
    located = [pose.to_image(*pose.to_head(u, v)) for u, v in points]
    return np.array(located, np.float32)


def _on_nose(pose: Projection, u: float, v: float) -> _Point:
    """Face coordinates at which a point of the nose is seen: it stands out before the face."""
    shift_u, shift_v = pose.lifted_shift(NOSE_LIFT)
    share = min(max(v / 0.146, 0.0), 1.0)
    return u + shift_u * share, v + shift_v * share


def _jaw(pose: Projection, look: Look) -> np.ndarray:
    points = []
    for angle in np.linspace(-np.pi / 2, np.pi / 2, 17):
        below = float(np.cos(angle))
        half_width = jaw_half_width(below, look) * (1 if angle > 0 else -1)
        x = half_width + jaw_shift(below, pose)
        points.append(pose.to_image(float(x), below * look.chin))
    return np.array(points, np.float32)


def _brow(face: FaceParameters, side: int) -> list[_Point]:
    outward = np.linspace(-BROW_HALF_LENGTH, BROW_HALF_LENGTH, 5)
    rise = brow_line(outward, face.brows)
    points = [
        (side * (EYE_SPACING + BROW_OFFSET + float(out)), -face.brows.height - float(up))
        for out, up in zip(outward, rise, strict=True)
    ]
    return points if side > 0 else points[::-1]


def _eye(face: FaceParameters, look: Look, side: int) -> list[_Point]:
    along = np.array((-1.0, -0.4, 0.4, 1.0))
    upper, lower = eyelids(along, face, look)
    half_width = face.eyes.half_width
    tilt = face.eyes.tilt * 0.35 * half_width * along
    x = side * (EYE_SPACING + half_width * along)
    above = [(float(a), float(b)) for a, b in zip(x, upper - tilt, strict=True)]
    below = [(float(a), float(b)) for a, b in zip(x[1:3], (lower - tilt)[1:3], strict=True)]
    if side > 0:
        return above + below[::-1]
    return above[::-1] + below


def _lips(face: FaceParameters, look: Look) -> list[_Point]:
    def row(places: tuple[float, ...], edge: int) -> list[_Point]:
        along = np.array(places)
        square = along * along
        level = face.mouth.level + mouth_line(square, look) + lip_edges(square, look)[edge]
        x = along * look.mouth_half_width
        return [(float(a), float(b)) for a, b in zip(x, level, strict=True)]

    outer = row((-1.0, -0.6, -0.22, 0.0, 0.22, 0.6, 1.0), 0) + row((0.65, 0.3, 0, -0.3, -0.65), 3)
    inner = row((-0.92, -0.4, 0.0, 0.4, 0.92), 1) + row((0.4, 0.0, -0.4), 2)
    return outer + inner
