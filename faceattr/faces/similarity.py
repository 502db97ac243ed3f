"""A similarity of the plane: it turns, scales and shifts, and never mirrors."""

from __future__ import annotations

import dataclasses
import math

import numpy as np


@dataclasses.dataclass(frozen=True)
class Similarity:
    """(x, y) -> (a x - b y + shift_x, b x + a y + shift_y).

    Attributes:
        a, b: float, scale times cosine and sine of the angle, which is clockwise as y points down.
        shift_x, shift_y: float.
    """

    a: float
    b: float
    shift_x: float
    shift_y: float

    @property
    def scale(self) -> float:
        """How much longer a line becomes."""
        return math.hypot(self.a, self.b)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Where points go: float [..., 2] to float64 [..., 2]."""
        x, y = np.moveaxis(np.asarray(points, np.float64), -1, 0)
        return np.stack(
            (self.a * x - self.b * y + self.shift_x, self.b * x + self.a * y + self.shift_y), -1
        )

    def inverse(self) -> Similarity:
        """What undoes it."""
        square = self.a**2 + self.b**2
        a, b = self.a / square, -self.b / square
        return Similarity(
            a, b, -(a * self.shift_x - b * self.shift_y), -(b * self.shift_x + a * self.shift_y)
        )


def fit(source: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None) -> Similarity:
    """The similarity that takes `source` nearest to `target`, by least squares.

    In the plane, and without mirroring, Umeyama's solution (1991) has a closed form.

    Args:
        source, target: float [n, 2], n >= 2; the points of `source` must not all be one.
        weights: float [n], how much the square of each distance counts; None for all alike.
    """
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    weights = np.ones(len(source)) if weights is None else np.asarray(weights, np.float64)
    middle, goal = (np.average(points, axis=0, weights=weights) for points in (source, target))
    (x, y), (u, v) = (source - middle).T, (target - goal).T
    spread = float(weights @ (x * x + y * y))
    assert spread > 0, "one point says nothing of scale and angle"
    a, b = float(weights @ (x * u + y * v)) / spread, float(weights @ (x * v - y * u)) / spread
    turned = Similarity(a, b, 0.0, 0.0)(middle)
    return Similarity(a, b, *(float(value) for value in goal - turned))


def square_to_unit(center: np.ndarray, side: float, angle: float = 0.0) -> Similarity:
    """Takes a square of a photo to the unit square.

    Args:
        center: float [2], (x, y) of its centre.
        side: float, > 0.
        angle: float, radians, how far its upper side is turned clockwise.
    """
    a, b = math.cos(angle) / side, -math.sin(angle) / side
    turned = Similarity(a, b, 0.0, 0.0)(center)
    return Similarity(a, b, 0.5 - float(turned[0]), 0.5 - float(turned[1]))
