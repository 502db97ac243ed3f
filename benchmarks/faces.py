"""How well and how fast faces are found, and where aligned crops lie.

    python benchmarks/faces.py --data_dir data --json result.json

The folder holds CelebA (celeba/) and LFW (lfw/). On LFW dlib's landmarks are the other opinion
(pip install dlib-bin face_recognition_models); drawn faces are where they were drawn. `--only`
takes one part. Everything runs in one thread.
"""

import argparse
import json
import pathlib
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from faceattr import command_line
from faceattr.data import synthetic
from faceattr.data.sources import load_files
from faceattr.faces import template, warp
from faceattr.faces.crop import CELEBA_CROP, open_image
from faceattr.faces.face import Face
from faceattr.faces.finder import FaceFinder
from faceattr.faces.mesh import MeshFinder, Square
from faceattr.faces.similarity import Similarity, square_to_unit

POINTS = ("left eye", "right eye", "nose", "left mouth corner", "right mouth corner")
SIZES = (0.05, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4)
GROUPS = ((0.05, 0.05, 0.07, 0.1, 0.14), (0.28, 0.1, 0.07), (0.4, 0.07), (0.2, 0.14, 0.1))
"""Sizes of the faces of a drawn photo: more of the large ones have no room."""

# A face is found if its points lie, on average, so near to the true ones: distances of the eyes.
_NEAR = 0.25
_SIDE = 1024


