"""Drawn faces: a table in memory, with the true counterfactual of each face."""

import dataclasses

import numpy as np

from faceattr.data import synthetic
from faceattr.data.table import AttributeTable
from faceattr.faces.crop import DRAWN_CROP


@dataclasses.dataclass(frozen=True)
class SyntheticFaces:
    """Drawn faces in memory, with what only drawn faces have: their true counterfactuals.

    Attributes:
        table: the faces and their labels.
        parameters: what each face was drawn from.
    """

    table: AttributeTable
    parameters: tuple[synthetic.FaceParameters, ...]

    def counterfactuals(self, indices: np.ndarray, column: str) -> np.ndarray:
        """The same faces with one attribute flipped: uint8 [len(indices), s, s, 3]."""
        assert self.table.images is not None
        size = self.table.images.shape[1]
        return np.stack(
            [synthetic.render(synthetic.flip(self.parameters[i], column), size) for i in indices]
        )


def draw_synthetic(count: int, image_size: int, seed: int) -> SyntheticFaces:
    """Draws `count` faces of `image_size`; the same for the same seed."""
    parameters = tuple(synthetic.sample_parameters(seed, index) for index in range(count))
    labels = [synthetic.labels(face) for face in parameters]
    table = AttributeTable(
        names=tuple(f"{index + 1:06d}" for index in range(count)),
        columns=synthetic.COLUMNS,
        labels=np.array([[row[c] for c in synthetic.COLUMNS] for row in labels], dtype=np.int8),
        crop=DRAWN_CROP,
        images=np.stack([synthetic.render(face, image_size) for face in parameters]),
        landmarks=np.array([synthetic.landmarks(face) for face in parameters], np.float32),
    )
    return SyntheticFaces(table, parameters)
