"""TrainingData: the table, the attribute and the split that a training's settings stand for."""

import logging
import pathlib
from typing import Any

import numpy as np

from faceattr.attributes import Attribute, find_attribute
from faceattr.data.pipeline import check_images
from faceattr.data.sources import SyntheticFaces, draw_synthetic, load_files
from faceattr.data.splits import Split, balanced_split
from faceattr.data.table import AttributeTable
from faceattr.training.config import TrainConfig

_logger = logging.getLogger(__name__)


class TrainingData:
    """The table, the attribute and the split that a training's settings stand for.

    Attributes:
        table: the labelled images.
        attribute: the attribute to be edited.
        split: training and test, by class.
    """

    def __init__(
        self,
        table: AttributeTable,
        attribute: Attribute,
        split: Split,
        synthetic: SyntheticFaces | None = None,
    ) -> None:
        self.table = table
        self.attribute = attribute
        self.split = split
        self._synthetic = synthetic

    @classmethod
    def load(cls, config: TrainConfig) -> "TrainingData":
        """Reads or draws the data, splits them and checks that every image can be read.

        Raises:
            UserError: for data that cannot be used.
        """
        synthetic = None
        if config.data == "synthetic":
            _logger.info("drawing %d synthetic faces", config.synthetic_faces)
            synthetic = draw_synthetic(config.synthetic_faces, config.image_size, config.seed)
            table = synthetic.table
        else:
            assert config.data_dir is not None
            table = load_files(config.data, pathlib.Path(config.data_dir))
        attribute = find_attribute(config.attr, table.columns)
        split = balanced_split(table.values(attribute.column), config.test_per_class, config.seed)
        _logger.info(
            "%s: %d pairs to train on, %d faces of each class held out%s",
            attribute.column,
            len(split.train_negative),
            len(split.test_negative),
            "" if config.test_per_class else " (--test_per_class chooses)",
        )
        check_images(table, split)
        return cls(table, attribute, split, synthetic)

    def describe(self, config: TrainConfig) -> dict[str, Any]:
        """What `data.json` of a run holds."""
        values = self.table.values(self.attribute.column)
        return {
            "source": config.data,
            "attribute": self.attribute.name,
            "column": self.attribute.column,
            "edits": {
                "to_positive": self.attribute.to_positive,
                "to_negative": self.attribute.to_negative,
            },
            "images": len(self.table),
            "positives": int(values.sum()),
            "train_per_class": len(self.split.train_negative),
            "test_per_class": len(self.split.test_negative),
            "crop": self.table.crop.to_json(),
        }

    def test_crops(self, label: int, image_size: int, count: int | None = None) -> np.ndarray:
        """The first held-out faces of a class: uint8 [count, image_size, image_size, 3]."""
        return self.table.crops(self._test_indices(label)[:count], image_size)

    def counterfactuals(self, label: int) -> np.ndarray | None:
        """The held-out faces of a class with the attribute truly flipped.

        Returns:
            uint8 [n, image_size, image_size, 3]; None for real faces, which have none.
        """
        if self._synthetic is None:
            return None
        return self._synthetic.counterfactuals(self._test_indices(label), self.attribute.column)

    def _test_indices(self, label: int) -> np.ndarray:
        return (self.split.test_negative, self.split.test_positive)[label]
