"""Draws eyes, brows, nose and mouth."""

import numpy as np

from faceattr.data.synthetic.canvas import Canvas
from faceattr.data.synthetic.colour import mixed, scaled
from faceattr.data.synthetic.curves import (
    BROW_HALF_LENGTH,
    brow_line,
    eyelids,
    lip_edges,
    mouth_line,
)
from faceattr.data.synthetic.geometry import EYE_SPACING, Projection, View
from faceattr.data.synthetic.look import Look
from faceattr.data.synthetic.parameters import FaceParameters
from faceattr.data.synthetic.shapes import arc, blob, coverage, ellipse, ramp

NOSE_LIFT = 0.1
PUPIL_RISE = 0.002
BROW_OFFSET = 0.004
_SHADOW = (0.58, 0.44, 0.42)
_LASHES = (0.09, 0.06, 0.06)


def draw_eyes(canvas: Canvas, view: View, pose: Projection, face: FaceParameters, look: Look):
    """Draws both eyes with their lids."""
    half_width = face.eyes.half_width
    half_height = half_width * look.eye_openness
    for side in (-1, 1):
        centre = pose.to_head(side * EYE_SPACING, 0.0)
        part = pose.around(view, centre, half_width + 0.035, half_height + 0.045)
        x = part.u - side * EYE_SPACING
        # Mirrored so that x grows towards the temple on both sides.
        outward = x * side
        y = part.v + face.eyes.tilt * 0.35 * outward
        _draw_eye(canvas, part, (x, outward, y), face, look)


def _draw_eye(
    canvas: Canvas,
    part: View,
    place: tuple[np.ndarray, np.ndarray, np.ndarray],
    face: FaceParameters,
    look: Look,
) -> None:
    x, outward, y = place
    eyes, woman = face.eyes, not face.is_male
    half_width = eyes.half_width
    half_height = half_width * look.eye_openness
    along = outward * (1 / half_width)
    upper, lower = eyelids(along, face, look)
    almond = np.maximum(upper - y, y - lower) * 0.85
    inside = coverage(almond, part.pixel)
    if woman and face.makeup.lipstick_strength > 0:
        lid = blob(outward - 0.006, y + half_height * 1.1, half_width * 1.25, half_height * 1.3)
        shadow = mixed((0.45, 0.28, 0.34), face.makeup.lipstick, 0.2)
        canvas.paint(part, lid * (0.65 * face.makeup.eye_shadow), shadow)
    canvas.paint(part, inside, (0.94, 0.92, 0.90))
    gaze_x, gaze_y = eyes.gaze
    x, down = x - gaze_x, y - gaze_y + PUPIL_RISE
    radius = np.sqrt(x * x + down * down)
    iris = inside * coverage(radius - 0.0275, part.pixel)
    depth = 0.75 + 0.5 * ramp(down, -0.02, 0.025)
    colour = np.array(eyes.iris, np.float32)[:, None, None] * depth
    canvas.paint(part, iris, colour)
    canvas.paint(part, inside * coverage(np.abs(radius - 0.027) - 0.002, part.pixel) * 0.6, _LASHES)
    canvas.paint(part, inside * coverage(radius - 0.0125, part.pixel), (0.03, 0.03, 0.03))
    canvas.shade(part, inside * ramp(y - upper, 0.014, 0.0), (0.6, 0.56, 0.56))
    glint = coverage(np.hypot(x + 0.009, down + 0.010) - 0.0065, part.pixel)
    canvas.paint(part, inside * glint, (1.0, 1.0, 1.0))
    lash = (0.0072 if woman else 0.0048) * (0.7 + 0.5 * ramp(along, -1, 1))
    # The line of the upper lashes runs past the outer corner.
    upper_line = np.abs(y - upper) - lash
    upper_line = np.maximum(upper_line, np.abs(along) * half_width - half_width * 1.06)
    canvas.paint(part, coverage(upper_line, part.pixel) * 0.95, _LASHES)
    if woman:
        wing = np.hypot(outward - half_width - 0.004, (y + 0.006) * 1.6) - 0.009
        canvas.paint(part, coverage(wing, part.pixel) * 0.85, _LASHES)
    lower_line = np.maximum(np.abs(y - lower) - 0.002, np.abs(along) * half_width - half_width)
    canvas.shade(part, coverage(lower_line, part.pixel) * 0.7, _SHADOW)
    crease = np.abs(y - upper * 1.1 + half_height * 0.3 + 0.008) - 0.002
    crease = np.maximum(crease, np.abs(along) * half_width - half_width * 0.95)
    canvas.shade(part, coverage(crease, part.pixel) * 0.6, _SHADOW)


def draw_brows(canvas: Canvas, view: View, pose: Projection, face: FaceParameters, look: Look):
    """Draws both eyebrows."""
    brows = face.brows
    thickness = look.brow_thickness
    for side in (-1, 1):
        centre = pose.to_head(side * (EYE_SPACING + BROW_OFFSET), -brows.height)
        part = pose.around(view, centre, 0.1, 0.065)
        outward = part.u * side - EYE_SPACING - BROW_OFFSET
        y = part.v + brows.height
        # Thick by the nose, thin at the temple.
        width = thickness * (1 - 0.62 * ramp(outward, 0.0, 0.09))
        off = np.abs(y + brow_line(outward, brows)) - width
        stroke = np.maximum(off, np.abs(outward) - BROW_HALF_LENGTH)
        hairs = 0.92 + 0.08 * np.sin(outward * 420 + y * 300)
        cover = coverage(stroke, max(part.pixel, 0.009))
        canvas.paint(part, cover * hairs, look.brow)


