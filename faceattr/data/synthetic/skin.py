"""Draws the head: ears, lit skin, cheeks and the signs of age."""

import numpy as np

from faceattr.data.synthetic.canvas import Canvas
from faceattr.data.synthetic.colour import scaled
from faceattr.data.synthetic.geometry import EYE_SPACING, Projection, View
from faceattr.data.synthetic.look import Look
from faceattr.data.synthetic.parameters import FaceParameters
from faceattr.data.synthetic.shapes import arc, blob, coverage, ellipse, ramp, superellipse

CROWN = 0.38
# Shadows on skin are redder than the skin itself.
_SHADOW = (0.62, 0.50, 0.47)


def head_distance(view: View, pose: Projection, look: Look) -> np.ndarray:
    """Signed distance to the outline of the bare head."""
    below = ramp(view.y, 0.0, look.chin)
    half_height = np.where(view.y > 0, np.float32(look.chin), np.float32(CROWN))
    x = (view.x - jaw_shift(below, pose)) * _taper(below, look)
    return superellipse(x, view.y, look.half_width, half_height, look.squareness)


def jaw_shift(below, pose: Projection):
    """x of the middle of the head at a share `below` of the way from eyes to chin.

    The chin lies as far before the axis of the turn as the eyes do; the skull does not.
    """
    return pose.axis * (1 - 0.85 * below)


def jaw_half_width(below: float, look: Look) -> float:
    """Half width of the head at a share `below` of the way from the eyes to the chin."""
    square = (1 - below**2) / (1 - look.squareness * below**2)
    return look.half_width * float(np.sqrt(max(square, 0.0))) / _taper(below, look)


def _taper(below, look: Look):
    """Narrowing of the jaw towards the chin, on top of that of the squircle."""
    return 1 + (0.16 - 0.3 * look.squareness) * below * below


def draw_head(canvas: Canvas, view: View, pose: Projection, face: FaceParameters, look: Look):
    """Draws the ears, the skin of the head and its shading."""
    _draw_ears(canvas, view, pose, look)
    centre = (pose.axis * 0.5, (look.chin - CROWN) / 2)
    part = pose.around(view, centre, look.half_width + 0.07, (look.chin + CROWN) / 2 + 0.03)
    distance = head_distance(part, pose, look)
    cover = coverage(distance, part.pixel)
    # The neck below lies in the shadow of the chin.
    below = part.y + 0 * part.x
    shadow = blob(part.x - pose.axis * 0.4, below - look.chin - 0.005, 0.2, 0.09)
    canvas.shade(part, shadow * 0.8, _SHADOW)
    canvas.paint(part, cover, _lit_skin(part, pose, face, look))
    edge = cover * ramp(distance, -0.035, 0.004)
    canvas.shade(part, edge * 0.5, _SHADOW)


def _lit_skin(view: View, pose: Projection, face: FaceParameters, look: Look) -> np.ndarray:
    normal_x = (view.x - pose.axis) * (1 / 0.33)
    normal_y = view.y * (1 / 0.46)
    normal_z = np.sqrt(np.maximum(1 - normal_x * normal_x - normal_y * normal_y, 0.02))
    light_x, light_y = face.light.direction
    light_z = float(np.sqrt(1 - light_x**2 - light_y**2))
    facing = normal_x * light_x + normal_y * light_y + normal_z * light_z
    diffuse = face.light.diffuse
    light = 1.02 - diffuse + diffuse * 1.05 * facing
    u, v = view.u, view.v
    across = np.abs(u)
    # Eye sockets, the sides of the nose, and the dip under the lower lip.
    light = light - 0.13 * blob(across - EYE_SPACING + 0.012, v + 0.028, 0.10, 0.075)
    light = light + 0.07 * blob(across - 0.14, v - 0.13, 0.09, 0.07)
    light = light + 0.05 * blob(u, v + 0.19, 0.2, 0.12)
    light = light + 0.06 * blob(u, v - look.chin + 0.055, 0.08, 0.05)
    light = light - 0.10 * blob(u, v - face.mouth.level - 0.068, 0.07, 0.03)
    pixels = np.empty((3, *light.shape), np.float32)
    red, green, blue = look.skin
    pixels[0] = light * (0.85 * red) + 0.15 * red
    pixels[1] = light * (1.04 * green) - 0.04 * green
    pixels[2] = light * (1.08 * blue) - 0.08 * blue
    blush = 0.06 + 0.16 * face.skin.blush
    rosy = blush * blob(across - 0.165, v - 0.15, 0.10, 0.085) + 0.08 * blob(
        u, v - 0.14, 0.06, 0.05
    )
    if look.smile:
        rosy = rosy + 0.05 * look.smile * blob(across - 0.17, v - 0.14, 0.09, 0.07)
    pixels[1] *= 1 - rosy
    pixels[2] *= 1 - 0.8 * rosy
    if look.wrinkles:
        first, second, third, fourth = face.skin.blotches
        blotches = np.sin(u * 31 + first + 2 * np.sin(v * 19 + second)) * np.sin(
            v * 37 + third + 2 * np.sin(u * 23 + fourth)
        )
        pixels *= 1 - 0.05 * look.wrinkles * blotches
    return pixels


