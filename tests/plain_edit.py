"""What an edit of a face makes of a photo, in the plainest way: no Pillow, no strips of rows, no
single precision. make_vectors.py has from it what the page in the browser is held to as well."""

import math

import numpy as np

LUMINANCE = np.array((0.299, 0.587, 0.114))
FEATHER, MOST_ENLARGED, EPSILON = 0.08, 8, 0.02


def plain_edit(photo, to_unit, residual, luminance, strength):
    """The edited levels, before they are rounded.

    Args:
        photo: uint8 [height, width, 3].
        to_unit: takes a pixel of the photo, (x, y), to fractions of the face crop's side.
        residual, luminance: [s, s, 3] and [s, s], as the network gave and saw them.
        strength: float.
    """
    size, residual = len(residual), residual * strength
    side = max(1, min(round(1 / to_unit.scale), MOST_ENLARGED * size))
    large = cubic(cubic(residual, side, 0), side, 1)
    slope = np.zeros_like(large)
    if side > size:
        maps = np.concatenate((slopes(residual, luminance), luminance[:, :, None]), axis=2)
        maps = cubic(cubic(maps, side, 0), side, 1)
        slope = maps[:, :, :3]
        large = large - slope * maps[:, :, 3:]
    edited = photo.astype(np.float64)
    for y, x in np.ndindex(photo.shape[:2]):
        u, v = to_unit((x + 0.5, y + 0.5))
        if not (0 <= u < 1 and 0 <= v < 1):
            continue
        here = float((photo[y, x] / 127.5 - 1) @ LUMINANCE)
        place = v * side - 0.5, u * side - 0.5
        added = between(large, *place) + between(slope, *place) * here
        ramp = min(max(min(u, 1 - u, v, 1 - v) / FEATHER, 0), 1)
        edited[y, x] += 127.5 * ramp * ramp * (3 - 2 * ramp) * added
    return np.clip(edited, 0, 255)


def cubic(maps, side, axis):
    """Keys' cubic convolution (a = -1/2) along one axis; stretched where it makes smaller."""
    size = maps.shape[axis]
    stretch = max(1.0, size / side)
    rows = np.zeros((side, size))
    for index in range(side):
        center = (index + 0.5) * size / side
        for place in range(size):
            t = abs((place + 0.5 - center) / stretch)
            if t < 1:
                rows[index, place] = (1.5 * t - 2.5) * t * t + 1
            elif t < 2:
                rows[index, place] = ((-0.5 * t + 2.5) * t - 4) * t + 2
        rows[index] /= rows[index].sum()
    return np.moveaxis(np.tensordot(rows, maps, (1, axis)), 0, axis)


def between(maps, y, x):
    """Bilinear; beyond the border its values are repeated."""
    top, left = math.floor(y), math.floor(x)
    down, right = y - top, x - left
    rows = [min(max(row, 0), len(maps) - 1) for row in (top, top + 1)]
    columns = [min(max(column, 0), len(maps) - 1) for column in (left, left + 1)]
    upper, lower = (
        maps[row, columns[0]] * (1 - right) + maps[row, columns[1]] * right for row in rows
    )
    return upper * (1 - down) + lower * down


def slopes(residual, luminance):
    guide = luminance[:, :, None]
    mean = means(guide)
    variance = means(guide * guide) - mean * mean
    covariance = means(guide * residual) - mean * means(residual)
    return means(covariance / (variance + EPSILON))


def means(maps):
    """Over 3x3 pixels; those of the border are repeated."""
    padded = np.pad(maps, ((1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = maps.shape[:2]
    parts = [padded[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    return sum(parts) / 9
