"""`align`: cuts aligned face crops out of photos."""

import argparse
import csv
import pathlib
import shlex
from collections.abc import Iterable, Sequence

import numpy as np

from faceattr import command_line
from faceattr.data import aligning
from faceattr.data.command.flags import (
    PROGRAM,
    add_image_size,
    add_source,
    chosen,
    file_table,
    require_size,
)
from faceattr.data.crop_files import LABELS, CropFiles
from faceattr.data.packing import Packer
from faceattr.data.table import LeftOut, count_reasons
from faceattr.errors import UserError
from faceattr.faces.finder import FaceFinder
from faceattr.files import new_folder

_LEFT_OUT = "left_out.csv"

_EPILOG = f"""examples:
  python -m faceattr.data align --data lfw --data_dir data/lfw --image_size 128 --out data/lfw-128
      LFW's looser frame into CelebA's, with its labels and persons
  python -m faceattr.data align --data_dir photos --image_size 256 --out faces --as files
      every face of a folder of photos, without labels

Where there are labels, a photo gives the one face that they are about: the one where the source has
it in its frame, else the largest. Photos without a face are listed in {_LEFT_OUT}.
"""


def align(words: Sequence[str]) -> None:
    """Writes the aligned faces of photos.

    Args:
        words: see `describe`.

    Raises:
        UserError: see `describe`.
    """
    parser = command_line.ArgumentParser(
        f"{PROGRAM} align",
        "Finds faces in photos and cuts them out, aligned as CelebA's are.",
        _EPILOG,
    )
    add_source(parser)
    parser.add_argument("--out", required=True, help="a new folder")
    add_image_size(parser)
    parser.add_argument(
        "--as",
        dest="form",
        choices=("packed", "files"),
        default="packed",
        help="packed (for --data packed) or files (PNG, and a labels.csv for --data csv); "
        "default: %(default)s",
    )
    arguments = parser.parse_args(words)
    require_size(arguments.image_size)
    unlabelled = arguments.data is None
    if unlabelled and arguments.data_dir is None:
        raise UserError("align reads photos: name their folder with --data_dir")
    if unlabelled:
        photos = aligning.photos_of(pathlib.Path(arguments.data_dir))
    else:
        choice = chosen(arguments)
        if choice.data == "synthetic":
            raise UserError("drawn faces are aligned already: name --data and --data_dir of photos")
        photos = file_table(choice)
    with command_line.quiet_native_code():
        # What LiteRT says of itself when a network is first loaded is not about the photos.
        FaceFinder().find(np.zeros((1, 1, 3), np.uint8))
    size, out = arguments.image_size, pathlib.Path(arguments.out)
    with new_folder(out) as partial:
        sink = Packer(partial, size) if arguments.form == "packed" else CropFiles(partial)
        faces = aligning.align(photos, size, sink, every_face=unlabelled)
        _write_left_out(partial / _LEFT_OUT, faces.left_out)
    print(f"{len(faces):,} faces of {len(photos):,} photos")
    for reason, count in count_reasons(faces.left_out).items():
        print(f"left out {count:,}: {reason} ({out / _LEFT_OUT})")
    if not unlabelled:
        command = command_line.typed("python train.py --attr glasses")
        print(f"train on them with:\n  {command} {_how_to_read(arguments)}")


def _write_left_out(path: pathlib.Path, left_out: Iterable[LeftOut]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("image", "reason", "detail"))
        rows.writerows((image.name, image.reason, image.detail) for image in left_out)


def _how_to_read(arguments: argparse.Namespace) -> str:
    out = pathlib.Path(arguments.out)
    size = f"--image_size {arguments.image_size}"
    if arguments.form == "packed":
        return f"--data packed --data_dir {shlex.quote(str(out))} {size}"
    return f"--data csv --labels {shlex.quote(str(out / LABELS))} --crop aligned {size}"
