"""AttributeTable: which images there are, how they are labelled, and which had to be left out."""

import collections
import dataclasses
import pathlib
from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np

from faceattr.faces.crop import CropGeometry, read_crop


@dataclasses.dataclass(frozen=True)
class LeftOut:
    """An image that is not used, and why.

    Attributes:
        name: str, the image.
        reason: str, the same for every image that is left out for this reason.
        detail: str, what is particular to this image; may be empty.
    """

    name: str
    reason: str
    detail: str = ""


def count_reasons(left_out: Iterable[LeftOut]) -> dict[str, int]:
    """How many images are left out for each reason, the commonest first."""
    return dict(collections.Counter(image.reason for image in left_out).most_common())


class Crops(Protocol):
    """What holds face crops in memory: a NumPy array, or what is indexed like one."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, indices: np.ndarray, /) -> np.ndarray: ...

    def take(self, indices: np.ndarray, /, axis: Any) -> Any: ...


@dataclasses.dataclass(frozen=True, eq=False)
class AttributeTable:
    """Images and binary labels, the common shape of every source.

    Attributes:
        names: the images' names, unique.
        columns: the label columns.
        labels: int8 [n, len(columns)]: -1 without the attribute, 1 with it, 0 unknown or unsure.
        crop: where the face is in each image.
        folder: where the image files lie, `folder / name`; None if they are in memory.
        images: uint8 [n, s, s, 3], face crops in memory; None if they are files.
        identities: int64 [n], the same number for the same person and -1 where unknown; None if
            the source does not say who is who.
        partition: int8 [n], the source's own split: 0 training, 1 validation, 2 test, -1 unknown;
            None if it has none.
        landmarks: float32 [n, 5, 2], (x, y) of left eye, right eye, nose, left and right corner
            of the mouth as fractions of the image's width and height, NaN where unknown; None if
            the source has none. Left is the viewer's.
        source: int16 [n], which of several data sets each image is from, so that draws can balance
            them; None if there is one.
        left_out: images that the source knows of but cannot give.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...]
    labels: np.ndarray
    crop: CropGeometry
    folder: pathlib.Path | None = None
    images: Crops | None = None
    identities: np.ndarray | None = None
    partition: np.ndarray | None = None
    landmarks: np.ndarray | None = None
    source: np.ndarray | None = None
    left_out: tuple[LeftOut, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.names)
        assert self.labels.shape == (count, len(self.columns))
        assert (self.folder is None) != (self.images is None), "files or memory, one of them"
        for value, shape in (
            (self.identities, (count,)),
            (self.partition, (count,)),
            (self.landmarks, (count, 5, 2)),
            (self.source, (count,)),
        ):
            assert value is None or value.shape == shape

    def __len__(self) -> int:
        return len(self.names)

    def values(self, column: str) -> np.ndarray:
        """bool [n]: whether each image has the attribute of this column.

        False where it is unknown as well: `known` tells the two apart.
        """
        return self._column(column) > 0

    def known(self, column: str) -> np.ndarray:
        """bool [n]: whether the label of this column is known for each image."""
        return self._column(column) != 0

    def _column(self, column: str) -> np.ndarray:
        return self.labels[:, self.columns.index(column)]

    def take(self, indices: np.ndarray) -> "AttributeTable":
        """The table of some of the images: int64 [m], in this order."""

        def rows(values: np.ndarray | None) -> np.ndarray | None:
            return None if values is None else values[indices]

        return dataclasses.replace(
            self,
            names=tuple(self.names[index] for index in indices),
            labels=self.labels[indices],
            # Not by indexing, which reads crops that are mapped from disk.
            images=None if self.images is None else self.images.take(indices, axis=0),
            identities=rows(self.identities),
            partition=rows(self.partition),
            landmarks=rows(self.landmarks),
            source=rows(self.source),
        )

    def path(self, index: int) -> pathlib.Path:
        """The file of an image; only where `folder` is set."""
        assert self.folder is not None
        return self.folder / self.names[index]

    def crops(self, indices: np.ndarray, image_size: int) -> np.ndarray:
        """Face crops, for the few images of a sample grid or a test split.

        Returns:
            uint8 [len(indices), image_size, image_size, 3].

        Raises:
            UserError: if an image cannot be read.
        """
        if self.images is not None:
            assert self.images.shape[1] == image_size, "crops in memory have one size"
            return self.images[indices]
        return np.stack([read_crop(self.path(i), self.crop, image_size) for i in indices])
