"""TrainingData: the table, the attributes and the split that a training's settings stand for."""

import logging
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from faceattr.attributes import Attribute, find_attribute
from faceattr.data.checking import find_bad_images
from faceattr.data.labels import noise_warning
from faceattr.data.packing import cached_in_memory
from faceattr.data.rows import Draws
from faceattr.data.sources import SyntheticFaces
from faceattr.data.splits import AnySplit, read_split
from faceattr.data.table import AttributeTable, count_reasons
from faceattr.edits import Edit
from faceattr.errors import UserError
from faceattr.runs.settings import TrainConfig

_logger = logging.getLogger(__name__)

_AUTO_CACHE_BYTES = 2**30
_CHUNK = 64  # training faces that are read at once


class TrainingData:
    """The table, the attributes and the split that a training's settings stand for.

    Attributes:
        table: the labelled images.
        attributes: the attributes to be edited; one, unless the family learns several.
        split: training and test.
        synthetic: what only drawn faces have; None for photographs.
    """

    def __init__(
        self,
        table: AttributeTable,
        attributes: tuple[Attribute, ...],
        split: AnySplit,
        synthetic: SyntheticFaces | None = None,
    ) -> None:
        self.table = table
        self.attributes = attributes
        self.split = split
        self.synthetic = synthetic
        self._draws: dict[TrainConfig, Draws] = {}

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
        names = config.attribute_names
        faces = config.load(
            image_size=config.image_size,
            seed=config.seed,
            attr=names[0] if len(names) == 1 else None,
        )
        table = faces.table
        attributes = tuple(find_attribute(name, table.columns) for name in names)
        _refuse_repeated(names, attributes)
        for attribute in attributes:
            if warning := noise_warning(config.data, attribute.column):
                _logger.warning("%s", warning)
        split = (
            _draw_split(config, table, attributes)
            if split_dir is None
            else read_split(split_dir, table)
        )
        for attribute in attributes:
            _refuse_other_labels(split, table, attribute.column)
        data = cls(table, attributes, split, faces.synthetic)
        data._log(config)
        if split_dir is not None or config.on_bad_image == "error":
            _refuse_bad_images(table, split.indices())
        data.table = _cached(table, split, config)
        return data

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits of all attributes."""
        return tuple(edit for attribute in self.attributes for edit in attribute.edits)

    def draws(self, config: TrainConfig) -> Draws:
        """How the batches of a training with these settings are drawn."""
        # Once: a family may tell how it matches faces, and takes its time.
        if config not in self._draws:
            of = (self.table, self.split, self.attributes)
            self._draws[config] = config.family.draws(
                *of, config.options, config.batch_size, config.seed
            )
        return self._draws[config]

    def describe(self, config: TrainConfig) -> dict[str, Any]:
        """What `data.json` of a run holds of the faces that it learns from, by its settings."""
        return {
            "source": config.data,
            "images": len(self.table),
            "attributes": [self._describe(attribute) for attribute in self.attributes],
            "split": config.split,
            "left_out": count_reasons(self.split.left_out),
            "crop": self.table.crop.to_json(),
        }

    def _describe(self, attribute: Attribute) -> dict[str, Any]:
        values, known = self.table.values(attribute.column), self.table.known(attribute.column)
        training = self.split.training(attribute.column)
        return {
            "name": attribute.name,
            "column": attribute.column,
            "edits": [edit.name for edit in attribute.edits],
            "positives": int(values.sum()),
            "negatives": int((known & ~values).sum()),
            "train_per_class": min(map(len, training)),
            "train_images": sum(map(len, training)),
            "test_per_class": min(map(len, self.split.held_out(attribute.column))),
        }

    def test_crops(self, edit: Edit, image_size: int, count: int | None = None) -> np.ndarray:
        """The first held-out faces that need an edit: uint8 [count, image_size, image_size, 3]."""
        return self.table.crops(self._test_indices(edit)[:count], image_size)

    def sample_crops(self, image_size: int, most: int) -> dict[Edit, np.ndarray]:
        """As many held-out faces for each edit, to be drawn in rows: uint8, see `test_crops`."""
        count = min(most, *(len(self._test_indices(edit)) for edit in self.edits))
        return {edit: self.test_crops(edit, image_size, count) for edit in self.edits}

    def train_crops(self, edit: Edit, image_size: int, most: int) -> Iterator[np.ndarray]:
        """At most so many training faces that need an edit, spread over all: uint8 batches."""
        members = self.split.training(edit.column)[not edit.adds]
        members = members[:: -(-len(members) // most)]
        for start in range(0, len(members), _CHUNK):
            yield self.table.crops(members[start : start + _CHUNK], image_size)

    def counterfactuals(self, edit: Edit) -> np.ndarray | None:
        """The held-out faces that need an edit, with the attribute truly flipped.

        Returns:
            uint8 [n, image_size, image_size, 3]; None for real faces, which have none.
        """
        if self.synthetic is None:
            return None
        return self.synthetic.counterfactuals(self._test_indices(edit), edit.column)

    def _test_indices(self, edit: Edit) -> np.ndarray:
        return self.split.held_out(edit.column)[not edit.adds]

    def _log(self, config: TrainConfig) -> None:
        for attribute in self.attributes:
            negatives, positives = map(len, self.split.training(attribute.column))
            _logger.info(
                "%s: %s to train on, %d faces of each class held out%s",
                attribute.column,
                f"{positives} pairs"
                if negatives == positives
                else f"{negatives} + {positives} faces",
                min(map(len, self.split.held_out(attribute.column))),
                "" if config.test_per_class else " (--test_per_class chooses)",
            )
        if left_out := self.split.left_out:
            reasons = count_reasons(left_out).items()
            _logger.info(
                "%d images left out (%s): split/left_out.csv of the run lists them",
                len(left_out),
                ", ".join(f"{reason}: {count}" for reason, count in reasons),
            )


def _cached(table: AttributeTable, split: AnySplit, config: TrainConfig) -> AttributeTable:
    """The table with the split's crops in memory, where the settings ask for it."""
    indices = split.indices()
    size = len(indices) * config.image_size**2 * 3
    fits = config.cache == "memory" or (config.cache == "auto" and size < _AUTO_CACHE_BYTES)
    if table.images is not None or not fits:
        return table
    return cached_in_memory(table, indices, config.image_size)


