"""FaceSet: images, and what the judge and the face models say of them, each asked once."""

import functools

import numpy as np

from faceattr.evaluation.judge.attribute_classifier import AttributeClassifier, Seen
from faceattr.evaluation.judge.face_models import (
    HOW_TO_INSTALL,
    FaceDescriptions,
    FaceModels,
    MissingExtra,
    describe,
)

# Keeps these draws apart from other draws of the same seed.
_SLOW_DRAWS = 0x510F


class FaceSet:
    """Images of one kind, such as the faces without glasses, or the same with glasses added.

    Args:
        images: uint8 [n, s, s, 3].
        judge: the attribute classifier.
        models: dlib's models; None where they are not installed.
        few: int64 [k], places in `images` of those that the slow models are asked about.

    Attributes:
        images, few: as given.
    """

    def __init__(
        self,
        images: np.ndarray,
        judge: AttributeClassifier,
        models: FaceModels | None,
        few: np.ndarray,
    ) -> None:
        assert images.dtype == np.uint8, "faces are judged as a user sees them"
        self.images = images
        self.few = few
        self._judge = judge
        self._models = models

    def __len__(self) -> int:
        return len(self.images)

    def changed(self, images: np.ndarray) -> "FaceSet":
        """The set of other images of the same faces, with the same few of them."""
        assert len(images) == len(self)
        return FaceSet(images, self._judge, self._models, self.few)

    @functools.cached_property
    def seen(self) -> Seen:
        """What the judge sees in each image."""
        return self._judge.look(self.images)

    def probability(self, column: str) -> np.ndarray:
        """The judge's probability of one attribute: float64 [n]."""
        return self.seen.probabilities[:, self._judge.columns.index(column)]

    @property
    def columns(self) -> tuple[str, ...]:
        """The attributes that the judge tells."""
        return self._judge.columns

    @property
    def has_models(self) -> bool:
        """Whether landmarks and descriptions can be had."""
        return self._models is not None

    @property
    def models(self) -> FaceModels:
        """dlib's models.

        Raises:
            MissingExtra: if they are not installed; so does what asks them.
        """
        if self._models is None:
            raise MissingExtra(f"dlib and its models are not installed: {HOW_TO_INSTALL}")
        return self._models

    @functools.cached_property
    def landmarks68(self) -> np.ndarray:
        """dlib's landmarks of every image: float64 [n, 68, 2], see `FaceModels.landmarks68`."""
        return self.models.landmarks68(self.images)

    @functools.cached_property
    def few_landmarks68(self) -> np.ndarray:
        """The same of the few images: float64 [k, 68, 2]."""
        if "landmarks68" in vars(self):
            return self.landmarks68[self.few]
        return self.models.landmarks68(self.images[self.few])

    @functools.cached_property
    def descriptions(self) -> FaceDescriptions:
        """Who is seen in the few images."""
        return describe(self.models, self.images[self.few])


def draw_few(count: int, most: int, seed: int) -> np.ndarray:
    """Places of at most `most` of `count` images, in order: int64 [k]."""
    random = np.random.default_rng([seed, _SLOW_DRAWS])
    return np.sort(random.permutation(count)[:most])