def draw_nose(canvas: Canvas, view: View, pose: Projection, face: FaceParameters, look: Look):
    """Draws bridge, tip, wings and nostrils."""
    nose = face.nose
    part = pose.around(view, pose.to_head(0, 0.08, NOSE_LIFT / 2), 0.13, 0.15)
    shift_u, shift_v = pose.lifted_shift(NOSE_LIFT)
    rise = ramp(part.v, -0.03, nose.length)
    # The nose stands out more and more towards its tip, so yaw carries the tip furthest.
    x = part.u - shift_u * rise
    y = part.v - shift_v * rise
    light_x = face.light.direction[0]
    side = -1.0 if light_x > 0 else 1.0
    width = nose.half_width
    half = 0.017 + (width * 0.62 - 0.017) * ramp(y, 0.0, nose.length)
    flank = blob(x - side * half * 1.35, y - 0.055, 0.028 + 0.2 * width, 0.13)
    canvas.shade(part, flank * (0.35 + 0.3 * abs(light_x)), _SHADOW)
    other = blob(x + side * half * 1.4, y - 0.04, 0.024, 0.11)
    canvas.shade(part, other * 0.2, _SHADOW)
    canvas.paint(part, blob(x + side * 0.003, y - 0.055, 0.015, 0.1) * 0.2, (1.0, 0.95, 0.88))
    tip_y = y - nose.length
    under = blob(x, tip_y - 0.026, width * 1.05, 0.024)
    canvas.shade(part, under * 0.75, _SHADOW)
    ball = blob(x, tip_y, nose.tip * 1.5, nose.tip * 1.2)
    canvas.paint(part, ball * 0.16, (1.0, 0.92, 0.84))
    glint = blob(x + side * 0.006, tip_y + 0.008, nose.tip * 0.6, nose.tip * 0.5)
    canvas.paint(part, glint * 0.3, (1.0, 0.97, 0.93))
    outward = np.abs(x)
    wing = np.abs(ellipse(outward - width + 0.017, tip_y - 0.004, 0.02, 0.021)) - 0.003
    wing = np.maximum(wing, (width - 0.008 - outward) * 0.8)
    canvas.shade(part, coverage(wing, max(part.pixel, 0.008)) * 0.6, _SHADOW)
    nostril = ellipse(outward - width * 0.48, tip_y - 0.0165, width * 0.22, 0.0065)
    canvas.paint(part, coverage(nostril, max(part.pixel, 0.005)) * 0.8, scaled(look.skin, 0.28))


def draw_mouth(canvas: Canvas, view: View, pose: Projection, face: FaceParameters, look: Look):
    """Draws lips and, when they are apart, what is between them."""
    half_width, level, gap = look.mouth_half_width, face.mouth.level, look.gap
    centre = pose.to_head(0, level + gap * 0.4)
    part = pose.around(view, centre, half_width + 0.03, 0.085 + gap)
    along = part.u * (1 / half_width)
    square = along * along
    y = part.v - level - mouth_line(square, look)
    upper, inner_upper, inner_lower, lower = lip_edges(square, look)
    canvas.shade(part, blob(part.u, y - 0.06 - gap, half_width * 0.7, 0.022) * 0.5, _SHADOW)
    lips = coverage(np.maximum(upper - y, y - lower), part.pixel)
    canvas.paint(part, lips, look.lips)
    canvas.shade(part, lips * (y < 0.3 * gap), (0.84, 0.78, 0.78))
    shine = blob(part.u + 0.01, y - 0.95 * gap - 0.016 * look.lip_height, half_width * 0.5, 0.011)
    canvas.paint(part, lips * shine * (0.14 if face.is_male else 0.3), (1.0, 0.92, 0.9))
    if gap:
        _draw_gap(canvas, part, y, inner_upper, inner_lower)
    line = np.maximum(np.abs(y) - 0.0045, (np.abs(along) - 1.02) * half_width)
    closed = coverage(line, part.pixel) * (0.3 if gap else 0.85)
    if gap:
        closed = closed * ramp(np.abs(along), 0.8, 1.0) * 3
    canvas.paint(part, np.minimum(closed, 0.85), scaled(mixed(look.lips, look.skin, 0.2), 0.38))
    corner = blob(np.abs(part.u) - half_width - 0.004, y, 0.016, 0.016)
    canvas.shade(part, corner * 0.55, _SHADOW)


def _draw_gap(
    canvas: Canvas, part: View, y: np.ndarray, inner_upper: np.ndarray, inner_lower: np.ndarray
) -> None:
    inside = coverage(np.maximum(inner_upper - y, y - inner_lower), part.pixel)
    canvas.paint(part, inside, (0.20, 0.05, 0.06))
    depth = y - inner_upper
    tongue = ramp(inner_lower - y, 0.022, 0.004)
    canvas.paint(part, inside * tongue * 0.8, (0.62, 0.26, 0.28))
    height = 0.45 * (inner_lower - inner_upper)
    teeth = coverage(depth - height, part.pixel)
    canvas.paint(part, inside * teeth, (0.95, 0.93, 0.89))
    canvas.shade(part, inside * teeth * ramp(depth, 0.006, 0.0), (0.72, 0.68, 0.68))


def draw_chin_lines(canvas: Canvas, view: View, pose: Projection, face: FaceParameters, look: Look):
    """Draws the fold under the chin of a full face."""
    if face.head.fullness <= 0.7:
        return
    part = pose.around(view, (0.0, look.chin + 0.02), 0.2, 0.06)
    fold = arc(part.x, part.y - look.chin - 0.005, 0.14, -0.03, 0.006, 0.002)
    canvas.shade(part, coverage(fold, max(part.pixel, 0.012)) * 0.6, _SHADOW)
