"""`check`: reads every image whole."""

import sys
from collections.abc import Sequence

import numpy as np

from faceattr import command_line
from faceattr.data.checking import find_bad_images
from faceattr.data.command.flags import PROGRAM, add_source, chosen, file_table
from faceattr.errors import UserError

_EPILOG = """example:
  python -m faceattr.data check --data lfw --data_dir data/lfw

Prints a line for each image that cannot be read. The exit status is 1 if there is one, else 0.
"""


def check(words: Sequence[str]) -> None:
    """Prints what is wrong with each image that cannot be read; with any, exits with status 1.

    Args:
        words: see `describe`.

    Raises:
        UserError: see `describe`.
    """
    parser = command_line.ArgumentParser(
        f"{PROGRAM} check", "Reads every image once, whole.", _EPILOG
    )
    add_source(parser)
    arguments = parser.parse_args(words)
    choice = chosen(arguments)
    if choice.data == "synthetic":
        raise UserError("drawn faces are not files: name --data and --data_dir of the images")
    table = file_table(choice)
    bad = find_bad_images(table, np.arange(len(table)))
    for image in bad:
        print(image.problem)
    print(f"{len(table):,} images read, {len(bad):,} of them bad")
    if bad:
        sys.exit(1)
