"""Where faces may be: BlazeFace, at short and at full range."""

from __future__ import annotations

import dataclasses

import numpy as np

from faceattr import pixels
from faceattr.faces import warp
from faceattr.faces.network import Network, sigmoid
from faceattr.faces.similarity import square_to_unit

_LEAST_SCORE = 0.5
# Of two boxes of one face the smaller part lies outside the other.
_LEAST_OVERLAP = 0.3


@dataclasses.dataclass(frozen=True, eq=False)
class Detection:
    """Where a detector sees a face, in pixels of the photo.

    Attributes:
        box: float64 [4], left, top, right, bottom.
        eyes: float64 [2, 2], (x, y) of the eye on the image's left and of that on its right.
        score: float in [0, 1].
    """

    box: np.ndarray
    eyes: np.ndarray
    score: float


class Detector:
    """One of the two networks, for squares of a photo.

    Args:
        name: the file in `models/`.
        cells: (stride, anchors a cell) of each map of the network's output, in its order.
        margin: float, how many times larger than its boxes a square must be for the mesh.
    """

    def __init__(self, name: str, cells: tuple[tuple[int, int], ...], margin: float) -> None:
        self.margin = margin
        self._network = Network(name)
        self._anchors = _anchors(self._network.size, cells)

    @classmethod
    def short_range(cls) -> Detector:
        """For faces of a fifth of the side and more."""
        return cls("face_detection_short_range.tflite", ((8, 2), (16, 6)), 1.5)

    @classmethod
    def full_range(cls) -> Detector:
        """For smaller ones."""
        return cls("face_detection_full_range_sparse.tflite", ((4, 1),), 1.4)

    def find(self, image: np.ndarray, center: tuple[float, float], side: float) -> list[Detection]:
        """The faces in a square of a photo; the square may reach past its border.

        Args:
            image: uint8 [height, width, 3].
            center: (x, y) of the square's centre.
            side: float, its side.

        Returns:
            one detection a face, the surest first.
        """
        size = self._network.size
        to_square = square_to_unit(np.array(center), side)
        square = warp.crop(image, to_square, size)
        # The networks were trained with black beside a photo.
        height, width = image.shape[:2]
        (left, top), (right, bottom) = to_square(np.array(((0, 0), (width, height)))) * size
        beside = np.arange(size) + 0.5
        square[(beside < top) | (beside > bottom)] = 0
        square[:, (beside < left) | (beside > right)] = 0
        boxes, scores = self._network(pixels.to_float(square))
        scores = sigmoid(scores[:, 0])
        sure = scores >= _LEAST_SCORE
        located = _decoded(boxes[sure] / size, self._anchors[sure])
        return merged(to_square.inverse()(located), scores[sure])


def _anchors(size: int, cells: tuple[tuple[int, int], ...]) -> np.ndarray:
    """Centres that the network's answers are counted from: float64 [n, 2], fractions."""
    centres = []
    for stride, count in cells:
        places = (np.arange(size // stride) + 0.5) * stride / size
        grid = np.stack(np.meshgrid(places, places), axis=-1).reshape(-1, 2)
        centres.append(np.repeat(grid, count, axis=0))
    return np.concatenate(centres)


def _decoded(raw: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """Two corners of the box and two eyes, float64 [n, 4, 2], from numbers relative to anchors."""
    points = raw.reshape(len(raw), 8, 2).astype(np.float64)
    center, half = points[:, 0] + anchors, points[:, 1] / 2
    eyes = points[:, 2:4] + anchors[:, None]
    return np.concatenate((np.stack((center - half, center + half), axis=1), eyes), axis=1)


def merged(located: np.ndarray, scores: np.ndarray) -> list[Detection]:
    """Means, by score, of the answers that overlap with the surest of them.

    Args:
        located: float64 [n, 4, 2], two corners of the box and two eyes.
        scores: float [n].
    """
    found = []
    left = np.argsort(-scores, kind="stable")
    boxes = located[:, :2].reshape(-1, 4)
    while len(left):
        same = overlaps(boxes[left[0]], boxes[left]) > _LEAST_OVERLAP
        same[0] = True
        group = left[same]
        mean = np.average(located[group], axis=0, weights=scores[group])
        found.append(Detection(mean[:2].ravel(), mean[2:], float(scores[group[0]])))
        left = left[~same]
    return found


def overlaps(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of one box, [4], with others, [n, 4]: float64 [n]."""
    common = common_area(box, boxes)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return common / np.maximum(np.prod(box[2:] - box[:2]) + area - common, 1e-12)


def common_area(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Of one box, [4], and others, [..., 4]: float64 [...]."""
    low, high = np.maximum(box[:2], boxes[..., :2]), np.minimum(box[2:], boxes[..., 2:])
    return np.prod(np.clip(high - low, 0, None), axis=-1)
