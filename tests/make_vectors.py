"""Writes tests/vectors/, to which both the Python and the JavaScript code are held.

    python tests/make_vectors.py

What warp.json wants is computed here a second time, a pixel at a time, in the plainest way.
"""

import json
import math
import pathlib

import numpy as np
from PIL import Image
from plain_edit import plain_edit

from faceattr.faces import face, template
from faceattr.faces.finder import FaceFinder
from faceattr.faces.similarity import Similarity, fit, square_to_unit

ROOT = pathlib.Path(__file__).parents[1]
VECTORS = ROOT / "tests" / "vectors"


def plain_warp(image: np.ndarray, to_crop: Similarity, size: int) -> np.ndarray:
    """What `warp.crop` must give before it rounds, as a loop over pixels in double precision."""
    photo, span = image.astype(np.float64), 1 / (to_crop.scale * size)
    pixel = 1
    while span >= 2:
        rows, columns = (-(-length // 2) for length in photo.shape[:2])
        halved = np.empty((rows, columns, 3))
        for y in range(rows):
            for x in range(columns):
                below, right = min(2 * y + 1, len(photo) - 1), min(2 * x + 1, photo.shape[1] - 1)
                halved[y, x] = (
                    photo[2 * y, 2 * x]
                    + photo[2 * y, right]
                    + photo[below, 2 * x]
                    + photo[below, right]
                ) / 4
        photo, span, pixel = halved, span / 2, pixel * 2
    back = to_crop.inverse()
    out = np.empty((size, size, 3))
    for row in range(size):
        for column in range(size):
            x, y = back(np.array(((column + 0.5) / size, (row + 0.5) / size))) / pixel - 0.5
            out[row, column] = _between(photo, float(x), float(y))
    return out


def _between(photo: np.ndarray, x: float, y: float) -> np.ndarray:
    last_x, last_y = photo.shape[1] - 1, len(photo) - 1
    left, top = math.floor(x), math.floor(y)
    total = np.zeros(3)
    for column, across in ((left, 1 - (x - left)), (left + 1, x - left)):
        for row, down in ((top, 1 - (y - top)), (top + 1, y - top)):
            inside = photo[min(max(row, 0), last_y), min(max(column, 0), last_x)]
            total += inside * across * down
    return total


def warps() -> list[dict]:
    """Crops within, across the border, outside, enlarged, level, turned, halved up to thrice."""
    draws = np.random.default_rng(0)
    squares = [
        ((8.3, 6.1), 9.0, 0.0, 6),
        ((8.3, 6.1), 7.7, 0.4, 8),
        ((2.0, 11.0), 12.0, -1.1, 5),
        ((-20.0, 5.0), 6.0, 0.2, 3),
        ((9.6, 6.4), 17.3, 0.1, 4),
        ((9.6, 6.4), 26.0, 3.0, 3),
        ((7.1, 6.9), 2.2, 0.7, 5),
        ((7.0, 7.0), 14.0, 0.0, 1),
    ]
    cases = []
    for center, side, angle, size in squares:
        image = draws.integers(0, 256, (13, 19, 3), np.uint8)
        to_crop = square_to_unit(np.array(center), side, angle)
        cases.append(
            {
                "image": image.tolist(),
                "to_crop": [to_crop.a, to_crop.b, to_crop.shift_x, to_crop.shift_y],
                "size": size,
                "crop": np.floor(plain_warp(image, to_crop, size) + 0.5).astype(int).tolist(),
            }
        )
    return cases


def similarities() -> list[dict]:
    """Five points, a template and the weights -> a, b and the shift."""
    draws = np.random.default_rng(1)
    cases = []
    for points_of in (template.CELEBA, template.DRAWN):
        turned = square_to_unit(np.array((310.0, 170.0)), 140.0, 0.3).inverse()
        points = turned(np.array(points_of)) + draws.normal(0, 3, (5, 2))
        for weights in ([1, 1, 1, 1, 1], list(template.WEIGHTS)):
            found = fit(points, np.array(points_of), np.array(weights))
            cases.append(
                {
                    "points": points.tolist(),
                    "template": [list(point) for point in points_of],
                    "weights": weights,
                    "to_crop": [found.a, found.b, found.shift_x, found.shift_y],
                }
            )
    return cases


def five_points() -> dict:
    """A made-up mesh -> its five points and the turn of the head."""
    mesh = np.random.default_rng(2).integers(0, 200, (468, 3))
    found = face.Face.of(mesh, face.five_points(mesh), 1.0)
    return {"mesh": mesh.tolist(), "points": found.points.tolist(), "turn": list(found.turn)}


def faces() -> dict:
    """A photo of the repository -> the faces found in it."""
    photo = ROOT / "docs" / "photos" / "astronaut.png"
    found = FaceFinder().find(np.asarray(Image.open(photo).convert("RGB")))
    return {
        "photo": photo.relative_to(ROOT).as_posix(),
        "faces": [
            {
                "box": each.box,
                "points": each.points.tolist(),
                "score": each.score,
                "turn": list(each.turn),
            }
            for each in found
        ],
    }


def edits() -> list[dict]:
    """Residuals laid into a photo: enlarged, made smaller, turned, across the border."""
    draws = np.random.default_rng(3)
    squares = [
        ((7.0, 6.0), 12.0, 0.0),
        ((7.3, 5.9), 9.7, 0.5),
        ((2.0, 11.0), 13.0, -2.0),
        ((7.1, 6.2), 3.0, 0.3),
    ]
    cases = []
    for center, side, angle in squares:
        photo = draws.integers(0, 256, (13, 15, 3), np.uint8)
        residual = np.round(draws.normal(0, 0.3, (5, 5, 3)), 3)
        luminance = np.round(draws.uniform(-1, 1, (5, 5)), 3)
        to_unit = square_to_unit(np.array(center), side, angle)
        edited = plain_edit(photo, to_unit, residual, luminance, 0.8)
        cases.append(
            {
                "photo": photo.tolist(),
                "to_unit": [to_unit.a, to_unit.b, to_unit.shift_x, to_unit.shift_y],
                "residual": residual.tolist(),
                "luminance": luminance.tolist(),
                "strength": 0.8,
                "edited": np.round(edited, 2).tolist(),
            }
        )
    return cases


def main() -> None:
    VECTORS.mkdir(exist_ok=True)
    for name, value in (
        ("warp", warps()),
        ("similarity", similarities()),
        ("five_points", five_points()),
        ("faces", faces()),
        ("edit", edits()),
    ):
        (VECTORS / f"{name}.json").write_text(json.dumps(value) + "\n")


if __name__ == "__main__":
    main()
