"""Draws glasses, earrings and hat."""

import numpy as np

from faceattr.data.synthetic.canvas import Canvas
from faceattr.data.synthetic.colour import scaled
from faceattr.data.synthetic.geometry import EYE_SPACING, Projection, View
from faceattr.data.synthetic.look import Look
from faceattr.data.synthetic.parameters import FaceParameters
from faceattr.data.synthetic.shapes import arc, blob, coverage, ellipse, ramp, rounded_box, segment

# The lenses stand this far before the eyes.
_LENS_LIFT = 0.05


def draw_glasses(canvas: Canvas, view: View, pose: Projection, face: FaceParameters, look: Look):
    """Draws eyeglasses, a flat frame that turns with the head."""
    glasses = face.glasses
    if not glasses.worn:
        return
    cos, sin = pose.yaw_cosine, pose.yaw_sine
    part = pose.around(view, (0.0, 0.01), look.half_width + 0.05, glasses.half_height + 0.05)
    x = (part.x - _LENS_LIFT * sin) * (1 / cos)
    y = part.v - 0.012
    spacing = max(EYE_SPACING + 0.006, glasses.half_width + 0.018)
    rim = glasses.rim
    radius = glasses.roundness * glasses.half_height
    outward = np.abs(x) - spacing
    lens = rounded_box(outward, y, glasses.half_width, glasses.half_height, radius)
    inside = coverage(lens, part.pixel)
    canvas.paint(part, inside * glasses.opacity, glasses.tint)
    beam = np.abs(outward + y * 0.7 + 0.035) - 0.012
    streak = inside * coverage(beam, max(part.pixel, 0.012)) * ramp(y, 0.03, -0.04)
    canvas.paint(part, streak * 0.35, (1.0, 1.0, 1.0))
    shadow = coverage(np.abs(lens + 0.004) - rim * 1.6, max(part.pixel, 0.016))
    canvas.shade(part, shadow * 0.25, (0.5, 0.45, 0.45))
    bridge = arc(x, y + 0.022, spacing - glasses.half_width + 0.012, 0.012, rim, rim)
    frame = np.minimum(np.abs(lens) - rim, bridge)
    canvas.paint(part, coverage(frame, part.pixel), glasses.frame)
    gloss = coverage(np.abs(lens + rim * 0.2) - rim * 0.35, part.pixel) * ramp(y, -0.02, -0.07)
    canvas.paint(part, gloss * 0.3, (1.0, 1.0, 1.0))


def draw_temples(canvas: Canvas, view: View, pose: Projection, face: FaceParameters, look: Look):
    """Draws the bars from the lenses to the ears, which hair may cover."""
    glasses = face.glasses
    if not glasses.worn:
        return
    part = pose.around(view, (0.0, 0.0), look.half_width + 0.05, 0.05)
    reach = max(EYE_SPACING + 0.006, glasses.half_width + 0.018) + glasses.half_width
    for side in (-1, 1):
        hinge = side * reach * pose.yaw_cosine + _LENS_LIFT * pose.yaw_sine
        ear = pose.axis + side * look.half_width * 0.99
        # A temple that the turned face hides would otherwise stick out in front of the lens.
        if (ear - hinge) * side < 0.004:
            continue
        bar = segment(part.x, part.y, (hinge, -0.012), (ear, 0.0))
        canvas.paint(part, coverage(bar - glasses.rim * 0.9, part.pixel), glasses.frame)


def draw_earrings(canvas: Canvas, view: View, pose: Projection, face: FaceParameters, look: Look):
    """Draws earrings under the lobes."""
    colour = face.makeup.earrings
    if colour is None or face.is_male:
        return
    for side in (-1, 1):
        centre = (pose.axis + side * (look.half_width * pose.yaw_cosine + 0.004), 0.165)
        part = pose.around(view, centre, 0.03, 0.045)
        x, y = part.x - centre[0], part.y - centre[1]
        canvas.paint(part, coverage(ellipse(x, y, 0.017, 0.03), part.pixel), scaled(colour, 0.85))
        canvas.paint(part, blob(x + 0.005, y + 0.008, 0.01, 0.014), (1.0, 1.0, 0.97))


def draw_hat(canvas: Canvas, view: View, pose: Projection, face: FaceParameters, look: Look):
    """Draws a knitted hat down to the forehead."""
    colour = face.clothes.hat
    if colour is None:
        return
    part = pose.around(view, (pose.axis, -0.3), look.half_width + 0.12, 0.26)
    x = part.x - pose.axis
    edge = part.v + 0.17 - 0.35 * part.u * part.u
    dome = np.maximum(ellipse(x, part.y + 0.08, look.half_width + 0.05, 0.42), edge)
    knit = 0.92 + 0.08 * np.sin(x / np.maximum(part.y + 0.9, 0.2) * 130)
    tone = np.array(colour, np.float32)[:, None, None] * knit
    canvas.paint(part, coverage(dome, part.pixel), tone)
    band = np.maximum(np.abs(edge + 0.035) - 0.035, np.abs(x) - look.half_width - 0.055)
    canvas.paint(part, coverage(band, part.pixel), scaled(colour, 0.72))
