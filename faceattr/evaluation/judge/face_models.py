"""dlib's face models: detector, 68 landmarks, descriptors of who it is. An optional extra.

The crops are aligned, so the face lies where it always does: landmarks and descriptors take that
place as given, and the detector only says whether a face is still seen. The landmark model, which
was trained on 300-W as in the paper, is for non-commercial use.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import pathlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from PIL import Image

from faceattr.errors import UserError
from faceattr.progress import progress_bar

_PACKAGE = "face_recognition_models"
_LANDMARKS = "shape_predictor_68_face_landmarks.dat"
_DESCRIPTOR = "dlib_face_recognition_resnet_model_v1.dat"
# Crops are scaled up to this side: the models were trained on larger faces than 64 pixels.
_SIDE = 256
# Where dlib's detector finds the face in crops of CelebA's frame, as fractions of the crop: the
# mean over 115 of CelebA's faces, left, top, right, bottom.
_FACE_BOX = (0.163, 0.326, 0.795, 0.960)
# What the descriptor was trained on.
_CHIP_SIDE, _CHIP_PADDING = 150, 0.25
DESCRIPTOR = 128
SAME_PERSON = 0.6
"""Descriptors nearer than this are taken for one person; dlib's own threshold."""

HOW_TO_INSTALL = "pip install dlib-bin face_recognition_models"


class MissingExtra(UserError):
    """A part of the evaluation needs packages that are not installed; a report may skip it."""


@dataclasses.dataclass(frozen=True, eq=False)
class FaceDescriptions:
    """Who is seen in images.

    Attributes:
        descriptors: float64 [n, DESCRIPTOR], see `FaceModels.descriptors`.
        found: bool [n], whether the detector sees a face.
    """

    descriptors: np.ndarray
    found: np.ndarray


class FaceModels:
    """The three models, loaded once.

    Raises:
        MissingExtra: if dlib or its models are not installed; says what to install.
    """

    def __init__(self) -> None:
        folder = _models_folder()
        try:
            dlib: Any = importlib.import_module("dlib")
        except ImportError:
            raise _missing("dlib-bin") from None
        self._dlib = dlib
        self._detector = dlib.get_frontal_face_detector()
        self._predictor = dlib.shape_predictor(str(folder / _LANDMARKS))
        self._recognizer = dlib.face_recognition_model_v1(str(folder / _DESCRIPTOR))

    def finds_face(self, images: np.ndarray) -> np.ndarray:
        """Whether the detector sees a face in each crop: uint8 [n, s, s, 3] to bool [n]."""
        found = [bool(self._detector(_enlarged(image), 0)) for image in _shown(images, "detecting")]
        return np.array(found, bool)

    def landmarks68(self, images: np.ndarray) -> np.ndarray:
        """The landmarks of iBUG 300-W, in its order (Kazemi and Sullivan 2014).

        Args:
            images: uint8 [n, s, s, 3], face crops in CelebA's frame.

        Returns:
            float64 [n, 68, 2], (x, y) as fractions of the side; left is the viewer's.
        """
        points = np.zeros((len(images), 68, 2))
        for index, image in enumerate(_shown(images, "landmarks")):
            shape = self._shape(_enlarged(image))
            points[index] = [(point.x, point.y) for point in shape.parts()]
        # dlib gives whole pixels: their centres.
        return (points + 0.5) / _SIDE

    def descriptors(self, images: np.ndarray) -> np.ndarray:
        """Descriptors of who is seen; those of one person lie within `SAME_PERSON`.

        Args:
            images: uint8 [n, s, s, 3], face crops in CelebA's frame.

        Returns:
            float64 [n, DESCRIPTOR].
        """
        found = np.zeros((len(images), DESCRIPTOR))
        for index, image in enumerate(_shown(images, "descriptors")):
            large = _enlarged(image)
            chip = self._dlib.get_face_chip(large, self._shape(large), _CHIP_SIDE, _CHIP_PADDING)
            found[index] = self._recognizer.compute_face_descriptor(chip)
        return found

    def _shape(self, large: np.ndarray) -> Any:
        box = self._dlib.rectangle(*(round(edge * _SIDE) for edge in _FACE_BOX))
        return self._predictor(large, box)


def describe(models: FaceModels, images: np.ndarray) -> FaceDescriptions:
    """Asks dlib's models who is seen; a face takes about a fifth of a second on one CPU core.

    Args:
        models: dlib's models.
        images: uint8 [n, s, s, 3], face crops in CelebA's frame.
    """
    return FaceDescriptions(models.descriptors(images), models.finds_face(images))


def _models_folder() -> pathlib.Path:
    # Found, not imported: the package asks for pkg_resources, which setuptools has given up.
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise _missing(_PACKAGE)
    folder = pathlib.Path(found.submodule_search_locations[0]) / "models"
    for name in (_LANDMARKS, _DESCRIPTOR):
        if not (folder / name).is_file():
            raise _missing(_PACKAGE)
    return folder


def _missing(package: str) -> MissingExtra:
    return MissingExtra(
        f"identity and landmarks need {package}, which is not installed: {HOW_TO_INSTALL}"
    )


def _shown(images: np.ndarray, what: str) -> Iterable[np.ndarray]:
    return progress_bar(images, desc=what, unit="face", leave=False)


def _enlarged(image: np.ndarray) -> np.ndarray:
    assert image.dtype == np.uint8, "face models see uint8 images"
    large = Image.fromarray(image).resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    return np.ascontiguousarray(large)
