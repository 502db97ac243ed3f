"""The data of all experiments: one set of persons held out from every network that is trained.

The paper draws a test set for each attribute. Here six attributes, the baseline, the ablations and
the judge are compared with each other, so all of them train on the same persons, and all are
measured on the others.
"""

import dataclasses
import pathlib

import numpy as np

from faceattr.data.packing import PACK_NAME, load_packed, pack
from faceattr.data.sources import draw_synthetic, load_files
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError
from faceattr.evaluation.judge.classifier_data import LabelledFaces, hold_out

TRAINING, TEST = 0, 2
"""Values of `AttributeTable.partition`, as in CelebA's own list."""


@dataclasses.dataclass(frozen=True)
class Source:
    """Faces to be packed for the experiments.

    Attributes:
        name: str, `"celeba"`, `"lfw"` or another of `faceattr.data.sources.SOURCES`.
        folder: where they lie; None for `"synthetic"`, which draws `count` of them.
        held_out: float in (0, 1), share of the images to hold out, by person.
        count: int, synthetic faces to draw.
    """

    name: str
    folder: pathlib.Path | None
    held_out: float
    count: int = 0


def prepare(source: Source, folder: pathlib.Path, image_size: int, seed: int) -> AttributeTable:
    """Packs the crops of a source, once, and says in `partition` who is held out.

    A source that brings its own test images, as CelebA does, keeps them.

    Args:
        source: the faces.
        folder: where they are packed; taken up as it is if that was done before.
        image_size: int, side of the crops.
        seed: int, of the persons that are held out, and of faces that are drawn.

    Raises:
        UserError: if the source cannot be read, or was packed at another size.
    """
    if not (folder / PACK_NAME).is_file():
        pack(
            _partitioned(_load(source, image_size, seed), source.held_out, seed), folder, image_size
        )
    table = load_packed(folder)
    assert table.images is not None, "packed crops are in memory"
    if table.images.shape[1] != image_size:
        raise UserError(
            f"{folder}: packed at {table.images.shape[1]} pixels, not {image_size}; name another "
            "--out, or leave --image_size as it was"
        )
    return table


def _load(source: Source, image_size: int, seed: int) -> AttributeTable:
    if source.name == "synthetic":
        return draw_synthetic(source.count, image_size, seed).table
    return load_files(source.name, source.folder)


def _partitioned(table: AttributeTable, share: float, seed: int) -> AttributeTable:
    if table.partition is not None and (table.partition == TEST).any():
        return table
    held_out = hold_out(table.identities, len(table), share, seed)
    partition = np.where(held_out, TEST, TRAINING).astype(np.int8)
    return dataclasses.replace(table, partition=partition)


def judged_faces(name: str, table: AttributeTable) -> LabelledFaces:
    """What the judge learns from: all but the images that are held out, or in no set.

    Args:
        name: str, of the source.
        table: of `prepare`.
    """
    assert table.partition is not None, "prepare() says who is held out"
    return LabelledFaces(name, table, table.partition != TRAINING)


def held_out_faces(table: AttributeTable, column: str) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the held-out faces without and with an attribute, each int64 [n].

    Args:
        table: of `prepare`.
        column: the label column; faces whose label is unknown are in neither.
    """
    assert table.partition is not None, "prepare() says who is held out"
    test = (table.partition == TEST) & table.known(column)
    positive = table.values(column)
    return np.flatnonzero(test & ~positive), np.flatnonzero(test & positive)
