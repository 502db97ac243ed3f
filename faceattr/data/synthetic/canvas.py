"""The picture under the brush."""

import numpy as np

from faceattr.data.synthetic.colour import Colour
from faceattr.data.synthetic.geometry import View


class Canvas:
    """Float pixels that layers are painted onto.

    Attributes:
        pixels: float32 [3, size, size], sRGB, nominally in [0, 1].
    """

    def __init__(self, size: int):
        self.pixels = np.empty((3, size, size), np.float32)

    def paint(self, view: View, cover: np.ndarray, colour: Colour | np.ndarray) -> None:
        """Covers the view's pixels.

        Args:
            view: which pixels.
            cover: float32 [height, width] in [0, 1].
            colour: one colour, or float32 [3, height, width].
        """
        part = self.pixels[:, *view.box]
        if isinstance(colour, tuple):
            colour = np.array(colour, np.float32)[:, None, None]
        part += cover * (colour - part)

    def shade(self, view: View, amount: np.ndarray, tint: Colour) -> None:
        """Multiplies the view's pixels by `tint` where `amount`, in [0, 1], is 1."""
        part = self.pixels[:, *view.box]
        change = np.array(tint, np.float32)[:, None, None] - 1
        part *= 1 + amount * change
