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
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from faceattr.data.crop_store import CropStore
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError
from faceattr.faces.crop import CropGeometry, read_crop
from faceattr.progress import progress_bar

FORMAT = 1
PACK_NAME = "pack.json"
# What a table may have beside labels.
_OPTIONAL = ("identities", "partition", "landmarks")
# Large enough to be read in long runs, small enough to copy and to write from memory.
_SHARD_BYTES = 256 * 2**20


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
    if folder.exists():
        raise UserError(f"--out {folder}: is there already; name a new folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        partial = pathlib.Path(scratch) / folder.name
        partial.mkdir()
        _write_shards(table, partial, image_size, max(1, shard_bytes // (image_size**2 * 3)))
        (partial / "names.txt").write_text("".join(f"{name}\n" for name in table.names))
        np.save(partial / "labels.npy", table.labels)
        for name in _OPTIONAL:
            if (values := getattr(table, name)) is not None:
                np.save(partial / f"{name}.npy", values)
        facts = {
            "format": FORMAT,
            "image_size": image_size,
            "images": len(table),
            "columns": list(table.columns),
            "crop": table.crop.to_json(),
        }
        (partial / PACK_NAME).write_text(json.dumps(facts, indent=2) + "\n")
        partial.rename(folder)


def _write_shards(
    table: AttributeTable, folder: pathlib.Path, image_size: int, per_shard: int
) -> None:
    starts = range(0, len(table), per_shard)
    with (
        ThreadPoolExecutor() as pool,
        progress_bar(total=len(table), desc="packing", unit="image") as bar,
    ):
        for number, start in enumerate(starts):
            indices = range(start, min(start + per_shard, len(table)))
            crops = np.empty((len(indices), image_size, image_size, 3), np.uint8)
            for place, crop in enumerate(pool.map(_reader(table, image_size), indices)):
                crops[place] = crop
                bar.update()
            np.save(folder / f"crops-{number:05d}-of-{len(starts):05d}.npy", crops)


def _reader(table: AttributeTable, image_size: int) -> Callable[[int], np.ndarray]:
    if table.images is None:
        return lambda index: read_crop(table.path(index), table.crop, image_size)
    return lambda index: table.crops(np.array([index]), image_size)[0]


def load_packed(folder: pathlib.Path) -> AttributeTable:
    """Opens packed crops as a table; nothing but labels and names is read yet.

    Raises:
        UserError: if the folder holds no packed crops, or not all of them.
    """
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