def _draw_split(
    config: TrainConfig, table: AttributeTable, attributes: tuple[Attribute, ...]
) -> AnySplit:
    bad = {}
    if config.on_bad_image == "skip":
        # Before the split is drawn, so that it is balanced without the bad ones.
        index_of = {name: index for index, name in enumerate(table.names)}
        known = np.any([table.known(attribute.column) for attribute in attributes], axis=0)
        bad = {
            index_of[image.name]: image.problem
            for image in find_bad_images(table, np.flatnonzero(known))
        }
    return config.family.split(
        config.split, table, attributes, config.test_per_class, config.seed, bad
    )


def _refuse_repeated(names: Sequence[str], attributes: Sequence[Attribute]) -> None:
    named: dict[str, str] = {}
    for name, attribute in zip(names, attributes, strict=True):
        if attribute.column in named:
            raise UserError(
                f"attr: {named[attribute.column]} and {name} are the same attribute; keep one"
            )
        named[attribute.column] = name


def _refuse_other_labels(split: AnySplit, table: AttributeTable, column: str) -> None:
    """A split that is taken up again may be of other labels, or of other attributes."""
    for use, classes in (
        ("train on", split.training(column)),
        ("hold out", split.held_out(column)),
    ):
        without, with_it = classes
        if not len(without) or not len(with_it):
            raise UserError(
                f"{column}: {len(with_it)} images with it and {len(without)} without to {use}; "
                "both kinds are needed, see the labels"
            )
        for members, has in ((without, False), (with_it, True)):
            other = members[table.known(column)[members] & (table.values(column)[members] != has)]
            if len(other):
                raise UserError(
                    f"{column}: {len(other)} images to {use} have another label in the data than "
                    f"in the run's split, such as {table.names[other[0]]}; go on with the labels "
                    "of its first day, or start a new run"
                )


def _refuse_bad_images(table: AttributeTable, indices: np.ndarray) -> None:
    bad = find_bad_images(table, indices)
    if bad:
        raise UserError(
            f"{len(bad)} of {len(indices)} images cannot be used; mend or remove them, or leave "
            "them out with --on_bad_image skip: " + "; ".join(image.problem for image in bad[:3])
        )
