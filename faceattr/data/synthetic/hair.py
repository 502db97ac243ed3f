"""Draws the hair of the head: a layer behind it and a layer over the forehead and sides."""

import dataclasses

import numpy as np

from faceattr.data.synthetic.canvas import Canvas
from faceattr.data.synthetic.geometry import Projection, View
from faceattr.data.synthetic.look import Look
from faceattr.data.synthetic.parameters import FaceParameters
from faceattr.data.synthetic.shapes import coverage, ellipse, ramp, texture_gain
from faceattr.data.synthetic.skin import CROWN


@dataclasses.dataclass(frozen=True)
class _Style:
    """How a hair style is cut.

    Attributes:
        hairline: v of the hair's edge above the nose.
        sweep: slope of the hairline away from the parting.
        bulk: factor on the volume above and beside the skull.
        length: y where the hair ends at the sides; above 0.3 it also falls behind the neck.
        cover: how far the side locks reach over the cheeks.
        curl: depth of the curls, 0 for strands.
    """

    hairline: float
    sweep: float
    bulk: float
    length: float
    cover: float
    curl: float


_STYLES = {
    "short": _Style(-0.225, 0.10, 1.0, 0.04, 0.0, 0.0),
    "buzz": _Style(-0.245, 0.0, 0.35, 0.05, 0.0, 0.0),
    "swept": _Style(-0.235, 0.32, 1.35, 0.08, 0.005, 0.0),
    "fringe": _Style(-0.145, 0.08, 1.1, 0.09, 0.01, 0.0),
    "curly": _Style(-0.215, 0.0, 1.5, 0.05, 0.0, 0.012),
    "receding": _Style(-0.325, 0.0, 0.45, 0.06, 0.0, 0.0),
    "shoulder": _Style(-0.215, 0.25, 1.0, 0.55, 0.03, 0.0),
    "long": _Style(-0.225, 0.45, 1.0, 0.75, 0.035, 0.0),
    "long_bangs": _Style(-0.125, 0.04, 1.1, 0.75, 0.03, 0.0),
    "long_swept": _Style(-0.215, 0.75, 1.1, 0.75, 0.045, 0.0),
    "bob": _Style(-0.215, 0.5, 1.15, 0.30, 0.045, 0.0),
    "bob_bangs": _Style(-0.13, 0.04, 1.15, 0.27, 0.045, 0.0),
    "curls": _Style(-0.205, 0.05, 1.7, 0.40, 0.04, 0.022),
    "updo": _Style(-0.225, 0.22, 0.9, 0.07, 0.01, 0.0),
}


def draw_back_hair(canvas: Canvas, view: View, pose: Projection, face: FaceParameters, look: Look):
    """Draws what falls behind the head and the neck."""
    if face.hair_style == "bald":
        return
    style = _STYLES[face.hair_style]
    if face.hair_style == "updo" and face.clothes.hat is None:
        bun = pose.around(view, (pose.axis, -0.47), 0.12, 0.1)
        ball = coverage(ellipse(bun.x - pose.axis, bun.y + 0.46, 0.105, 0.085), bun.pixel)
        canvas.paint(bun, ball, _strands(bun, pose, face, look, 0.85))
    if style.length > 0.2:
        cover = coverage(_outline(view, pose, face, look, style), view.pixel)
        canvas.paint(view, cover, _strands(view, pose, face, look, 0.6))


def draw_front_hair(canvas: Canvas, view: View, pose: Projection, face: FaceParameters, look: Look):
    """Draws the hair over the skull down to the hairline, and the locks at the sides."""
    if face.hair_style == "bald":
        return
    style = _STYLES[face.hair_style]
    if style.length <= 0.2:
        view = pose.around(view, (pose.axis, -0.22), 0.46, 0.38)
    outline = _outline(view, pose, face, look, style)
    edge = _hairline(view, face, style)
    top = np.maximum(outline, (view.v - edge) * 0.8)
    if style.length > 0.2:
        x = np.abs(view.x - pose.axis + _waves(view, face))
        inner = look.half_width * (1 - 0.09 * ramp(view.y, 0.1, 0.4)) - style.cover
        inner = inner + 0.10 * ramp(view.y, -0.02, -0.28) ** 2
        locks = np.maximum(np.maximum(outline, inner - x), -0.2 - view.y)
        top = np.minimum(top, locks)
    # Hair casts a soft shadow on the skin beside it.
    shadow = ramp(top, 0.03, 0.0) * ramp(outline, 0.0, -0.03)
    canvas.shade(view, shadow * 0.45, (0.60, 0.50, 0.48))
    cover = coverage(top, max(view.pixel, 0.008))
    canvas.paint(view, cover, _strands(view, pose, face, look, 1.0))


