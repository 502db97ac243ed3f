"""`pack`: cuts out and resizes every face crop once."""

import pathlib
import shlex
from collections.abc import Sequence

from faceattr import command_line
from faceattr.data import packing
from faceattr.data.command.flags import (
    PROGRAM,
    add_image_size,
    add_source,
    chosen,
    file_table,
    require_size,
)
from faceattr.errors import UserError

_EPILOG = """example:
  python -m faceattr.data pack --data celeba --data_dir data/celeba --image_size 64 \\
      --out data/celeba-64

The folder of --out holds the crops as arrays that are mapped into memory when they are read: no
training decodes an image again.
"""


def pack(words: Sequence[str]) -> None:
    """Packs the crops of a table of image files.

    Args:
        words: see `describe`.

    Raises:
        UserError: see `describe`.
    """
    parser = command_line.ArgumentParser(
        f"{PROGRAM} pack",
        "Cuts and resizes every face crop once, for fast training.",
        _EPILOG,
    )
    add_source(parser)
    parser.add_argument("--out", required=True, help="a new folder")
    add_image_size(parser)
    arguments = parser.parse_args(words)
    choice = chosen(arguments)
    if choice.data == "synthetic":
        raise UserError("drawn faces are packed already: name --data and --data_dir of the images")
    require_size(arguments.image_size)
    out = pathlib.Path(arguments.out)
    packing.pack(file_table(choice), out, arguments.image_size)
    command = command_line.typed("python train.py --attr glasses --data packed")
    place = f"--data_dir {shlex.quote(str(out))} --image_size {arguments.image_size}"
    print(f"packed; train on the crops with:\n  {command} {place}")
