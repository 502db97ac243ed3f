"""Draws beard and moustache."""

import numpy as np

from faceattr.data.synthetic.canvas import Canvas
from faceattr.data.synthetic.geometry import Projection, View
from faceattr.data.synthetic.look import Look
from faceattr.data.synthetic.parameters import FaceParameters
from faceattr.data.synthetic.shapes import coverage, ellipse, ramp, texture_gain
from faceattr.data.synthetic.skin import head_distance

# How far the beard stands out from the jaw, its opacity, and how soft its edge is.
_LENGTHS = {"full": 0.022, "short": 0.008, "goatee": 0.014, "stubble": 0.0}
_OPACITIES = {"full": 1.0, "short": 0.85, "goatee": 0.95, "stubble": 0.62}


def draw_beard(canvas: Canvas, view: View, pose: Projection, face: FaceParameters, look: Look):
    """Draws the beard, leaving out the lips, before the mouth is drawn."""
    if not face.has_beard:
        return
    style = face.beard.style
    part = pose.around(view, (pose.axis * 0.5, 0.27), look.half_width + 0.05, 0.28)
    u, v = part.u, part.v
    across = np.abs(u)
    level = face.mouth.level
    moustache = _moustache(u, v, face, look)
    if style == "goatee":
        chin = ellipse(u, v - level - 0.095 - look.gap * 0.7, 0.095, 0.085)
        link = np.maximum(np.abs(across - look.mouth_half_width * 0.95) - 0.02, level - 0.02 - v)
        link = np.maximum(link, v - level - 0.1)
        area = np.minimum(np.minimum(chin, link), moustache)
    else:
        # The cheek line falls from the sideburns to the corners of the moustache.
        line = 0.245 - 0.75 * np.maximum(across - 0.12, 0)
        side = ramp(across, 0.20, 0.255)
        line = line - 0.22 * side
        area = np.minimum(line - v, moustache)
    bald = _lip_gap(u, v, level, look)
    area = np.maximum(area, bald)
    outline = head_distance(part, pose, look) - _LENGTHS[style] * ramp(v, 0.15, 0.4)
    area = np.maximum(area, outline)
    cover = coverage(area, max(part.pixel, 0.02))
    first, second, third, _ = face.hair.strands
    # Hairs run down and outwards, and never in rows.
    curl = texture_gain(140, part.pixel) * np.sin(
        u * 110 + 3 * np.sin(v * 43 + u * 17 + first) + second
    )
    curl = curl + texture_gain(330, part.pixel) * np.sin(
        u * 260 - v * 120 + 2 * np.sin(v * 71 - u * 29 + third)
    )
    opacity = face.beard.density * _OPACITIES[style] * (0.95 + 0.03 * curl)
    shade = 0.92 + 0.07 * curl - 0.25 * ramp(v, 0.3, 0.46)
    colour = np.array(look.beard, np.float32)[:, None, None] * shade
    canvas.paint(part, cover * np.clip(opacity, 0, 1), colour)


def _moustache(u: np.ndarray, v: np.ndarray, face: FaceParameters, look: Look) -> np.ndarray:
    half_width = look.mouth_half_width * 1.12
    along = u * (1 / half_width)
    square = along * along
    middle = face.mouth.level - 0.052 + 0.045 * square - look.gap * 0.2
    thick = 0.023 * (1 - 0.55 * square)
    return np.maximum(np.abs(v - middle) - thick, (np.abs(along) - 1) * half_width)


def _lip_gap(u: np.ndarray, v: np.ndarray, level: float, look: Look) -> np.ndarray:
    """Negative distance inside the bare skin around the lips."""
    height = 0.037 * look.lip_height + 0.55 * look.gap + 0.008
    centre = v - level - 0.005 - 0.35 * look.gap
    return -ellipse(u, centre, look.mouth_half_width * 1.02, height)