def _outline(view: View, pose: Projection, face: FaceParameters, look: Look, style: _Style):
    """Signed distance to the outer edge of the hair."""
    x = view.x - pose.axis
    first, second, _, _ = face.hair.strands
    tufts = (0.005 + style.curl) * np.sin(x * 47 + view.y * 21 + first)
    tufts *= np.sin(view.y * 39 - x * 17 + second)
    volume = face.hair.volume * style.bulk
    if face.clothes.hat is not None:
        # A hat presses the hair flat, or it would stick out above.
        volume = min(volume, 0.03)
        tufts *= ramp(view.y, -0.15, 0.0)
    if style.length <= 0.2:
        cap = ellipse(x, view.y, look.half_width + 0.004 + 0.4 * volume, CROWN + volume) + tufts
        # Cut to run out into the sideburns, not over the ears.
        end = view.y - style.length + 1.6 * np.maximum(np.abs(x) - 0.93 * look.half_width, 0)
        return np.maximum(cap, end * 0.7)
    side = look.half_width + 0.008 + 0.55 * volume
    cap = ellipse(x, view.y, side, CROWN + volume) + tufts
    fall = np.abs(x + _waves(view, face)) - side + tufts - 0.04 * ramp(view.y, 0.0, 0.4)
    fall = np.where(view.y > 0, fall, cap)
    # The ends of a bob are rounded inwards.
    bend = 0.35 * np.maximum(np.abs(x) - 0.2, 0)
    return np.maximum(fall, view.y + bend - style.length)


def _hairline(view: View, face: FaceParameters, style: _Style) -> np.ndarray:
    """v of the lower edge of the hair on the forehead and temples."""
    side = view.u * (1 / 0.283)
    side = side * side
    edge = style.hairline + 0.26 * side * side * side - 0.10 * side * np.maximum(1 - side, 0)
    away = view.u - face.hair.part
    edge = edge + style.sweep * np.abs(away) * ramp(np.abs(away), 0.0, 0.12) * 0.8
    first, second, _, _ = face.hair.strands
    ragged = 0.004 * np.sin(view.u * 61 + first) + 0.003 * np.sin(view.u * 113 + second)
    return np.minimum(edge + ragged, 0.9)


def _waves(view: View, face: FaceParameters) -> np.ndarray:
    """Sideways displacement of long hair."""
    if not face.hair.wave:
        return np.zeros((), np.float32)
    return face.hair.wave * ramp(view.y, -0.2, 0.1) * np.sin(view.y * 26 + face.hair.strands[3])


def _strands(view: View, pose: Projection, face: FaceParameters, look: Look, light: float):
    """Colours of the strands, which spread from the parting: float32 [3, height, width]."""
    first, second, third, fourth = face.hair.strands
    x = view.x - pose.axis + _waves(view, face)
    spread = (x - face.hair.part) / np.maximum(view.y + 0.75, 0.2)
    lines = 0.8 * np.sin(spread * 37 + third + view.y * 3)
    # Strands finer than the pixels would turn into a pattern that no finer picture has.
    for frequency, phase, lean in ((71, first, 5), (123, second, -7), (211, fourth, 2)):
        gain = texture_gain(frequency * 2.2, view.pixel)
        if gain:
            lines += 0.8 * gain * np.sin(spread * frequency + phase + view.y * lean)
    curl = _STYLES[face.hair_style].curl
    if curl:
        rings = np.sin(x * 83 + 2 * np.sin(view.y * 61 + first) + second)
        depth = 1.8 * texture_gain(140, view.pixel)
        lines = 0.4 * lines + depth * rings * np.sin(view.y * 77 + 2 * np.sin(x * 53 + third))
    light_x, _ = face.light.direction
    crown = np.hypot(x, view.y)
    sheen = np.maximum(1 - ((crown - 0.33) * (1 / 0.08)) ** 2, 0) * ramp(view.y, 0.0, -0.25)
    sheen = sheen * (1 + 0.5 * lines) * ramp(x * light_x, -0.15, 0.1)
    tone = light * (0.9 + 0.06 * lines) + 0.25 * light_x * x
    colour = np.array(look.hair, np.float32)[:, None, None]
    return colour * tone + (0.10 * light + 0.10 * colour) * sheen
