"""What the commands share: the flags of the source and of the size, and what they stand for."""

import argparse

from faceattr.data.choice import DataChoice
from faceattr.data.table import AttributeTable, count_reasons
from faceattr.errors import UserError
from faceattr.options import add_flags, options_of

PROGRAM = "python -m faceattr.data"

_SIZES = range(32, 513)

# How many faces are drawn is not asked for by the commands that read files.
_SOURCE = [each for each in options_of(DataChoice).values() if each.name != "synthetic_faces"]


def add_source(parser: argparse.ArgumentParser) -> None:
    """Adds the flags that say which faces are meant, and how they are labelled."""
    add_flags(parser, _SOURCE)


def chosen(arguments: argparse.Namespace) -> DataChoice:
    """The faces that the flags of `add_source` name.

    Raises:
        UserError: see `DataChoice`.
    """
    given = {each.name: getattr(arguments, each.name) for each in _SOURCE}
    return DataChoice(**{name: value for name, value in given.items() if value is not None})


def file_table(choice: DataChoice) -> AttributeTable:
    """The table of a choice of image files, after a word on what it leaves out."""
    table = choice.files()
    for reason, count in count_reasons(table.left_out).items():
        print(f"left out {count:,}: {reason}")
    return table


def add_image_size(parser: argparse.ArgumentParser) -> None:
    """Adds `--image_size`, to be checked with `require_size`."""
    parser.add_argument(
        "--image_size", type=int, default=128, help="side of the face crops in pixels (%(default)s)"
    )


def require_size(image_size: int) -> None:
    """Refuses a size that no crop should have.

    Raises:
        UserError: naming the sizes that there are.
    """
    if image_size not in _SIZES:
        raise UserError(f"--image_size {image_size}: must be from {_SIZES[0]} to {_SIZES[-1]}")


def require_count(count: int) -> None:
    """Refuses to draw no face.

    Raises:
        UserError: if the count is below 1.
    """
    if count < 1:
        raise UserError(f"--count {count}: at least one face is needed")
