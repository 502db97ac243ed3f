"""FaceFinder: the faces of a photo."""

from __future__ import annotations

import functools
import math

import numpy as np

from faceattr.faces.detector import Detection, Detector, common_area, overlaps
from faceattr.faces.face import Face
from faceattr.faces.mesh import MeshFinder, Square

_MOST_OVERLAP = 0.3
# Of a face's box, that may lie in the box of a larger one: cheek by cheek it is less than half.
_MOST_WITHIN = 0.7
# Shares of the photo's larger side: the short range detector finds all faces of so much,
_LEAST_NEAR = 0.2
# and below this one a face may be missed where the photo is seen whole.
_SMALL = 0.3


class FaceFinder:
    """Finds faces; its networks are loaded when the first of them is needed, once.

    Not safe to share between threads: each needs its own.
    """

    @functools.cached_property
    def _short_range(self) -> Detector:
        return Detector.short_range()

    @functools.cached_property
    def _full_range(self) -> Detector:
        return Detector.full_range()

    @functools.cached_property
    def _mesh(self) -> MeshFinder:
        return MeshFinder()

    def find(self, image: np.ndarray) -> list[Face]:
        """The faces of a photo, the largest first.

        Args:
            image: uint8 [height, width, 3], upright, RGB.
        """
        assert image.dtype == np.uint8, f"expected uint8 pixels, got {image.dtype}"
        height, width = image.shape[:2]
        side, center = max(width, height), (width / 2, height / 2)
        near = self._short_range.find(image, center, side)
        large = [detection for detection in near if _side(detection) >= _LEAST_NEAR * side]
        faces = self._new_faces(image, large, self._short_range.margin, [])
        far = self._full_range.find(image, center, side)
        faces += self._new_faces(image, far, self._full_range.margin, faces)
        # Boxes of small faces are rough at short range: taken only where none is at full range.
        faces += self._new_faces(image, near, self._short_range.margin, faces)
        if not faces or min(face.side for face in faces) < _SMALL * side:
            for tile in _tiles(width, height):
                far = self._full_range.find(image, *tile)
                faces += self._new_faces(image, far, self._full_range.margin, faces)
        return outermost(faces)

    def _new_faces(
        self, image: np.ndarray, detections: list[Detection], margin: float, known: list[Face]
    ) -> list[Face]:
        """The faces of the detections that are not among the known ones."""
        faces: list[Face] = []
        for detection in detections:
            if _is_known(detection.box, known + faces):
                continue
            face = self._mesh.find(image, Square.around(detection, margin))
            if face is not None and not _is_known(np.array(face.box), known + faces):
                faces.append(face)
        return faces


def outermost(faces: list[Face]) -> list[Face]:
    """The largest first, without those within another: an eye behind glasses, a laughing mouth."""
    found: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.side):
        box = np.array(face.box)
        size = np.prod(box[2:] - box[:2])
        if all(common_area(box, np.array(other.box)) <= _MOST_WITHIN * size for other in found):
            found.append(face)
    return found


def _side(detection: Detection) -> float:
    left, top, right, bottom = detection.box
    return float(max(right - left, bottom - top))


def _is_known(box: np.ndarray, faces: list[Face]) -> bool:
    if not faces:
        return False
    return bool((overlaps(box, np.array([face.box for face in faces])) > _MOST_OVERLAP).any())


def _tiles(width: int, height: int) -> list[tuple[tuple[float, float], float]]:
    """Overlapping squares of a photo, (centre, side): a face of a sixth of the photo's larger side
    lies whole in one of them."""
    tile = max(width, height) * 0.6

    def centres(length: int) -> list[float]:
        if length <= tile:
            return [length / 2]
        count = math.ceil((length - tile) / (tile * 0.7)) + 1
        return [float(place) for place in np.linspace(tile / 2, length - tile / 2, count)]

    return [((x, y), tile) for y in centres(height) for x in centres(width)]