def _draw_ears(canvas: Canvas, view: View, pose: Projection, look: Look) -> None:
    for side in (-1, 1):
        centre_x = pose.axis + side * (look.half_width * pose.yaw_cosine + 0.006)
        part = pose.around(view, (centre_x, 0.05), 0.05, 0.1)
        x, y = part.x - centre_x - side * 0.06 * (0.05 - part.y), part.y - 0.05
        cover = coverage(ellipse(x, y, 0.038, 0.082), part.pixel)
        canvas.paint(part, cover, scaled(look.skin, 0.9))
        canvas.shade(part, blob(x - side * 0.004, y, 0.026, 0.06) * 0.7, _SHADOW)


def draw_cheeks(canvas: Canvas, view: View, pose: Projection, face: FaceParameters, look: Look):
    """Draws the folds of a smile and the signs of age."""
    if look.smile:
        _draw_smile_folds(canvas, view, pose, look)
    if look.wrinkles:
        _draw_wrinkles(canvas, view, pose, face, look)


def _draw_smile_folds(canvas: Canvas, view: View, pose: Projection, look: Look) -> None:
    part = pose.around(view, pose.to_head(0, 0.2), 0.24, 0.12)
    across = np.abs(part.u)
    along = part.v - 0.21
    crease = across - 0.122 - 0.03 * ramp(along, -0.07, 0.08)
    fold = blob(crease, along, 0.017, 0.085)
    canvas.shade(part, fold * (0.38 * look.smile), _SHADOW)
    apple = blob(across - 0.165, part.v - 0.125, 0.062, 0.045)
    canvas.paint(part, apple * 0.16 * look.smile, (1.0, 0.86, 0.78))


def _draw_wrinkles(canvas: Canvas, view: View, pose: Projection, face: FaceParameters, look: Look):
    strength = look.wrinkles
    forehead = pose.around(view, pose.to_head(0, -0.18), 0.24, 0.08)
    u, v = forehead.u, forehead.v
    lines = np.zeros_like(u)
    for row, phase in enumerate(face.age.lines):
        wavy = v + 0.215 - 0.036 * row + 0.006 * np.sin(u * 24 + phase)
        stroke = arc(u, wavy, 0.15 - 0.012 * row, 0.008, 0.0045, 0.001)
        lines = np.maximum(lines, coverage(stroke, max(forehead.pixel, 0.008)))
    canvas.shade(forehead, lines * (0.6 * strength), _SHADOW)
    middle = pose.around(view, pose.to_head(0, 0.12), 0.32, 0.22)
    across, v = np.abs(middle.u), middle.v
    crow = np.zeros_like(across)
    for rise in (-0.45, 0.05, 0.5):
        turned = v + 0.004 - rise * (across - 0.195)
        stroke = arc(across - 0.218, turned, 0.023, 0.002, 0.004, 0.001)
        crow = np.maximum(crow, coverage(stroke, max(middle.pixel, 0.007)))
    canvas.shade(middle, crow * (0.5 * strength), _SHADOW)
    bag = arc(across - EYE_SPACING + 0.005, v - 0.048, 0.06, -0.022, 0.007, 0.002)
    bags = coverage(bag, max(middle.pixel, 0.014))
    canvas.shade(middle, bags * (0.35 + 0.35 * face.age.bags), _SHADOW)
    crease = across - 0.085 - 0.34 * (v - 0.14) - 0.012 * np.sin((v - 0.14) * 24)
    fold = blob(crease, v - 0.215, 0.013, 0.085)
    canvas.shade(middle, fold * (0.8 * strength), _SHADOW)
