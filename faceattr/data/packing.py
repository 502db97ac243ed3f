"""Packed crops: resized once, kept as arrays on disk, read without decoding.

    pack.json                        format, size, crop, columns, where they came from
    names.txt                        an image name a line
    labels.npy                       int8 [n, columns], -1, 0 or 1
    crops-00000-of-00003.npy         uint8 [m, s, s, 3], mapped into memory when read

NumPy alone reads them, so any backend's trainer can.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from faceattr.data.crop_store import CropStore
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError
from faceattr.faces.crop import CropGeometry, read_crop
from faceattr.files import new_folder
from faceattr.progress import progress_bar

FORMAT = 1
PACK_NAME = "pack.json"
# What a table may have beside labels.
_OPTIONAL = ("identities", "partition", "landmarks")
# Large enough to be read in long runs, small enough to copy and to write from memory.
_SHARD_BYTES = 256 * 2**20
# So many images are read ahead.
_AT_ONCE = 1024


def pack(
    table: AttributeTable, folder: pathlib.Path, image_size: int, shard_bytes: int = _SHARD_BYTES
) -> None:
    """Writes the crops of every image of a table; the folder is there whole or not at all.

    Args:
        table: what to pack.
        folder: the new folder.
        image_size: int, side of the crops.
        shard_bytes: int, about how large a shard file is.

    Raises:
        UserError: if the folder exists, or an image cannot be read (which `check` lists).
    """
    with new_folder(folder) as partial:
        packer = Packer(partial, image_size, shard_bytes)
        with (
            ThreadPoolExecutor() as pool,
            progress_bar(total=len(table), desc="packing", unit="image") as bar,
        ):
            for start in range(0, len(table), _AT_ONCE):
                indices = range(start, min(start + _AT_ONCE, len(table)))
                for crop in pool.map(_reader(table, image_size), indices):
                    packer.add(crop)
                    bar.update()
        packer.finish(table)


class Packer:
    """Writes the files of packed crops, the crops one after the other.

    Args:
        folder: an empty folder.
        image_size: int, side of the crops.
        shard_bytes: int, about how large a shard file is.
    """

    def __init__(
        self, folder: pathlib.Path, image_size: int, shard_bytes: int = _SHARD_BYTES
    ) -> None:
        self._folder, self._image_size = folder, image_size
        self._most = max(1, shard_bytes // (image_size**2 * 3))
        self._waiting: list[np.ndarray] = []
        self._shards: list[pathlib.Path] = []

    def add(self, crop: np.ndarray) -> None:
        """The next crop, uint8 [image_size, image_size, 3]."""
        self._waiting.append(crop)
        if len(self._waiting) == self._most:
            self._write_shard()

    def finish(self, table: AttributeTable) -> None:
        """Writes what is known of the crops: the rows of a table, in the order of `add`."""
        if self._waiting:
            self._write_shard()
        for path in self._shards:
            path.rename(path.with_name(f"{path.stem}-of-{len(self._shards):05d}.npy"))
        text = "".join(f"{name}\n" for name in table.names)
        (self._folder / "names.txt").write_text(text, encoding="utf-8")
        np.save(self._folder / "labels.npy", table.labels)
        for name in _OPTIONAL:
            if (values := getattr(table, name)) is not None:
                np.save(self._folder / f"{name}.npy", values)
        facts = {
            "format": FORMAT,
            "image_size": self._image_size,
            "images": len(table),
            "columns": list(table.columns),
            "crop": table.crop.to_json(),
        }
        text = json.dumps(facts, indent=2) + "\n"
        (self._folder / PACK_NAME).write_text(text, encoding="utf-8")

    def _write_shard(self) -> None:
        path = self._folder / f"crops-{len(self._shards):05d}.npy"
        np.save(path, np.stack(self._waiting))
        self._shards.append(path)
        self._waiting = []


def _reader(table: AttributeTable, image_size: int) -> Callable[[int], np.ndarray]:
    if table.images is None:
        return lambda index: read_crop(table.path(index), table.crop, image_size)
    return lambda index: table.crops(np.array([index]), image_size)[0]


def load_packed(folder: pathlib.Path) -> AttributeTable:
    """Opens packed crops as a table; nothing but labels and names is read yet.

    Raises:
        UserError: if the folder holds no packed crops, or not all of them.
    """
    if not folder.is_dir():
        raise UserError(f"--data_dir {folder}: no such folder")
    if not (folder / PACK_NAME).is_file():
        raise UserError(
            f"--data_dir {folder}: no packed crops here (no {PACK_NAME}); "
            "python -m faceattr.data pack makes them"
        )
    try:
        facts = json.loads((folder / PACK_NAME).read_text(encoding="utf-8"))
        if facts["format"] != FORMAT:
            raise UserError(f"{folder}: packed in format {facts['format']}; pack the data again")
        shards = tuple(
            np.load(path, mmap_mode="r") for path in sorted(folder.glob("crops-*-of-*.npy"))
        )
        names = tuple((folder / "names.txt").read_text(encoding="utf-8").split("\n")[:-1])
        labels = np.load(folder / "labels.npy")
        count, columns = facts["images"], tuple(facts["columns"])
        crop = CropGeometry.from_json(facts["crop"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{folder}: damaged packed crops ({error}); pack the data again") from None
    if not sum(map(len, shards)) == len(names) == len(labels) == count:
        raise UserError(f"{folder}: some of the packed crops are missing; pack the data again")
    return AttributeTable(
        names,
        columns,
        labels,
        crop,
        images=CropStore(shards, np.arange(count)),
        **{
            name: np.load(folder / f"{name}.npy")
            for name in _OPTIONAL
            if (folder / f"{name}.npy").is_file()
        },
    )


def cached_in_memory(table: AttributeTable, indices: np.ndarray, image_size: int) -> AttributeTable:
    """The same table with the crops of some images decoded once, into memory.

    Args:
        table: of files.
        indices: int64 [k], the images that will be asked for.
        image_size: int, side of the crops.

    Returns:
        a table whose `images` hold the crops of `indices`, and of no other image.
    """
    crops = np.empty((len(indices), image_size, image_size, 3), np.uint8)
    with ThreadPoolExecutor() as pool:
        read = pool.map(_reader(table, image_size), indices)
        for place, crop in enumerate(
            progress_bar(read, total=len(indices), desc="decoding", unit="image")
        ):
            crops[place] = crop
    places = np.full(len(table), -1, np.int64)
    places[indices] = np.arange(len(indices))
    return dataclasses.replace(table, folder=None, images=CropStore((crops,), places))
