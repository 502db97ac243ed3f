"""Where on a face an attribute is: masks from drawn faces, and boxes from five landmarks."""

from collections.abc import Sequence

import numpy as np

from faceattr.data import synthetic
from faceattr.faces.crop import CELEBA_CROP, CropGeometry

# CelebA's aligned frame, and where dlib's 68 points have the mean face in it: the eyes, the tip of
# the nose, the corners of the mouth.
_FRAME = (178, 218)
_MEAN_FACE = ((69.2, 112.4), (107.5, 112.7), (87.6, 134.1), (71.0, 152.7), (106.2, 153.0))

# A box around some of the five points, grown to the left, up, right and down by multiples of the
# distance between the eyes.
_Box = tuple[tuple[int, ...], tuple[float, float, float, float]]
_EYES: _Box = ((0, 1), (0.9, 0.6, 0.9, 0.6))
_MOUTH: _Box = ((3, 4), (0.4, 0.5, 0.4, 0.7))
_LOWER_FACE: _Box = ((2, 3, 4), (0.8, 0.2, 0.8, 1.1))
_WHOLE_FACE: _Box = ((0, 1, 2, 3, 4), (1.0, 1.4, 1.0, 1.1))

# The line above which there is hair or forehead, and those beside which there is hair or ear, in
# distances between the eyes.
_BROWS_ABOVE_EYES, _TEMPLE_BESIDE_EYE = 0.8, 0.85

_REGIONS = {
    "Eyeglasses": _EYES,
    "Smiling": _MOUTH,
    "Mouth_Slightly_Open": _MOUTH,
    "No_Beard": _LOWER_FACE,
}


def mean_landmarks() -> np.ndarray:
    """The mean face in a crop of the aligned frame: float64 [5, 2], fractions of the crop."""
    return in_crop(np.array(_MEAN_FACE)[None] / _FRAME, CELEBA_CROP, *_FRAME)[0]


def in_crop(landmarks: np.ndarray, crop: CropGeometry, width: int, height: int) -> np.ndarray:
    """Landmarks of whole images as landmarks of their face crops.

    Args:
        landmarks: float [n, k, 2], (x, y) as fractions of the image's width and height.
        crop: which square of the image is the face crop.
        width, height: int, of the image in pixels; only their ratio matters much.

    Returns:
        float64 [n, k, 2], (x, y) as fractions of the side of the crop.
    """
    left, top, right, _ = crop.box(width, height)
    located = np.asarray(landmarks, np.float64) * (width, height) - (left, top)
    return located / (right - left)


def landmark_masks(column: str, landmarks: np.ndarray, image_size: int) -> np.ndarray:
    """The part of each face that an edit of a column is about.

    Boxes around the eyes for Eyeglasses, the mouth for Smiling and Mouth_Slightly_Open, from the
    nose to below the chin for No_Beard; from the hair to below the chin for all other columns.
    A true smile lifts the cheeks as well, and an open mouth lowers the jaw, so that some of the
    energy rightly lies outside: two edits compare by it, one edit alone is not judged.

    Args:
        column: the label column.
        landmarks: float [n, 5, 2], (x, y) as fractions of the side of the crop, in the order of
            `AttributeTable.landmarks`; a face with a NaN gets the mean face's.
        image_size: int, side of the crops in pixels.

    Returns:
        bool [n, image_size, image_size].
    """
    points, (left, up, right, down) = _REGIONS.get(column, _WHOLE_FACE)
    located = _known(landmarks)
    eyes = np.linalg.norm(located[:, 1] - located[:, 0], axis=-1, keepdims=True)
    around = located[:, list(points)]
    low = (around.min(axis=1) - eyes * (left, up))[:, None, None]
    high = (around.max(axis=1) + eyes * (right, down))[:, None, None]
    centres = (np.arange(image_size) + 0.5) / image_size
    grid = np.stack(np.meshgrid(centres, centres), axis=-1)[None]
    return ((grid >= low) & (grid <= high)).all(axis=-1)


def hair_masks(landmarks: np.ndarray, image_size: int) -> np.ndarray:
    """Where the hair of each face is, or the space around the head: above the brows, and beside
    the cheeks down to the lower edge.

    Args:
        landmarks: as in `landmark_masks`.
        image_size: int, side of the crops in pixels.

    Returns:
        bool [n, image_size, image_size].
    """
    located = _known(landmarks)
    eyes = np.linalg.norm(located[:, 1] - located[:, 0], axis=-1)
    brows = located[:, :2, 1].min(axis=1) - _BROWS_ABOVE_EYES * eyes
    left = located[:, 0, 0] - _TEMPLE_BESIDE_EYE * eyes
    right = located[:, 1, 0] + _TEMPLE_BESIDE_EYE * eyes
    centres = (np.arange(image_size) + 0.5) / image_size
    above = centres[None] < brows[:, None]
    beside = (centres[None] < left[:, None]) | (centres[None] > right[:, None])
    return above[:, :, None] | beside[:, None, :]


def _known(landmarks: np.ndarray) -> np.ndarray:
    """The landmarks, with the mean face's for a face with a NaN."""
    unknown = np.isnan(landmarks).any(axis=(1, 2), keepdims=True)
    return np.where(unknown, mean_landmarks(), landmarks)


def synthetic_masks(
    faces: Sequence[synthetic.FaceParameters], column: str, image_size: int
) -> np.ndarray:
    """Where flipping a column truly changes each drawn face: bool [n, image_size, image_size]."""
    masks = [synthetic.region_mask(face, column, image_size) for face in faces]
    return np.stack(masks) if masks else np.zeros((0, image_size, image_size), bool)
