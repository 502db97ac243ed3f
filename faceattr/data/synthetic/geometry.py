"""From parameters to what is drawn: states resolved, pose projected, pixels located.

Two systems of coordinates, both with the origin between the eyes and in fractions of the image
side: head coordinates (x, y), flat, rolled and scaled with the head; and face coordinates (u, v)
on its curved front, which turn with yaw and pitch, so that a feature drawn at a fixed (u, v)
moves and narrows as a face's does.
"""

import dataclasses
import functools
import math

import numpy as np

from faceattr.data.synthetic.parameters import FaceParameters

# Where CelebA's mean face has its eyes, in the central 148 of 178 x 218 pixels.
EYE_CENTRE = (0.4955, 0.524)
EYE_SPACING = 0.1295

# The front of the face bulges like a paraboloid of this depth and radius.
_DEPTH = 0.22
_RADIUS = 0.34
# The eyes lie this far before the axis that the head turns about.
_EYES_BEFORE_AXIS = 0.17


@dataclasses.dataclass(frozen=True)
class View:
    """Coordinates of a rectangle of pixels.

    Attributes:
        box: rows and columns of the rectangle within the image.
        x: float32 [height, width], head coordinates.
        y: the same.
        u: float32 [height, width], face coordinates.
        v: the same.
        pixel: side of a pixel in head coordinates.
    """

    box: tuple[slice, slice]
    x: np.ndarray
    y: np.ndarray
    u: np.ndarray
    v: np.ndarray
    pixel: float


class Projection:
    """The pose and placement of one head: face to head to image coordinates, and back."""

    def __init__(self, parameters: FaceParameters):
        pose = parameters.pose
        self._sin, self._cos = _turn(pose.yaw)
        self._bend = _DEPTH * self._sin / _RADIUS**2
        self._sin_pitch, self._cos_pitch = _turn(pose.pitch)
        self._sin_roll, self._cos_roll = _turn(pose.roll)
        self._scale = parameters.head.scale
        shift_x, shift_y = parameters.head.shift
        self._centre = (EYE_CENTRE[0] + shift_x, EYE_CENTRE[1] + shift_y)
        self.yaw_sine = self._sin
        self.yaw_cosine = self._cos
        self.axis = -_EYES_BEFORE_AXIS * self._sin

    def to_head(self, u: float, v: float, lift: float = 0.0) -> tuple[float, float]:
        """Head coordinates of the point (u, v) of the face, `lift` before its surface."""
        x = u * self._cos - self._bend * (u * u - EYE_SPACING**2) + lift * self._sin
        y = v * self._cos_pitch - self._pitch_bend(x) - lift * self._sin_pitch
        return x, y

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """Fractions of the image side of a point in head coordinates."""
        x, y = x * self._scale, y * self._scale
        return (
            self._centre[0] + x * self._cos_roll - y * self._sin_roll,
            self._centre[1] + x * self._sin_roll + y * self._cos_roll,
        )

    def lifted_shift(self, lift: float) -> tuple[float, float]:
        """By how much (u, v) a point `lift` before the surface seems to be displaced."""
        return lift * self._sin / self._cos, -lift * self._sin_pitch

    def view(self, size: int) -> View:
        """Coordinates of all pixels of a size x size image."""
        image_x, image_y = _pixel_centres(size)
        right = (image_x - self._centre[0]) * (1 / self._scale)
        down = (image_y - self._centre[1]) * (1 / self._scale)
        x = right * self._cos_roll + down * self._sin_roll
        y = down * self._cos_roll - right * self._sin_roll
        # The root of bend u^2 - cos u + x - bend spacing^2 = 0 that is continuous at yaw 0.
        offset = x - self._bend * EYE_SPACING**2
        root = np.sqrt(np.maximum(self._cos**2 - 4 * self._bend * offset, 0.01))
        u = 2 * offset / (self._cos + root)
        v = (y + self._pitch_bend(x)) * (1 / self._cos_pitch)
        whole = (slice(0, size), slice(0, size))
        return View(whole, x, y, u, v, 1 / (size * self._scale))

    def around(
        self, view: View, centre: tuple[float, float], half_width: float, half_height: float
    ) -> View:
        """The part of the whole view around a rectangle in head coordinates."""
        size = view.x.shape[0]
        column, row = self.to_image(*centre)
        cos, sin = abs(self._cos_roll), abs(self._sin_roll)
        reach_x = (half_width * cos + half_height * sin) * self._scale + 1.5 / size
        reach_y = (half_width * sin + half_height * cos) * self._scale + 1.5 / size
        rows = _span(row - reach_y, row + reach_y, size)
        columns = _span(column - reach_x, column + reach_x, size)
        box = (rows, columns)
        return View(box, view.x[box], view.y[box], view.u[box], view.v[box], view.pixel)

    def _pitch_bend(self, x):
        return (self._sin_pitch * _DEPTH / _RADIUS**2) * (x * x)


def _turn(degrees: float) -> tuple[float, float]:
    return math.sin(math.radians(degrees)), math.cos(math.radians(degrees))


def _span(low: float, high: float, size: int) -> slice:
    start = min(max(math.floor(low * size), 0), size)
    return slice(start, max(min(math.ceil(high * size), size), start))


@functools.lru_cache(maxsize=8)
def _pixel_centres(size: int) -> tuple[np.ndarray, np.ndarray]:
    centres = (np.arange(size, dtype=np.float32) + 0.5) / size
    x, y = np.meshgrid(centres, centres)
    x.flags.writeable = y.flags.writeable = False
    return x, y
