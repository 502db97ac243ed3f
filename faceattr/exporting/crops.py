"""The face crops that an exported form is calibrated on and compared on."""

import dataclasses
import functools
import logging
from collections.abc import Iterator
from typing import Any

import numpy as np

from faceattr.data import synthetic
from faceattr.data.splits import read_split
from faceattr.edits import Edit
from faceattr.errors import UserError
from faceattr.runs.run import Run
from faceattr.training.data import TrainingData

COMPARED = 64
"""How many faces each form is compared with Keras on."""

CALIBRATED = 256
"""How many training faces say what range the numbers of an int8 network have."""

_DRAWN = "synthetic"
_SEED = 0

_logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, eq=False)
class Crops:
    """Face crops, and what the manifest says of them.

    Attributes:
        images: uint8 [n, s, s, 3].
        told: `faces`, how many; `source`, of which data; `seed`, where they are drawn.
    """

    images: np.ndarray
    told: dict[str, Any]


class CropsOfRun:
    """The faces that a run was trained on.

    Attributes:
        run: the run.
        image_size: int, side of the crops.
    """

    def __init__(self, run: Run, image_size: int) -> None:
        self.run = run
        self.image_size = image_size

    def to_compare(self, edit: Edit) -> Crops:
        """`COMPARED` faces; drawn ones where the faces of the run are no longer there."""
        try:
            return self._of(edit, COMPARED, skipped=0)
        except UserError as error:
            _logger.warning("%s; the forms are compared on drawn faces instead", error)
            return self._drawn(COMPARED, 0)

    def to_calibrate(self, edit: Edit) -> Crops:
        """`CALIBRATED` training faces, none of them of `to_compare` where there are enough.

        Raises:
            UserError: if the faces of the run are no longer there, or too few.
        """
        return self._of(edit, CALIBRATED, skipped=COMPARED)

    def _of(self, edit: Edit, count: int, skipped: int) -> Crops:
        config = self.run.config
        if config.data == _DRAWN:
            return self._drawn(count, skipped)
        images = np.concatenate(list(self._read(edit, count + skipped)))[skipped:]
        if not len(images):
            raise UserError(f"{self.run.folder}: it has too few training faces of {edit.column}")
        return Crops(images, {"faces": len(images), "source": config.data})

    def _drawn(self, count: int, skipped: int) -> Crops:
        images = self._drawn_faces[skipped : skipped + count]
        if len(images) < count:
            faces = (
                synthetic.render(synthetic.sample_parameters(_SEED, index), self.image_size)
                for index in range(len(self._drawn_faces), skipped + count)
            )
            self._drawn_faces += faces
            images = self._drawn_faces[skipped : skipped + count]
        return Crops(np.stack(images), {"faces": count, "source": _DRAWN, "seed": _SEED})

    @functools.cached_property
    def _drawn_faces(self) -> list[np.ndarray]:
        return []

    def _read(self, edit: Edit, count: int) -> Iterator[np.ndarray]:
        """Half of them need the edit, half do not."""
        opposite = next(each for each in self._data.edits if each.undoes(edit))
        for one in (edit, opposite):
            yield from self._data.train_crops(one, self.image_size, -(-count // 2))

    @functools.cached_property
    def _data(self) -> TrainingData:
        """Without a look at every image: a few are read, and those that cannot be say so."""
        config = self.run.config
        names = config.attribute_names
        faces = config.load(
            image_size=config.image_size,
            seed=config.seed,
            attr=names[0] if len(names) == 1 else None,
        )
        split = read_split(self.run.split_folder, faces.table)
        return TrainingData(faces.table, self.run.attributes, split, faces.synthetic)
