"""Face crops as image files with a table of labels, as `--data csv` reads them.

labels.csv                 image, person where it is known, a column a label: 1, -1 or empty
faces/NAME.jpg.png         the crops, named after their photos
"""

import csv
import pathlib

import numpy as np
from PIL import Image

from faceattr.data.table import AttributeTable

LABELS = "labels.csv"
_FACES = "faces"


class CropFiles:
    """Writes crops one after the other, then their labels.

    Args:
        folder: an empty folder.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        self._count = 0

    def add(self, crop: np.ndarray) -> None:
        """The next crop, uint8 [s, s, 3]."""
        Image.fromarray(crop).save(self._numbered(self._count))
        self._count += 1

    def finish(self, table: AttributeTable) -> None:
        """Names the files as the rows of a table are named, in the order of `add`, and writes its
        labels and persons."""
        images = [f"{_FACES}/{name}.png" for name in table.names]
        for number, image in enumerate(images):
            path = self._folder / image
            path.parent.mkdir(parents=True, exist_ok=True)
            self._numbered(number).rename(path)
        persons = table.identities
        header = ["image", *(["person"] if persons is not None else []), *table.columns]
        with (self._folder / LABELS).open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(header)
            for row, image in enumerate(images):
                person = [] if persons is None else [_cell(persons[row], unknown=-1)]
                labels = [_cell(label, unknown=0) for label in table.labels[row]]
                rows.writerow([image, *person, *labels])

    def _numbered(self, number: int) -> pathlib.Path:
        return self._folder / f"{number:08d}.png"


def _cell(value: int, unknown: int) -> str:
    return "" if value == unknown else str(value)
