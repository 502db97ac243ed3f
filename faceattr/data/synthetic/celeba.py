"""Writes a data set of drawn faces in CelebA's file layout and its aligned frame."""

import pathlib
import shutil
import tempfile
from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image

from faceattr.data.synthetic.attributes import COLUMNS, labels
from faceattr.data.synthetic.landmarks import landmarks
from faceattr.data.synthetic.renderer import render
from faceattr.data.synthetic.sampling import sample_parameters
from faceattr.errors import UserError
from faceattr.faces.crop import CELEBA_CROP

_POINTS = ("lefteye", "righteye", "nose", "leftmouth", "rightmouth")
_JPEG_QUALITY = 95
# CelebA's aligned frame, and the face crop in its middle.
_FRAME_WIDTH, _FRAME_HEIGHT, _CROP_SIDE = 178, 218, 148
# CelebA's own shares of 202,599 images: training, validation, test.
_TRAINING_SHARE = 0.803
_VALIDATION_SHARE = 0.098


def write_celeba(
    folder: pathlib.Path,
    count: int,
    seed: int,
    size: int = 128,
    correlation: Mapping[tuple[str, str], float] | None = None,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Writes faces 0 to `count` - 1 of data set `seed` as CelebA's files.

    The images have the proportions of CelebA's aligned ones, 178x218, around the rendered face,
    so that the crop for CelebA gives that face back. The landmarks are in CelebA's unit, a pixel
    of 178x218, whatever the size of the images, as they are for CelebA scaled down.
    The folder appears only when it is complete. Every face is its own identity.

    Args:
        folder: where to; must be absent or empty, its parents are made.
        count: int >= 1, the number of faces.
        seed: int >= 0. Which data set.
        size: int in [32, 512], the side of the face crops in pixels; 148 gives 178x218 images.
        correlation: see `sample_parameters`.
        progress: called with the number of faces written so far after each.

    Raises:
        UserError: if the folder exists and is not empty, or is not a folder.
        ValueError: if the wanted correlations cannot be met.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} exists and is not empty: name another folder, or remove it")
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = pathlib.Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        draft.chmod(0o755)
        _write_files(draft, count, seed, size, correlation, progress)
        draft.replace(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _write_files(
    folder: pathlib.Path,
    count: int,
    seed: int,
    size: int,
    correlation: Mapping[tuple[str, str], float] | None,
    progress: Callable[[int], None] | None,
) -> None:
    images = folder / "img_align_celeba"
    images.mkdir()
    attribute_rows, landmark_rows, identity_rows, partition_rows = [], [], [], []
    for index in range(count):
        face = sample_parameters(seed, index, correlation)
        name = f"{index + 1:06d}.jpg"
        image, (left, top) = _framed(render(face, size))
        Image.fromarray(image).save(images / name, quality=_JPEG_QUALITY)
        values = " ".join(f"{value:2d}" for value in labels(face).values())
        attribute_rows.append(f"{name} {values}")
        height, width, _ = image.shape
        in_frame = (landmarks(face) * size + (left, top)) / (width, height)
        pixels = (in_frame * (_FRAME_WIDTH, _FRAME_HEIGHT)).round().astype(int).ravel()
        landmark_rows.append(f"{name} {' '.join(f'{pixel:4d}' for pixel in pixels)}")
        identity_rows.append(f"{name} {index + 1}")
        partition_rows.append(f"{name} {_partition(index / count)}")
        if progress is not None:
            progress(index + 1)
    points = [f"{point}_{axis}" for point in _POINTS for axis in "xy"]
    _write_lines(folder / "list_attr_celeba.txt", [str(count), " ".join(COLUMNS), *attribute_rows])
    _write_lines(
        folder / "list_landmarks_align_celeba.txt", [str(count), " ".join(points), *landmark_rows]
    )
    _write_lines(folder / "identity_CelebA.txt", identity_rows)
    _write_lines(folder / "list_eval_partition.txt", partition_rows)


def _framed(crop: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """Puts a face crop into CelebA's frame; its edge pixels, repeated, fill the border.

    Returns:
        (uint8 [height, width, 3], (left, top) of the crop in it).
    """
    side = crop.shape[0]
    width = round(side * _FRAME_WIDTH / _CROP_SIDE)
    height = round(side * _FRAME_HEIGHT / _CROP_SIDE)
    left, top, right, bottom = CELEBA_CROP.box(width, height)
    assert (right - left, bottom - top) == (side, side)
    border = ((top, height - bottom), (left, width - right), (0, 0))
    return np.pad(crop, border, mode="edge"), (left, top)


def _partition(place: float) -> int:
    """0 for training, 1 for validation, 2 for test, by place in the order of files."""
    if place < _TRAINING_SHARE:
        return 0
    return 1 if place < _TRAINING_SHARE + _VALIDATION_SHARE else 2


def _write_lines(path: pathlib.Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
