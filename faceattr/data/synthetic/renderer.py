"""Renders a face, and tells where a flipped column changes it."""

import numpy as np

from faceattr.data.synthetic import accessories, features, hair, scene, skin
from faceattr.data.synthetic.attributes import flip
from faceattr.data.synthetic.beard import draw_beard
from faceattr.data.synthetic.canvas import Canvas
from faceattr.data.synthetic.geometry import Projection
from faceattr.data.synthetic.look import resolve
from faceattr.data.synthetic.parameters import FaceParameters

BEHIND_THE_BODY = (hair.draw_back_hair,)
OVER_THE_BODY = (
    skin.draw_head,
    features.draw_chin_lines,
    skin.draw_cheeks,
    features.draw_eyes,
    features.draw_brows,
    features.draw_nose,
    draw_beard,
    features.draw_mouth,
    accessories.draw_temples,
    hair.draw_front_hair,
    accessories.draw_earrings,
    accessories.draw_hat,
    accessories.draw_glasses,
)
# From back to front.
_LAYERS = (*BEHIND_THE_BODY, scene.draw_neck, *OVER_THE_BODY)


def render(parameters: FaceParameters, size: int) -> np.ndarray:
    """Renders the face.

    Args:
        parameters: the face.
        size: int in [32, 512], the side of the square image in pixels.

    Returns:
        uint8 [size, size, 3], RGB.
    """
    assert 32 <= size <= 512, f"size {size} is outside [32, 512]"
    canvas = Canvas(size)
    pose = Projection(parameters)
    view = pose.view(size)
    look = resolve(parameters)
    scene.draw_background(canvas, parameters.background)
    for draw in _LAYERS:
        draw(canvas, view, pose, parameters, look)
    scene.light_scene(canvas, parameters)
    scene.add_noise(canvas, parameters)
    pixels = np.clip(canvas.pixels * 255 + 0.5, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(pixels.transpose(1, 2, 0))


def region_mask(parameters: FaceParameters, column: str, size: int) -> np.ndarray:
    """Returns where flipping `column` can change the rendered face.

    Args:
        parameters: the face; it and its flipped twin have the same mask.
        column: a column that `flip` knows.
        size: int in [32, 512], the side of the image in pixels.

    Returns:
        bool [size, size]: every pixel that differs between the two renderings, and a margin of
        one pixel in 64 around those.
    """
    twin = render(flip(parameters, column), size)
    mask = (render(parameters, size) != twin).any(axis=-1)
    margin = max(1, round(size / 64))
    for axis in (0, 1):
        grown = mask.copy()
        for step in range(1, margin + 1):
            ahead = [slice(None), slice(None)]
            behind = [slice(None), slice(None)]
            ahead[axis], behind[axis] = slice(step, None), slice(None, -step)
            grown[*ahead] |= mask[*behind]
            grown[*behind] |= mask[*ahead]
        mask = grown
    return mask
