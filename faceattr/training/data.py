"""TrainingData: the table, the attribute and the split that a training's settings stand for."""

import dataclasses
import logging
import pathlib
from collections.abc import Iterator
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
from faceattr.runs.settings import TrainConfig

_logger = logging.getLogger(__name__)

_AUTO_CACHE_BYTES = 2**30
_CHUNK = 64  # training faces that are read at once


class TrainingData:
    """The table, the attribute and the split that a training's settings stand for.

    Attributes:
        table: the labelled images.
        attribute: the attribute to be edited.
        split: training and test, by class.
        synthetic: what only drawn faces have; None for photographs.
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
        self.synthetic = synthetic

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
            draw_split(config, table, attribute.column)
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
                "to_positive": self.attribute.adding.name,
                "to_negative": self.attribute.removing.name,
            },
            "images": len(self.table),
            "positives": int(values.sum()),
            "negatives": int((self.table.known(self.attribute.column) & ~values).sum()),
            "split": config.split,
            "train_per_class": min(len(self.split.train_negative), len(self.split.train_positive)),
            "train_images": len(self.split.train_negative) + len(self.split.train_positive),
            "test_per_class": len(self.split.test_negative),
            "left_out": count_reasons(self.split.left_out),
            "crop": self.table.crop.to_json(),
        }

    def test_crops(self, label: int, image_size: int, count: int | None = None) -> np.ndarray:
        """The first held-out faces of a class: uint8 [count, image_size, image_size, 3]."""
        return self.table.crops(self._test_indices(label)[:count], image_size)

    def train_crops(self, label: int, image_size: int, most: int) -> Iterator[np.ndarray]:
        """Training faces of a class, at most `most` of them spread over all: uint8 batches."""
        members = (self.split.train_negative, self.split.train_positive)[label]
        members = members[:: -(-len(members) // most)]
        for start in range(0, len(members), _CHUNK):
            yield self.table.crops(members[start : start + _CHUNK], image_size)

    def counterfactuals(self, label: int) -> np.ndarray | None:
        """The held-out faces of a class with the attribute truly flipped.

        Returns:
            uint8 [n, image_size, image_size, 3]; None for real faces, which have none.
        """
        if self.synthetic is None:
            return None
        return self.synthetic.counterfactuals(self._test_indices(label), self.attribute.column)

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


def draw_split(config: TrainConfig, table: AttributeTable, column: str) -> Split:
    """The split that the settings ask for.

    A VAE-GAN learns faces, and its attribute vector is a difference of means: both want every
    training image, not as many of the larger class as there are of the smaller. Held out are the
    same images as for the paper's model.

    Raises:
        UserError: see `make_split`.
    """
    bad = {}
    if config.on_bad_image == "skip":
        # Before the split is drawn, so that it is balanced without the bad ones.
        index_of = {name: index for index, name in enumerate(table.names)}
        candidates = np.flatnonzero(table.known(column))
        bad = {index_of[image.name]: image.problem for image in find_bad_images(table, candidates)}
    split = make_split(config.split, table, column, config.test_per_class, config.seed, bad)
    return _unbalanced(split, config.split, table, column) if config.model == "vae_gan" else split


def _unbalanced(split: Split, kind: str, table: AttributeTable, column: str) -> Split:
    """The split with all images in training that may be, of classes of any size."""
    left_out = {image.name for image in split.left_out}
    may = table.known(column) & np.array([name not in left_out for name in table.names])
    held_out = np.concatenate([split.test_negative, split.test_positive])
    may[held_out] = False
    if kind == "official":
        assert table.partition is not None, "see make_split"
        may &= table.partition == 0
    elif kind == "person":
        assert table.identities is not None, "see make_split"
        may &= ~np.isin(table.identities, table.identities[held_out])
    positive = table.values(column)
    return dataclasses.replace(
        split,
        train_negative=np.flatnonzero(may & ~positive),
        train_positive=np.flatnonzero(may & positive),
    )


def _refuse_bad_images(table: AttributeTable, indices: np.ndarray) -> None:
    bad = find_bad_images(table, indices)
    if bad:
        raise UserError(
            f"{len(bad)} of {len(indices)} images cannot be used; mend or remove them, or leave "
            "them out with --on_bad_image skip: " + "; ".join(image.problem for image in bad[:3])
        )


def _log(column: str, split: Split, config: TrainConfig) -> None:
    negatives, positives = len(split.train_negative), len(split.train_positive)
    _logger.info(
        "%s: %s to train on, %d faces of each class held out%s",
        column,
        f"{positives} pairs" if negatives == positives else f"{negatives} + {positives} faces",
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
