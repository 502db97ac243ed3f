"""Packed crops of several folders, read as one table."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np

from faceattr.data.crop_store import CropStore
from faceattr.data.packing import load_packed
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError
from faceattr.faces.crop import CropGeometry


def packed_folders(data_dir: str | pathlib.Path) -> tuple[pathlib.Path, ...]:
    """The folders that `--data_dir A,B` names; one whose own name has a comma is one."""
    folder = pathlib.Path(data_dir)
    if folder.is_dir() or "," not in str(data_dir):
        return (folder,)
    return tuple(pathlib.Path(part.strip()) for part in str(data_dir).split(",") if part.strip())


def read_packed(data_dir: pathlib.Path) -> AttributeTable:
    """Opens the packed crops of one folder, or of several as one table.

    Raises:
        UserError: see `load_packed` and `joined`.
    """
    folders = packed_folders(data_dir)
    tables = [load_packed(folder) for folder in folders]
    return tables[0] if len(tables) == 1 else joined(tables, folders)


def joined(tables: Sequence[AttributeTable], folders: Sequence[pathlib.Path]) -> AttributeTable:
    """The images of several packed folders, one after the other.

    Args:
        tables: with crops in `CropStore`s.
        folders: where they are from; the names of the images start with that of their folder.

    Returns:
        a table with `source`, the place of each image's folder; persons of different folders are
        different persons.

    Raises:
        UserError: if the crops differ in size, labels, or where a face lies in them, or two folders
            have one name.
    """
    first = tables[0]
    for table, folder in zip(tables[1:], folders[1:], strict=True):
        if problem := _difference(first, table):
            raise UserError(f"--data_dir: {folders[0]} and {folder} {problem}")
    names = [folder.resolve().name for folder in folders]
    if len(set(names)) < len(names):
        raise UserError(
            f"--data_dir: two of the folders are named {max(names, key=names.count)}, after which "
            "their images are named; rename one"
        )
    same_crop = all(table.crop == first.crop for table in tables)
    # Landmarks are fractions of the images that the crops were cut from. Of crops that were cut in
    # several ways, only those that are whole images keep them.
    located = [
        table if same_crop or table.crop.size == 1 else _unlocated(table) for table in tables
    ]
    return AttributeTable(
        names=tuple(
            f"{name}/{image}"
            for name, table in zip(names, tables, strict=True)
            for image in table.names
        ),
        columns=first.columns,
        labels=np.concatenate(
            [table.labels[:, [*map(table.columns.index, first.columns)]] for table in tables]
        ),
        crop=first.crop if same_crop else CropGeometry(size=1.0, points=first.crop.points),
        images=_stores_joined(tables),
        identities=_end_to_end(tables, _persons_apart([table.identities for table in tables])),
        partition=_end_to_end(tables, [table.partition for table in tables]),
        landmarks=_end_to_end(located, [table.landmarks for table in located], (5, 2), np.nan),
        source=np.repeat(np.arange(len(tables)), [*map(len, tables)]).astype(np.int16),
    )


def _difference(first: AttributeTable, other: AttributeTable) -> str | None:
    """What keeps two tables apart."""
    assert first.images is not None
    assert other.images is not None
    if first.images.shape[1] != other.images.shape[1]:
        sides = f"{first.images.shape[1]} and {other.images.shape[1]} pixels"
        return f"hold crops of {sides}; pack them at one size"
    if lone := set(first.columns) ^ set(other.columns):
        return f"do not have the same labels, such as {min(lone)}; pack them with the same ones"
    if first.crop.points != other.crop.points:
        return "are not aligned alike; cut them out with python -m faceattr.data align"
    return None


def _unlocated(table: AttributeTable) -> AttributeTable:
    return dataclasses.replace(table, landmarks=None)


def _stores_joined(tables: Sequence[AttributeTable]) -> CropStore:
    stores = [table.images for table in tables]
    shards: list[np.ndarray] = []
    places, start = [], 0
    for store in stores:
        assert isinstance(store, CropStore), "packed crops are kept in shards"
        shards += store.shards
        places.append(np.where(store.places >= 0, store.places + start, -1))
        start += sum(map(len, store.shards))
    return CropStore(tuple(shards), np.concatenate(places))


def _persons_apart(tables: Sequence[np.ndarray | None]) -> list[np.ndarray | None]:
    """Other numbers for the persons of each table."""
    apart: list[np.ndarray | None] = []
    start = 0
    for persons in tables:
        if persons is None:
            apart.append(None)
            continue
        apart.append(np.where(persons >= 0, persons + start, -1))
        start += int(persons.max(initial=-1)) + 1
    return apart


def _end_to_end(
    tables: Sequence[AttributeTable],
    values: Sequence[np.ndarray | None],
    shape: tuple[int, ...] = (),
    unknown: float = -1,
) -> np.ndarray | None:
    """What the tables have, one after the other, and the unknown value where one has none."""
    kinds = [each.dtype for each in values if each is not None]
    if not kinds:
        return None
    return np.concatenate(
        [
            np.full((len(table), *shape), unknown, kinds[0]) if each is None else each
            for table, each in zip(tables, values, strict=True)
        ]
    )
