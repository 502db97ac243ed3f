"""`describe`: a data set in numbers and pictures."""

import pathlib
from collections.abc import Sequence

import numpy as np

from faceattr import command_line
from faceattr.attributes import find_attribute
from faceattr.data.command.flags import PROGRAM, add_source, chosen, file_table, require_count
from faceattr.data.command.heat_map import heat_map
from faceattr.data.command.summary import correlations, image_sizes, report
from faceattr.data.sources import draw_synthetic
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError
from faceattr.pictures.grids import image_grid
from faceattr.pictures.png import write_png

_SYNTHETIC_COUNT = 2000
_SYNTHETIC_SIZE = 64
_EXAMPLE_SIZE = 128
_EXAMPLES_PER_CLASS = 10

_EPILOG = """examples:
  python -m faceattr.data describe
      2,000 drawn faces
  python -m faceattr.data describe --data celeba --data_dir data/celeba --attr smile --all
      CelebA: all forty columns, and what goes together with Smiling
  python -m faceattr.data describe --data csv --labels my/labels.csv --attr hat
      your own photos: a CSV file with a column of image paths and a column for each attribute

The folder of --out gets two pictures: correlations.png, the correlations of all columns with the
attribute's row framed, and examples.png, faces without and with the attribute as the networks see
them.
"""


def describe(words: Sequence[str]) -> None:
    """Prints the numbers of a table and writes its pictures.

    Args:
        words: of the command line, after the command's name.

    Raises:
        UserError: for flags or data that cannot be used.
    """
    parser = command_line.ArgumentParser(
        f"{PROGRAM} describe", "Describes a data set in numbers and pictures.", _EPILOG
    )
    add_source(parser)
    parser.add_argument(
        "--attr",
        help="whose correlations and examples to show: one of the paper's six, or a column of the "
        "labels (male, or the first column where there is no Male)",
    )
    parser.add_argument("--all", action="store_true", help="count all columns, not the six alone")
    parser.add_argument(
        "--count", type=int, help=f"how many faces --data synthetic draws ({_SYNTHETIC_COUNT})"
    )
    parser.add_argument("--out", help="folder for the pictures (default: describe-<data>)")
    arguments = parser.parse_args(words)
    choice = chosen(arguments)
    if choice.data == "synthetic":
        count = _SYNTHETIC_COUNT if arguments.count is None else arguments.count
        require_count(count)
        table = draw_synthetic(count, _SYNTHETIC_SIZE, seed=0).table
    elif arguments.count is not None:
        raise UserError("--count is for --data synthetic only")
    else:
        table = file_table(choice)
    usual = "Male" if "Male" in table.columns else table.columns[0]
    column = find_attribute(arguments.attr or usual, table.columns).column
    matrix = correlations(table.labels)
    print(f"{choice.data}: {len(table):,} images; label columns: {len(table.columns)}")
    print(report(table, column, matrix, image_sizes(table), every=arguments.all))
    out = pathlib.Path(arguments.out or f"describe-{choice.data}")
    size = _EXAMPLE_SIZE if table.images is None else table.images.shape[1]
    title = f"{choice.data}, {len(table):,} images: Pearson correlations; framed: {column}"
    pictures = {
        "correlations.png": heat_map(matrix, table.columns, column, title),
        "examples.png": example_grid(table, column, size, _EXAMPLES_PER_CLASS, seed=0),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        write_png(out / name, picture, optimize=True)
        print(f"wrote {out / name}")


def example_grid(
    table: AttributeTable, column: str, image_size: int, per_class: int, seed: int
) -> np.ndarray:
    """Draws faces of both classes of a column, as the networks see them.

    Images that cannot be read are passed over; where a class has too few, its row ends white.

    Args:
        table: the faces.
        column: one of its columns.
        image_size: int, side of a crop in pixels.
        per_class: int >= 1, faces in a row.
        seed: int. The same seed shows the same faces.

    Returns:
        uint8 [height, width, 3].
    """
    labels = table.labels[:, table.columns.index(column)]
    rng = np.random.default_rng(seed)
    rows = []
    for value, word in ((-1, "no"), (1, "yes")):
        row = np.full((per_class, image_size, image_size, 3), 255, np.uint8)
        shown = 0
        for index in rng.permutation(np.flatnonzero(labels == value)):
            if shown == per_class:
                break
            try:
                row[shown] = table.crops(np.array([index]), image_size)[0]
            except UserError:
                continue
            shown += 1
        rows.append((f"{column}: {word}", row))
    return image_grid(rows)