def errors(points: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Distances of five points from the true ones in distances between the eyes: [5]."""
    return np.linalg.norm(points - truth, axis=1) / np.linalg.norm(truth[1] - truth[0])


def nearest(faces: list[Face], truth: np.ndarray) -> np.ndarray | None:
    """The errors of the face whose points are nearest to the true ones; None if none is near."""
    found = [errors(face.points, truth) for face in faces]
    near = [each for each in found if each.mean() < _NEAR]
    return min(near, key=lambda each: float(each.mean())) if near else None


def summary(found: list[np.ndarray | None]) -> dict[str, Any]:
    """Of the errors of many faces, in percent of the distance between the eyes."""
    known = np.array([each for each in found if each is not None]) * 100
    return {
        "faces": len(found),
        "found": len(known),
        "mean": known.mean(),
        "95% below": np.quantile(known.mean(axis=1), 0.95),
        **dict(zip(POINTS, known.mean(axis=0), strict=True)),
    }


def lfw(folder: pathlib.Path, finder: FaceFinder, count: int = 300) -> dict[str, Any]:
    """LFW's photos: found where its frame has the face, and distances from dlib's landmarks."""
    from faceattr.evaluation.judge.face_models import FaceModels
    from faceattr.evaluation.measures.landmarks import five_points

    models, table = FaceModels(), load_files("lfw", folder / "lfw")
    found: list[np.ndarray | None] = []
    several = 0
    for index in np.random.default_rng(0).choice(len(table), count, replace=False):
        photo = np.asarray(open_image(table.path(index)))
        faces = finder.find(photo)
        several += len(faces) > 1
        middle = np.array(photo.shape[1::-1]) / 2
        near = [face for face in faces if np.linalg.norm(face.points[2] - middle) < 60]
        if not near:
            found.append(None)
            continue
        to_crop = template.to_crop(near[0].points, template.CELEBA)
        seen = models.landmarks68(warp.crop(photo, to_crop, 256)[None])
        found.append(errors(near[0].points, to_crop.inverse()(five_points(seen)[0])))
    return {**summary(found), "photos with more than one face": several}


def drawn(finder: FaceFinder, count: int = 100) -> dict[str, Any]:
    """Drawn photos of one person: points against those that were drawn."""
    found, false = [], 0
    for index in range(count):
        size = float(np.random.default_rng(index).uniform(0.15, 0.4))
        scene = synthetic.group_scene(0, index, (size,), 640, 640)
        faces = finder.find(scene.photo)
        found.append(nearest(faces, scene.points[0]))
        false += len(faces) - (found[-1] is not None)
    return {**summary(found), "false finds": false}


def groups(finder: FaceFinder, count: int = 40) -> dict[str, Any]:
    """Drawn groups with faces of several sizes: the share that is found, by size."""
    found: dict[float, list[np.ndarray | None]] = {size: [] for size in SIZES}
    false = 0
    for index in range(count):
        sizes = GROUPS[index % len(GROUPS)]
        scene = synthetic.group_scene(1, index, sizes, _SIDE, _SIDE)
        faces = finder.find(scene.photo)
        errors_here = [nearest(faces, points) for points in scene.points]
        for size, each in zip(sizes, errors_here, strict=True):
            found[size].append(each)
        false += len(faces) - sum(each is not None for each in errors_here)
    return {**shares(found), "false finds": false}


def lfw_small(folder: pathlib.Path, finder: FaceFinder, count: int = 60) -> dict[str, Any]:
    """LFW's faces made small, in a large photo: the share that is found, by size."""
    table = load_files("lfw", folder / "lfw")
    found: dict[float, list[np.ndarray | None]] = {size: [] for size in SIZES}
    draws = np.random.default_rng(1)
    for index in draws.choice(len(table), count, replace=False):
        photo = open_image(table.path(index))
        faces = finder.find(np.asarray(photo))
        if not faces:
            continue
        behind = photo.resize((_SIDE, _SIDE * 3 // 4)).filter(ImageFilter.GaussianBlur(60))
        for size in SIZES:
            scale = size * _SIDE / faces[0].side
            side = round(250 * scale)
            scene = behind.copy()
            place = np.array([draws.integers(0, max(1, room - side)) for room in scene.size])
            scene.paste(photo.resize((side, side), Image.Resampling.LANCZOS), tuple(place))
            truth = faces[0].points * (side / 250) + place
            found[size].append(nearest(finder.find(np.asarray(scene)), truth))
    return shares(found)


def shares(found: dict[float, list[np.ndarray | None]]) -> dict[str, str]:
    """How many of how many are found, by size."""
    return {
        f"{size:g} of the side": f"{sum(each is not None for each in faces)} of {len(faces)}"
        for size, faces in found.items()
    }


def celeba(folder: pathlib.Path, finder: FaceFinder, count: int = 600) -> dict[str, Any]:
    """Aligned crops beside CelebA's own centre crop, in percent of its side, and the template."""
    table = load_files("celeba", folder / "celeba")
    grid = np.stack(np.meshgrid(*[(np.arange(32) + 0.5) / 32] * 2), axis=-1)
    points, everywhere, centres, eyes, sides = [], [], [], [], []
    for index in np.random.default_rng(0).choice(len(table), count, replace=False):
        photo = np.asarray(open_image(table.path(index)))
        height, width = photo.shape[:2]
        own = square_to_unit(np.array((width, height)) / 2, CELEBA_CROP.size * width)
        faces = finder.find(photo)
        if not faces:
            continue
        here = own(faces[0].points)
        back = template.to_crop(here, template.CELEBA).inverse()
        points.append(here)
        everywhere.append(_moved(back, grid))
        centres.append(_moved(back, np.full((1, 2), 0.5)))
        eyes.append(_moved(back, np.array(template.CELEBA[:2])))
        sides.append(abs(back.scale - 1))
    parts = {"crop": everywhere, "its centre": centres, "the eyes in it": eyes, "its side": sides}
    means = {f"{name} differs by": 100 * float(np.mean(each)) for name, each in parts.items()}
    mean_points = np.mean(points, axis=0).round(4).tolist()
    return {"faces": count, "found": len(points), **means, "mean points": mean_points}


def _moved(similarity: Similarity, points: np.ndarray) -> float:
    return float(np.linalg.norm(similarity(points) - points, axis=-1).mean())


def times(finder: FaceFinder) -> dict[str, float]:
    """Milliseconds of one thread's own time, medians: what else the machine does counts little."""
    photo = open_image(pathlib.Path(__file__).parents[1] / "docs" / "photos" / "astronaut.png")
    small = np.asarray(photo)
    large = np.asarray(photo.resize((4900, 4900)))
    (face,) = finder.find(small)
    to_crop = template.to_crop(face.points, template.CELEBA)
    square = Square(face.points[:2].mean(axis=0), face.side * 1.5, 0.0)
    mesh = MeshFinder()
    whole = ((256.0, 256.0), 512.0)
    to_large = template.to_crop(face.points * (4900 / 512), template.CELEBA)
    return {
        "load and first find": _cold(small),
        "short range detector": _median(lambda: finder._short_range.find(small, *whole)),
        "full range detector": _median(lambda: finder._full_range.find(small, *whole)),
        "mesh, three looks": _median(lambda: mesh.find(small, square)),
        "warp to 128": _median(lambda: warp.crop(small, to_crop, 128)),
        "warp to 128 out of 24 megapixels": _median(lambda: warp.crop(large, to_large, 128)),
        "find, 512x512, one face": _median(lambda: finder.find(small)),
        "find, 24 megapixels, one face": _median(lambda: finder.find(large)),
    }


def _cold(photo: np.ndarray) -> float:
    start = time.thread_time()
    FaceFinder().find(photo)
    return 1000 * (time.thread_time() - start)


def _median(call: Callable[[], object], repetitions: int = 15) -> float:
    taken = []
    for _ in range(repetitions):
        start = time.thread_time()
        call()
        taken.append(1000 * (time.thread_time() - start))
    return statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dir", default="data", help="with celeba and lfw in it")
    parser.add_argument("--json", help="also write the figures here")
    parser.add_argument("--only", help="one part")
    options = parser.parse_args()
    command_line.import_tensorflow_quietly()
    folder, finder = pathlib.Path(options.data_dir), FaceFinder()
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "lfw": lambda: lfw(folder, finder),
        "lfw_small": lambda: lfw_small(folder, finder),
        "drawn": lambda: drawn(finder),
        "groups": lambda: groups(finder),
        "celeba": lambda: celeba(folder, finder),
        "times": lambda: times(finder),
    }
    figures = {}
    for name, part in parts.items():
        if options.only in (None, name):
            figures[name] = part()
            print(name)
            for what, value in figures[name].items():
                print(
                    f"  {what:40} {value:.2f}"
                    if isinstance(value, float)
                    else f"  {what:40} {value}"
                )
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(figures, indent=2, default=float) + "\n")


if __name__ == "__main__":
    main()
