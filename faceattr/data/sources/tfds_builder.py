"""CelebA as TensorFlow Datasets keeps it (`celeb_a`), unpacked once into CelebA's own layout."""

import importlib
import json
import pathlib
import shlex
import shutil
import tempfile
from typing import Any

from tqdm import tqdm

from faceattr.data.sources import celeba_files
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError

UNPACKED = "faceattr_images"

_DATASET = "celeb_a"
# Not TensorFlow Datasets by its name, which does not bring all that it imports.
_INSTALL = "pip install 'faceattr[tfds]'"
_PARTITION = {"train": 0, "validation": 1, "test": 2}


def read_tfds(data_dir: pathlib.Path) -> AttributeTable:
    """Reads the table of a prepared `celeb_a`; nothing is downloaded.

    The first time, the images are written as they are encoded, with their labels, to
    `data_dir/faceattr_images` in CelebA's own layout, since a table wants files that it can read
    in any order. Later that folder alone is read, without TensorFlow Datasets.

    Args:
        data_dir: TensorFlow Datasets' folder, or the version folder in it.

    Raises:
        UserError: if TensorFlow Datasets is not installed or has not prepared `celeb_a` there.
    """
    unpacked = data_dir / UNPACKED
    if not unpacked.is_dir():
        _unpack(_version_folder(data_dir), unpacked)
    return celeba_files.read_celeba(unpacked)


def _version_folder(data_dir: pathlib.Path) -> pathlib.Path:
    found = [
        path.parent
        for pattern in ("", f"{_DATASET}/*/", "*/")
        for path in data_dir.glob(f"{pattern}dataset_info.json")
    ]
    if not found:
        # Not its own `tfds build`, which does not start without Apache Beam.
        told = f'"{_DATASET}", data_dir={json.dumps(str(data_dir))}).download_and_prepare()'
        raise UserError(
            f"--data_dir {data_dir}: no prepared {_DATASET} here; to prepare it: {_INSTALL}, then "
            f"python -c {shlex.quote(f'import tensorflow_datasets as tfds; tfds.builder({told}')}"
        )
    return max(found, key=lambda folder: [int(part) for part in _digits(folder.name)])


def _digits(version: str) -> list[str]:
    return [part for part in version.split(".") if part.isdecimal()]


def _unpack(source: pathlib.Path, target: pathlib.Path) -> None:
    """Writes a data set in CelebA's layout; `target` is there whole or not at all."""
    try:
        tfds = importlib.import_module("tensorflow_datasets")
    except ImportError:
        raise UserError(f"--data tfds needs TensorFlow Datasets: {_INSTALL}") from None
    try:
        builder = tfds.builder_from_directory(source)
        columns = list(builder.info.features["attributes"])
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{source}: not a {_DATASET} of TensorFlow Datasets ({error})") from None
    draft = pathlib.Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        draft.chmod(0o755)
        _write(tfds, builder, columns, draft)
        draft.replace(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _write(tfds: Any, builder: Any, columns: list[str], folder: pathlib.Path) -> None:
    (folder / celeba_files.IMAGES).mkdir()
    features = builder.info.features
    points = list(features["landmarks"]) if "landmarks" in features else []
    has_people = "identity" in features  # from version 2.1.0 on
    labels, landmarks, identities, partition = [], [], [], []
    for split, number in _PARTITION.items():
        if split not in builder.info.splits:
            continue
        examples = builder.as_dataset(
            split=split,
            shuffle_files=False,
            decoders={"image": tfds.decode.SkipDecoding()},
            # One file after another, so that the same images get the same names everywhere.
            read_config=tfds.ReadConfig(interleave_cycle_length=1),
        )
        size = builder.info.splits[split].num_examples
        for place, example in enumerate(tqdm(tfds.as_numpy(examples), split, size, delay=2)):
            image = example["image"]
            suffix = "png" if image.startswith(b"\x89PNG") else "jpg"
            name = f"{split}-{place + 1:06d}.{suffix}"
            (folder / celeba_files.IMAGES / name).write_bytes(image)
            values = ("1" if example["attributes"][column] else "-1" for column in columns)
            labels.append(f"{name} {' '.join(values)}")
            partition.append(f"{name} {number}")
            if points:
                places = (str(int(example["landmarks"][point])) for point in points)
                landmarks.append(f"{name} {' '.join(places)}")
            if has_people:
                identities.append(f"{name} {int(example['identity']['Identity_No'])}")
    head = [str(len(labels))]
    _write_lines(folder / celeba_files.LABELS, [*head, " ".join(columns), *labels])
    _write_lines(folder / celeba_files.PARTITION, partition)
    if points:
        _write_lines(folder / celeba_files.LANDMARKS, [*head, " ".join(points), *landmarks])
    if has_people:
        _write_lines(folder / celeba_files.IDENTITIES, identities)


def _write_lines(path: pathlib.Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
