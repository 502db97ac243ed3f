"""Where a table comes from: CelebA, LFW, TensorFlow Datasets, a user's own, or drawn faces."""

from __future__ import annotations

import dataclasses
import pathlib

from faceattr.data.joining import read_packed
from faceattr.data.sources.celeba_files import read_celeba
from faceattr.data.sources.csv_table import read_csv_table
from faceattr.data.sources.folders import read_folders
from faceattr.data.sources.lfw import read_lfw
from faceattr.data.sources.synthetic_faces import SyntheticFaces, draw_synthetic
from faceattr.data.sources.tfds_builder import read_tfds
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError
from faceattr.faces.crop import CROPS

__all__ = ["CROPS", "SOURCES", "SyntheticFaces", "draw_synthetic", "load_files"]

SOURCES = ("synthetic", "celeba", "lfw", "tfds", "csv", "folders", "packed")


def load_files(
    source: str,
    data_dir: pathlib.Path | None,
    *,
    labels: pathlib.Path | None = None,
    image_column: str | None = None,
    crop: str | None = None,
    min_confidence: float | None = None,
    attr: str | None = None,
) -> AttributeTable:
    """Reads the table of images that are files, or packed crops; no image is opened.

    Rows without an image and images without a row are left out, and noted in the table.

    Args:
        source: one of `SOURCES` but `"synthetic"`.
        data_dir: the folder of the data, or of `"packed"` several, with commas between; may be None
            for `"csv"`.
        labels: the CSV file of `"csv"`, which needs it.
        image_column: see `read_csv_table`.
        crop: a name in `CROPS`; None for the source's own: CelebA's and LFW's frame, or the
            centred square.
        min_confidence: how sure a label must be, where `"lfw"` or `"csv"` say how sure it is.
        attr: see `read_csv_table`.

    Raises:
        UserError: if a folder or file is missing or cannot be used; names it.
    """
    if data_dir is not None and source != "packed" and not data_dir.is_dir():
        raise UserError(f"--data_dir {data_dir}: no such folder")
    if source == "csv":
        if labels is None:
            raise UserError("--data csv needs --labels, the CSV file with the labels")
        table = read_csv_table(labels, data_dir, image_column, min_confidence, attr)
    else:
        if data_dir is None:
            raise UserError(f"--data {source} needs --data_dir, the folder it lies in")
        if source == "lfw":
            table = read_lfw(data_dir, min_confidence)
        else:
            readers = {
                "celeba": read_celeba,
                "tfds": read_tfds,
                "folders": read_folders,
                "packed": read_packed,
            }
            table = readers[source](data_dir)
    return table if crop is None else dataclasses.replace(table, crop=CROPS[crop])
