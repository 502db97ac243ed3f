"""Counts the bits that an edit changes where it must change none.

    python benchmarks/editing_bits.py --lfw data/lfw/lfw-deepfunneled --json bits.json

100 drawn photos of one to four people and 300 photos of LFW go through `edit_file` into PNG files,
with a network whose residual is 1 everywhere, the most there can be. What lies farther from every
face than its square reaches must be the very pixels of the photo, and at strength 0 so must all of
it. Where the faces are is told by the drawing, not by the editor; for LFW by what is found.
Exit status 1 if a single sample differs.
"""

import argparse
import pathlib
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from PIL import Image
from reports import hand_over

from faceattr import command_line
from faceattr.bundles.manifest import Manifest
from faceattr.bundles.runtime import LiteRTRuntime
from faceattr.data.synthetic import group_scene
from faceattr.editing.batch import EditSettings, edit_file
from faceattr.editing.editor import Editor
from faceattr.edits import Edit
from faceattr.errors import UserError
from faceattr.faces.crop import ALIGNED_CROP
from faceattr.progress import progress_bar

SIZES = ((0.4,), (0.3,), (0.2, 0.2), (0.15, 0.1), (0.12, 0.1, 0.08, 0.06), (0.25, 0.1))
# Points that are found a little off the true ones make the square a little larger.
_MARGIN = 1.1


class White(LiteRTRuntime):
    """In place of a .tflite: as much light as can be added, everywhere."""

    def __init__(self) -> None:
        self.image_size = 64

    def run(self, image: np.ndarray) -> tuple[np.ndarray, None]:
        """The residual 1."""
        return np.ones_like(image), None


def white_editor() -> Editor:
    """An editor that finds faces as ever and turns them white."""
    edit = Edit("add_white", "White", True)
    return Editor([Manifest(edit, "white", 64, ALIGNED_CROP, {}, {}, {}, {}, {}, {})], [White()])


def far_from(points: Sequence[np.ndarray], width: int, height: int) -> np.ndarray:
    """Where no face's square reaches: bool [height, width].

    Args:
        points: float [5, 2] of each face, pixels.
        width: int, of the photo.
        height: int, of the photo.
    """
    square = np.array(ALIGNED_CROP.points)
    middle = square.mean(axis=0)
    reach = np.linalg.norm(np.array([(0, 0), (0, 1), (1, 0), (1, 1)]) - middle, axis=1).max()
    x, y = np.arange(width) + 0.5, np.arange(height)[:, None] + 0.5
    far = np.ones((height, width), bool)
    for face in points:
        center = face.mean(axis=0)
        side = np.linalg.norm(face - center) / np.linalg.norm(square - middle)
        far &= np.hypot(x - center[0], y - center[1]) > _MARGIN * reach * side
    return far


def drawn(folder: pathlib.Path, count: int) -> Iterator[tuple[pathlib.Path, list[np.ndarray]]]:
    """Photos that are drawn, and the true points of their faces."""
    for index in range(count):
        scene = group_scene(1, index, SIZES[index % len(SIZES)], width=800, height=600)
        path = folder / f"{index}.png"
        Image.fromarray(scene.photo).save(path)
        yield path, list(scene.points)


def check(
    editor: Editor, photo: pathlib.Path, points: list[np.ndarray] | None, folder: pathlib.Path
) -> dict[str, int]:
    """Edits a photo at strengths 1 and 0, and counts.

    Returns:
        of the photo: faces found, pixels that are far from all, those among them that were changed,
        pixels near a face and those changed among them, and pixels changed at strength 0.
    """
    target = folder / "edited.png"
    before = np.asarray(Image.open(photo).convert("RGB")).astype(int)
    settings = EditSettings(1.0, overwrite=True)
    try:
        found = edit_file(editor, photo, target, settings).faces
    except UserError:
        return {"photos_without_a_face": 1}
    if points is None:
        points = [np.array(face["points"]) for face in found]
    far = far_from(points, before.shape[1], before.shape[0])
    changed = (np.asarray(Image.open(target).convert("RGB")) != before).any(axis=-1)
    edit_file(editor, photo, target, EditSettings(0.0, overwrite=True))
    still = (np.asarray(Image.open(target).convert("RGB")) != before).any(axis=-1)
    return {
        "photos": 1,
        "faces": len(points),
        "faces_found": len(found),
        "far_pixels": int(far.sum()),
        "far_pixels_changed": int((far & changed).sum()),
        "near_pixels": int((~far).sum()),
        "near_pixels_changed": int((~far & changed).sum()),
        "photos_with_far_pixels_changed": int((far & changed).any()),
        "pixels_changed_at_strength_0": int(still.sum()),
    }


def total(counts: Iterator[dict[str, int]]) -> dict[str, int]:
    """Sums over photos."""
    sums: dict[str, int] = {}
    for each in counts:
        for name, count in each.items():
            sums[name] = sums.get(name, 0) + count
    return sums


def main(arguments: argparse.Namespace) -> int:
    editor = white_editor()
    report: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        scenes = progress_bar(drawn(folder, arguments.scenes), unit="photo", total=arguments.scenes)
        report["drawn"] = total(check(editor, photo, points, folder) for photo, points in scenes)
        if arguments.lfw:
            photos = sorted(pathlib.Path(arguments.lfw).rglob("*.jpg"))
            # From all over the alphabet.
            photos = photos[:: max(1, len(photos) // arguments.photos)][: arguments.photos]
            if not photos:
                raise UserError(f"--lfw {arguments.lfw}: no JPEG files here")
            shown = progress_bar(photos, unit="photo")
            report["lfw"] = total(check(editor, photo, None, folder) for photo in shown)
    hand_over(report, arguments.json)
    wrong = ("far_pixels_changed", "pixels_changed_at_strength_0")
    return int(any(counts[name] for counts in report.values() for name in wrong))


def parser() -> argparse.ArgumentParser:
    flags = command_line.ArgumentParser(
        "benchmarks/editing_bits.py",
        "Counts the bits that an edit changes where it must change none.",
        "example:\n  python benchmarks/editing_bits.py --lfw data/lfw/lfw-deepfunneled\n",
    )
    flags.add_argument("--scenes", type=int, default=100, help="drawn photos (%(default)s)")
    flags.add_argument("--lfw", help="a folder of photos of one person each")
    flags.add_argument("--photos", type=int, default=300, help="how many of them (%(default)s)")
    flags.add_argument("--json", help="a file for the numbers")
    return flags


if __name__ == "__main__":
    command_line.run("benchmarks/editing_bits.py", lambda: main(parser().parse_args()))
