"""Shapes as signed distances, soft blobs, and their coverage of pixels.

Grids are float32 [height, width] and may be empty. A signed distance is negative inside; it is
exact for segments and discs, and near enough around the edge for the others.
"""

import numpy as np

Grid = np.ndarray


def _unit(values: Grid) -> Grid:
    """Clips to [0, 1]; `np.clip` takes several times as long on small grids."""
    return np.minimum(np.maximum(values, 0), 1)


def coverage(distance: Grid, pixel: float) -> Grid:
    """Share of each pixel that a shape covers, in [0, 1].

    Args:
        distance: signed distance to the shape's edge.
        pixel: side of a pixel in the same unit; a larger value softens the edge.
    """
    return _unit(0.5 - distance * (1 / pixel))


def ramp(values: Grid, start: float, stop: float) -> Grid:
    """0 at `start`, 1 at `stop`, linear between, clipped beyond; `start` may exceed `stop`."""
    return _unit((values - start) * (1 / (stop - start)))


def texture_gain(frequency: float, pixel: float) -> float:
    """Contrast that a wave keeps when averaged over pixels; 0 where it would alias.

    Args:
        frequency: of the wave, in radians per unit.
        pixel: side of a pixel in the same unit.
    """
    return max(0.0, 1 - (frequency * pixel / np.pi) ** 2)


def blob(x: Grid, y: Grid, half_width: float, half_height: float) -> Grid:
    """A soft bump: 1 at the origin, falling smoothly to 0 at the ellipse and beyond."""
    inside = np.maximum(1 - (x * (1 / half_width)) ** 2 - (y * (1 / half_height)) ** 2, 0)
    return inside * inside


def ellipse(x: Grid, y: Grid, half_width: float, half_height: float) -> Grid:
    """Signed distance to an ellipse around the origin, first order in the distance."""
    x, y = x * (1 / half_width), y * (1 / half_height)
    radius = np.sqrt(x * x + y * y) + 1e-6
    slope = np.sqrt((x * (1 / half_width)) ** 2 + (y * (1 / half_height)) ** 2) + 1e-6
    return radius * (radius - 1) / slope


def superellipse(
    x: Grid, y: Grid, half_width: float, half_height: Grid | float, square: float
) -> Grid:
    """Distance-like value of a squircle: `square` 0 is an ellipse, 1 a rectangle, below 0 a rhomb.

    Args:
        x: grid.
        y: grid.
        half_width: of the shape.
        half_height: of the shape; a grid gives the upper and the lower half different heights.
        square: in [-1, 1].

    Returns:
        float32 grid, negative inside, scaled to the mean radius.
    """
    x = x * (1 / half_width)
    y = y / half_height
    x, y = x * x, y * y
    squared = x + y - square * x * y
    return (np.sqrt(np.maximum(squared, 1e-6)) - 1) * (half_width * 1.15)


def segment(x: Grid, y: Grid, start: tuple[float, float], stop: tuple[float, float]) -> Grid:
    """Distance to a line segment."""
    along_x, along_y = stop[0] - start[0], stop[1] - start[1]
    x, y = x - start[0], y - start[1]
    share = _unit((x * along_x + y * along_y) * (1 / (along_x * along_x + along_y * along_y)))
    return np.hypot(x - share * along_x, y - share * along_y)


def rounded_box(x: Grid, y: Grid, half_width: float, half_height: float, radius: float) -> Grid:
    """Signed distance to a rectangle around the origin with round corners."""
    over_x = np.abs(x) - (half_width - radius)
    over_y = np.abs(y) - (half_height - radius)
    outside = np.hypot(np.maximum(over_x, 0), np.maximum(over_y, 0))
    return outside + np.minimum(np.maximum(over_x, over_y), 0) - radius


def arc(
    x: Grid, y: Grid, half_length: float, rise: float, thickness: float, tail: float = 0.0
) -> Grid:
    """Signed distance to a stroke along a parabola, tapering to its ends.

    The parabola passes through (+-half_length, 0) and (0, -rise): it arches upwards.

    Args:
        x: grid, 0 at the middle.
        y: grid, 0 at the ends.
        half_length: of the chord.
        rise: of the middle above the chord; negative sags.
        thickness: half thickness in the middle.
        tail: half thickness at the ends.
    """
    along = x * (1 / half_length)
    fall = along * along
    slope = 2 * rise / half_length * along
    off = np.abs(y + rise * (1 - fall)) / np.sqrt(1 + slope * slope)
    width = tail + (thickness - tail) * np.maximum(1 - fall, 0)
    return np.maximum(off - width, (np.abs(along) - 1) * half_length)
