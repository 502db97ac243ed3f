"""DataChoice: which faces are used, with which labels; it loads itself."""

import dataclasses
import functools
import logging
import pathlib
from collections.abc import Mapping
from typing import Any

from faceattr.data.joining import packed_folders
from faceattr.data.labels import apply_overrides
from faceattr.data.sources import CROPS, SOURCES, SyntheticFaces, draw_synthetic, load_files
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError
from faceattr.options import check, documented, option

_logger = logging.getLogger(__name__)

FACES = "which faces"
"""The heading that the flags of the source stand under."""

CARE = "doubtful labels and images"
"""The heading that the flags of what to mistrust stand under."""

# The settings that only some sources understand.
_FILES = tuple(source for source in SOURCES if source != "synthetic")
_SOURCES_OF = {
    "data_dir": _FILES,
    "labels": ("csv",),
    "image_column": ("csv",),
    "crop": tuple(source for source in _FILES if source != "packed"),
    "label_overrides": _FILES,
    "min_confidence": ("lfw", "csv"),
}


@dataclasses.dataclass(frozen=True)
class LoadedFaces:
    """What a choice stands for.

    Attributes:
        table: the labelled images.
        synthetic: what only drawn faces have; None for photographs.
    """

    table: AttributeTable
    synthetic: SyntheticFaces | None = None


@documented
@dataclasses.dataclass(frozen=True)
class DataChoice:
    """Which faces are used, and how they are labelled; checked when made.

    A data class of more settings may have it as its base; `of` takes the choice out again.

    Raises:
        UserError: if a setting is of another type, out of its range, or of another source.
    """

    data: str = option(
        "synthetic",
        "synthetic (default: drawn faces), celeba, lfw, tfds (celeb_a of TensorFlow "
        "Datasets), csv (your faces, labelled in a CSV file), folders (your faces, sorted into "
        "folders) or packed (crops that python -m faceattr.data pack cut out)",
        choices=SOURCES,
        group=FACES,
        metavar="SOURCE",
    )
    data_dir: str | None = option(
        None,
        "the folder of the data: with CelebA's or LFW's label file, or with a folder of faces "
        "per class; for csv where the image paths start (default: the CSV file's folder); for "
        "packed one folder, or several to be read as one: A,B",
        group=FACES,
        metavar="FOLDER",
    )
    labels: str | None = option(
        None,
        "csv: a column of image paths, and columns of 0/1, -1/1, true/false or yes/no",
        group=FACES,
        metavar="FILE",
    )
    image_column: str | None = option(
        None,
        "csv: the column of image paths (default: image, image_id, file, filename, path or name)",
        group=FACES,
        metavar="COLUMN",
    )
    crop: str | None = option(
        None,
        "where the face is in an image: none (the largest centred square; default for csv "
        "and folders), celeba or lfw (the frame of their aligned images), or aligned (the whole "
        "of what python -m faceattr.data align cut out)",
        choices=CROPS,
        group=FACES,
    )
    synthetic_faces: int = option(
        2400, "how many faces --data synthetic draws, 4 or more", at_least=4, group=FACES
    )
    label_overrides: str | None = option(
        None,
        "a CSV file of corrections with the columns image, column and value; an empty value "
        "drops a label",
        group=CARE,
        metavar="FILE",
    )
    min_confidence: float | None = option(
        None,
        "lfw and csv: use only labels at least so sure, a probability from 0.5 to below 1 "
        "(for lfw_attributes.txt an absolute value)",
        at_least=0,
        group=CARE,
    )

    def __post_init__(self) -> None:
        check(self)
        if problem := self._problem():
            raise UserError(problem)

    def _problem(self) -> str | None:
        """What is wrong with the settings taken together, each good by itself."""
        if self.data == "synthetic" and self.data_dir is not None:
            return "--data_dir names a folder of real faces: name their --data as well"
        for name, sources in _SOURCES_OF.items():
            if getattr(self, name) is not None and self.data not in sources:
                return (
                    f"--{name} is for --data {' or '.join(sources)}, not for --data {self.data}; "
                    "leave it out"
                )
        if self.data == "csv" and self.labels is None:
            return "--data csv needs --labels, the CSV file with the labels"
        if self.data not in ("synthetic", "csv") and self.data_dir is None:
            return f"--data {self.data} needs --data_dir, the folder it lies in"
        sure = self.min_confidence
        if self.data == "csv" and sure is not None and not 0.5 <= sure < 1:
            return (
                f"--min_confidence {sure}: choose from 0.5 to below 1, the probability from "
                "which a label is sure"
            )
        return None

    def load(self, *, image_size: int, seed: int = 0, attr: str | None = None) -> LoadedFaces:
        """Reads or draws the faces; the same choice again gives what was loaded before.

        Args:
            image_size: int, side of the face crops.
            seed: int >= 0, of drawn faces.
            attr: see `files`.

        Raises:
            UserError: for data that cannot be used.
        """
        if self.data == "synthetic":
            synthetic = _drawn(self.synthetic_faces, image_size, seed)
            return LoadedFaces(synthetic.table, synthetic)
        table = self.files(attr)
        if table.images is not None and table.images.shape[1] != image_size:
            packed = table.images.shape[1]
            raise UserError(
                f"--image_size {image_size}: the crops in {self.data_dir} are packed at "
                f"{packed}x{packed}; train with --image_size {packed}, or pack the images again"
            )
        return LoadedFaces(table)

    def files(self, attr: str | None = None) -> AttributeTable:
        """The table of faces that are files, or packed crops of whatever size; no image is opened.

        Args:
            attr: what is to be edited, whose column of a CSV file must hold labels; None where
                any will do.

        Raises:
            UserError: see `load_files` and `apply_overrides`.
        """
        assert self.data != "synthetic", "drawn faces are no files"
        return _read(of(self), attr if self.data == "csv" else None, self._last_changes())

    def _last_changes(self) -> tuple[tuple[str, int], ...]:
        """When the files of labels, and what lies in the folder, were last changed."""
        files = [pathlib.Path(name) for name in (self.labels, self.label_overrides) if name]
        folders = packed_folders(self.data_dir) if self.data_dir else (files[0].parent,)
        for folder in folders:
            if folder.is_dir():
                files += sorted(folder.iterdir())
        return tuple(
            (str(path.absolute()), path.stat().st_mtime_ns) for path in files if path.exists()
        )


