"""TrainingData: the table, the attribute and the split that a training's settings stand for."""

import logging
import pathlib
from typing import Any

import numpy as np

from faceattr.attributes import Attribute, find_attribute
from faceattr.data.checking import find_bad_images
from faceattr.data.labels import apply_overrides, noise_warning
from faceattr.data.packing import cached_in_memory
from faceattr.data.sources import SyntheticFaces, draw_synthetic, load_files
from faceattr.data.splits import Split, make_split
from faceattr.data.table import AttributeTable, count_reasons
from faceattr.errors import UserError
from faceattr.training.config import TrainConfig

_logger = logging.getLogger(__name__)

_AUTO_CACHE_BYTES = 2**30


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
    def load(cls, config: TrainConfig, split_dir: pathlib.Path | None = None) -> "TrainingData":
        """Reads or draws the data, splits them and checks that every image can be read.

        Args:
            config: the settings.
            split_dir: the `split` folder of a run, whose split is taken up again; None to draw
                the split that the settings ask for.

        Raises:
            UserError: for data that cannot be used.
        """
        synthetic = None
        if config.data == "synthetic":
            _logger.info("drawing %d synthetic faces", config.synthetic_faces)
            synthetic = draw_synthetic(config.synthetic_faces, config.image_size, config.seed)
            table = synthetic.table
        else:
            table = _load_table(config)
        attribute = find_attribute(config.attr, table.columns)
        if warning := noise_warning(config.data, attribute.column):
            _logger.warning("%s", warning)
        split = (
            _draw_split(config, table, attribute.column)
            if split_dir is None
            else Split.read(split_dir, table)
        )
        _log(attribute.column, split, config)
        if split_dir is not None or config.on_bad_image == "error":
            _refuse_bad_images(table, split.indices())
        return cls(_cached(table, split, config), attribute, split, synthetic)

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
            "negatives": int((self.table.known(self.attribute.column) & ~values).sum()),
            "split": config.split,
            "train_per_class": len(self.split.train_negative),
            "test_per_class": len(self.split.test_negative),
            "left_out": count_reasons(self.split.left_out),
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


def _load_table(config: TrainConfig) -> AttributeTable:
    table = load_files(
        config.data,
        None if config.data_dir is None else pathlib.Path(config.data_dir),
        labels=None if config.labels is None else pathlib.Path(config.labels),
        image_column=config.image_column,
        crop=config.crop,
        min_confidence=config.min_confidence,
        attr=config.attr,
    )
    if table.images is not None and table.images.shape[1] != config.image_size:
        packed = table.images.shape[1]
        raise UserError(
            f"--image_size {config.image_size}: the crops in {config.data_dir} are packed at "
            f"{packed}x{packed}; train with --image_size {packed}, or pack the images again"
        )
    if config.label_overrides is None:
        return table
    return apply_overrides(table, pathlib.Path(config.label_overrides))


def _cached(table: AttributeTable, split: Split, config: TrainConfig) -> AttributeTable:
    """The table with the split's crops in memory, where the settings ask for it."""
    indices = split.indices()
    size = len(indices) * config.image_size**2 * 3
    fits = config.cache == "memory" or (config.cache == "auto" and size < _AUTO_CACHE_BYTES)
    if table.images is not None or not fits:
        return table
    return cached_in_memory(table, indices, config.image_size)


def _draw_split(config: TrainConfig, table: AttributeTable, column: str) -> Split:
    bad = {}
    if config.on_bad_image == "skip":
        # Before the split is drawn, so that it is balanced without the bad ones.
        index_of = {name: index for index, name in enumerate(table.names)}
        candidates = np.flatnonzero(table.known(column))
        bad = {index_of[image.name]: image.problem for image in find_bad_images(table, candidates)}
    return make_split(config.split, table, column, config.test_per_class, config.seed, bad)


def _refuse_bad_images(table: AttributeTable, indices: np.ndarray) -> None:
    bad = find_bad_images(table, indices)
    if bad:
        raise UserError(
            f"{len(bad)} of {len(indices)} images cannot be used; mend or remove them, or leave "
            "them out with --on_bad_image skip: " + "; ".join(image.problem for image in bad[:3])
        )


def _log(column: str, split: Split, config: TrainConfig) -> None:
    _logger.info(
        "%s: %d pairs to train on, %d faces of each class held out%s",
        column,
        len(split.train_negative),
        len(split.test_negative),
        "" if config.test_per_class else " (--test_per_class chooses)",
    )
    if split.left_out:
        reasons = count_reasons(split.left_out).items()
        _logger.info(
            "%d images left out (%s): split/left_out.csv of the run lists them",
            len(split.left_out),
            ", ".join(f"{reason}: {count}" for reason, count in reasons),
        )
