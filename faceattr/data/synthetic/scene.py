"""Draws what is around the head: background, neck and clothes."""

import math

import numpy as np

from faceattr.data.synthetic.canvas import Canvas
from faceattr.data.synthetic.colour import mixed, scaled
from faceattr.data.synthetic.geometry import Projection, View
from faceattr.data.synthetic.look import Look
from faceattr.data.synthetic.parameters import FaceParameters
from faceattr.data.synthetic.setting import Background, Clothes
from faceattr.data.synthetic.shapes import arc, blob, coverage, ramp, segment


def draw_background(canvas: Canvas, background: Background) -> None:
    """Fills the picture; the background does not move with the head."""
    size = canvas.pixels.shape[1]
    centres = (np.arange(size, dtype=np.float32) + 0.5) / size
    x, y = centres[None, :], centres[:, None]
    first, second = (np.array(colour, np.float32)[:, None, None] for colour in background.colours)
    if background.kind == "plain":
        # Even a plain wall is a little darker towards its foot.
        share = 0.25 * y + 0 * x
    else:
        angle = math.radians(background.angle)
        share = 0.5 + 0.7 * ((x - 0.5) * math.cos(angle) + (y - 0.5) * math.sin(angle))
    if background.kind == "blobs":
        for centre_x, centre_y, radius, mix in background.blobs:
            share = share + blob(x - centre_x, y - centre_y, radius, radius) * (mix - share)
    canvas.pixels[:] = first + (second - first) * share


def draw_neck(canvas: Canvas, view: View, pose: Projection, face: FaceParameters, look: Look):
    """Draws neck, shoulders and clothes, as far as the frame shows them."""
    bust = pose.around(view, (0.0, 0.52), 0.8, 0.32)
    half_width = 0.155 * (1.1 if face.is_male else 0.88) + 0.012 * face.head.fullness
    x = bust.x - 0.6 * pose.axis
    flare = np.maximum(bust.y - 0.36, 0) ** 2 * 3
    neck = coverage(np.abs(x) - half_width - flare, bust.pixel)
    canvas.paint(bust, neck, scaled(look.skin, 0.8))
    side = face.light.direction[0]
    canvas.shade(bust, neck * ramp(-side * x, -0.1, 0.2) * abs(side), (0.75, 0.68, 0.66))
    _draw_clothes(canvas, bust, x, face)


def _draw_clothes(canvas: Canvas, bust: View, x: np.ndarray, face: FaceParameters) -> None:
    clothes = face.clothes
    slope = 0.355 + 0.28 * np.maximum(np.abs(x) - 0.14, 0)
    cloth = bust.y - slope
    if clothes.collar == "v_neck":
        opening = np.abs(x) * 1.4 + (bust.y - 0.56)
    else:
        opening = x * x * 2.2 + (bust.y - 0.46)
    cover = coverage(np.maximum(-cloth, opening * -0.7), bust.pixel)
    canvas.paint(bust, cover, cloth_colours(x, bust.y, clothes))
    if clothes.collar in ("shirt", "tie"):
        left = segment(x, bust.y, (-0.17, 0.37), (-0.03, 0.50))
        right = segment(x, bust.y, (0.17, 0.37), (0.03, 0.50))
        flaps = coverage(np.minimum(left, right) - 0.03, bust.pixel)
        canvas.paint(bust, flaps, mixed(clothes.colour, (1.0, 1.0, 1.0), 0.45))
    if clothes.collar == "tie":
        tie = coverage(np.maximum(np.abs(x) - 0.035, 0.45 - bust.y), bust.pixel)
        canvas.paint(bust, tie, clothes.accent)
    necklace = face.makeup.necklace
    if necklace is not None and not face.is_male:
        chain = coverage(arc(x, bust.y - 0.39, 0.15, -0.055, 0.007, 0.007), bust.pixel)
        canvas.paint(bust, chain, necklace)


def cloth_colours(x: np.ndarray, y: np.ndarray, clothes: Clothes) -> np.ndarray:
    """Colours of the cloth, float32 [3, height, width], at places in head coordinates."""
    folds = 0.9 + 0.1 * np.sin(x * 23 + y * 9)
    return np.array(clothes.colour, np.float32)[:, None, None] * folds


def light_scene(canvas: Canvas, face: FaceParameters) -> None:
    """Applies the warmth of the light to the whole picture."""
    warmth = face.light.warmth
    gains = np.array((1 + warmth / 2, 1, 1 - warmth / 2), np.float32)
    canvas.pixels *= gains[:, None, None]


def add_noise(canvas: Canvas, face: FaceParameters) -> None:
    """Adds the sensor's noise, the same for every channel of a pixel."""
    size = canvas.pixels.shape[1]
    generator = np.random.Generator(np.random.SFC64(face.camera.seed))
    noise = generator.standard_normal((size, size), dtype=np.float32)
    canvas.pixels += noise * face.camera.noise