def of(settings: DataChoice | Mapping[str, Any]) -> DataChoice:
    """The choice alone, out of settings that have more: a subclass's, or by name.

    Raises:
        UserError: see `DataChoice`.
    """
    if isinstance(settings, DataChoice):
        settings = vars(settings)
    names = (field.name for field in dataclasses.fields(DataChoice))
    return DataChoice(**{name: settings[name] for name in names if name in settings})


# Few, because they are large: several attributes of one training, or runs that are compared, ask
# for the same faces one after the other.


@functools.lru_cache(maxsize=2)
def _drawn(count: int, image_size: int, seed: int) -> SyntheticFaces:
    _logger.info("drawing %d synthetic faces", count)
    return draw_synthetic(count, image_size, seed)


@functools.lru_cache(maxsize=4)
def _read(
    choice: DataChoice, attr: str | None, last_changes: tuple[tuple[str, int], ...]
) -> AttributeTable:
    """The table of a choice; files that have changed since are read again."""
    table = load_files(
        choice.data,
        None if choice.data_dir is None else pathlib.Path(choice.data_dir),
        labels=None if choice.labels is None else pathlib.Path(choice.labels),
        image_column=choice.image_column,
        crop=choice.crop,
        min_confidence=choice.min_confidence,
        attr=attr,
    )
    if choice.label_overrides is None:
        return table
    return apply_overrides(table, pathlib.Path(choice.label_overrides))
