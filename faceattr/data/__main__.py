"""Looks at data sets, checks them and draws them; see `python -m faceattr.data --help`."""

from __future__ import annotations

import argparse
import pathlib
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from faceattr import command_line
from faceattr.attributes import find_attribute
from faceattr.data import synthetic
from faceattr.data.checking import find_bad_images
from faceattr.data.describe import correlations, image_sizes, report
from faceattr.data.figures import example_grid, heat_map, synthetic_figures
from faceattr.data.packing import pack
from faceattr.data.sources import CROPS, SOURCES, draw_synthetic, load_files
from faceattr.data.table import AttributeTable, count_reasons
from faceattr.errors import UserError
from faceattr.pictures.png import write_png
from faceattr.progress import progress_bar

_PROGRAM = "python -m faceattr.data"
_SYNTHETIC_COUNT = 2000
_SYNTHETIC_SIZE = 64
_EXAMPLE_SIZE = 128
_EXAMPLES_PER_CLASS = 10
_SIZES = range(32, 513)

_EPILOG = """commands:
  describe   counts per class, image sizes, correlations between attributes, example faces
  check      reads every image whole and lists the bad ones
  pack       cuts and resizes every face crop once, for fast training
  render     writes drawn faces in CelebA's layout
  figures    writes the pictures of docs/synthetic.md

examples:
  python -m faceattr.data describe --data celeba --data_dir data/celeba --attr male
  python -m faceattr.data check --data celeba --data_dir data/celeba
  python -m faceattr.data render --out data/drawn --count 10000
  python -m faceattr.data describe --help
"""

_DESCRIBE_EPILOG = """examples:
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

_CHECK_EPILOG = """example:
  python -m faceattr.data check --data lfw --data_dir data/lfw

Prints a line for each image that cannot be read. The exit status is 1 if there is one, else 0.
"""

_PACK_EPILOG = """example:
  python -m faceattr.data pack --data celeba --data_dir data/celeba --image_size 64 \\
      --out data/celeba-64

The folder of --out holds the crops as arrays that are mapped into memory when they are read: no
training decodes an image again.
"""

_RENDER_EPILOG = """examples:
  python -m faceattr.data render --out data/drawn --count 10000
  python -m faceattr.data render --out data/drawn --count 10000 --image_size 148 \\
      --correlation male,no_beard,-0.52 smile,mouth_open,0.5
      CelebA's 178x218 pixels, and attributes that go together as they do there

The same --seed draws the same faces. Each image has the proportions of CelebA's aligned ones, and
the crop for CelebA gives back the face of --image_size.
"""

_FIGURES_EPILOG = """example:
  python -m faceattr.data figures --out docs/images
"""


def _add_data_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        choices=SOURCES,
        default="synthetic",
        help="what to read; synthetic faces are drawn (%(default)s)",
    )
    parser.add_argument("--data_dir", help="the data set's folder, with its label file")
    parser.add_argument("--labels", help="the CSV file of --data csv")
    parser.add_argument("--image_column", help="the column of --labels with the image paths")
    parser.add_argument("--crop", choices=list(CROPS), help="where the face is in each image")
    parser.add_argument(
        "--min_confidence", type=float, help="how sure a label of --data lfw or csv must be"
    )


def _file_table(arguments: argparse.Namespace) -> AttributeTable:
    """The table that the data flags name; not for drawn faces."""
    table = load_files(
        arguments.data,
        pathlib.Path(arguments.data_dir) if arguments.data_dir else None,
        labels=pathlib.Path(arguments.labels) if arguments.labels else None,
        image_column=arguments.image_column,
        crop=arguments.crop,
        min_confidence=arguments.min_confidence,
    )
    for reason, count in count_reasons(table.left_out).items():
        print(f"left out {count:,}: {reason}")
    return table


def _describe(words: Sequence[str]) -> None:
    parser = command_line.ArgumentParser(
        f"{_PROGRAM} describe", "Describes a data set in numbers and pictures.", _DESCRIBE_EPILOG
    )
    _add_data_flags(parser)
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
    if arguments.data == "synthetic":
        for flag in ("data_dir", "labels"):
            if getattr(arguments, flag) is not None:
                raise UserError(f"--{flag} is of real faces: name their --data as well")
        count = _SYNTHETIC_COUNT if arguments.count is None else arguments.count
        _require(count >= 1, f"--count {count}: at least one face is needed")
        table = draw_synthetic(count, _SYNTHETIC_SIZE, seed=0).table
    else:
        _require(arguments.count is None, "--count is for --data synthetic only")
        table = _file_table(arguments)
    usual = "Male" if "Male" in table.columns else table.columns[0]
    column = find_attribute(arguments.attr or usual, table.columns).column
    matrix = correlations(table.labels)
    print(f"{arguments.data}: {len(table):,} images; label columns: {len(table.columns)}")
    print(report(table, column, matrix, image_sizes(table), every=arguments.all))
    out = pathlib.Path(arguments.out or f"describe-{arguments.data}")
    size = _EXAMPLE_SIZE if table.images is None else table.images.shape[1]
    title = f"{arguments.data}, {len(table):,} images: Pearson correlations; framed: {column}"
    pictures = {
        "correlations.png": heat_map(matrix, table.columns, column, title),
        "examples.png": example_grid(table, column, size, _EXAMPLES_PER_CLASS, seed=0),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        write_png(out / name, picture, optimize=True)
        print(f"wrote {out / name}")


def _check(words: Sequence[str]) -> None:
    parser = command_line.ArgumentParser(
        f"{_PROGRAM} check", "Reads every image once, whole.", _CHECK_EPILOG
    )
    _add_data_flags(parser)
    arguments = parser.parse_args(words)
    if arguments.data == "synthetic":
        raise UserError("drawn faces are not files: name --data and --data_dir of the images")
    table = _file_table(arguments)
    bad = find_bad_images(table, np.arange(len(table)))
    for image in bad:
        print(image.problem)
    print(f"{len(table):,} images read, {len(bad):,} of them bad")
    if bad:
        sys.exit(1)


def _pack(words: Sequence[str]) -> None:
    parser = command_line.ArgumentParser(
        f"{_PROGRAM} pack",
        "Cuts and resizes every face crop once, for fast training.",
        _PACK_EPILOG,
    )
    _add_data_flags(parser)
    parser.add_argument("--out", required=True, help="a new folder")
    parser.add_argument(
        "--image_size", type=int, default=128, help="side of the face crops in pixels (%(default)s)"
    )
    arguments = parser.parse_args(words)
    if arguments.data == "synthetic":
        raise UserError("drawn faces are packed already: name --data and --data_dir of the images")
    _require_size(arguments.image_size)
    out = pathlib.Path(arguments.out)
    pack(_file_table(arguments), out, arguments.image_size)
    print(
        f"packed; train on the crops with:\n  python train.py --attr glasses --data packed "
        f"--data_dir {shlex.quote(str(out))} --image_size {arguments.image_size}"
    )


def _render(words: Sequence[str]) -> None:
    parser = command_line.ArgumentParser(
        f"{_PROGRAM} render", "Writes drawn faces in CelebA's file layout.", _RENDER_EPILOG
    )
    parser.add_argument("--out", required=True, help="a folder that is absent or empty")
    parser.add_argument("--count", type=int, required=True, help="how many faces")
    parser.add_argument(
        "--image_size", type=int, default=128, help="side of the face crops in pixels (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="which data set (%(default)s)")
    parser.add_argument(
        "--correlation",
        nargs="+",
        default=[],
        metavar="ATTR,ATTR,R",
        help="wanted Pearson correlations of pairs of the paper's six attributes",
    )
    arguments = parser.parse_args(words)
    _require(arguments.count >= 1, f"--count {arguments.count}: at least one face is needed")
    _require(arguments.seed >= 0, f"--seed {arguments.seed}: must not be negative")
    _require_size(arguments.image_size)
    correlation = _wanted_correlation(arguments.correlation)
    out = pathlib.Path(arguments.out)
    with progress_bar(total=arguments.count, desc="drawing", unit="face") as bar:
        synthetic.write_celeba(
            out,
            arguments.count,
            arguments.seed,
            arguments.image_size,
            correlation,
            progress=lambda written: bar.update(written - bar.n),
        )
    print(f"wrote {arguments.count:,} faces to {out}; train on them with:")
    size = f" --image_size {arguments.image_size}" if arguments.image_size in (32, 64, 256) else ""
    print(
        f"  python train.py --attr glasses --data celeba --data_dir {shlex.quote(str(out))}{size}"
    )


def _wanted_correlation(words: Iterable[str]) -> dict[tuple[str, str], float]:
    """What `--correlation` asks for, as `synthetic.sample_parameters` takes it.

    Raises:
        UserError: if a word is not ATTR,ATTR,R, or if the correlations cannot be met.
    """
    wanted: dict[tuple[str, str], float] = {}
    for word in words:
        try:
            first, second, r = word.split(",")
            value = float(r)
        except ValueError:
            raise UserError(
                f"--correlation {word}: expected two attributes and a number from -1 to 1, such "
                "as male,no_beard,-0.52"
            ) from None
        pair = [find_attribute(name, synthetic.COLUMNS).column for name in (first, second)]
        wanted[pair[0], pair[1]] = value
    try:
        synthetic.sample_parameters(0, 0, wanted)
    except ValueError as error:
        raise UserError(f"--correlation: {error}") from None
    return wanted


def _figures(words: Sequence[str]) -> None:
    parser = command_line.ArgumentParser(
        f"{_PROGRAM} figures", "Writes the pictures of docs/synthetic.md.", _FIGURES_EPILOG
    )
    parser.add_argument("--out", required=True, help="a folder")
    for path in synthetic_figures(pathlib.Path(parser.parse_args(words).out)):
        print(f"wrote {path}")


def _require_size(image_size: int) -> None:
    _require(
        image_size in _SIZES, f"--image_size {image_size}: must be from {_SIZES[0]} to {_SIZES[-1]}"
    )


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise UserError(message)


# Each takes the words after its name and reads its own flags from them.
_COMMANDS: dict[str, Callable[[Sequence[str]], None]] = {
    "describe": _describe,
    "check": _check,
    "pack": _pack,
    "render": _render,
    "figures": _figures,
}


def _main(words: Sequence[str]) -> None:
    parser = command_line.ArgumentParser(
        _PROGRAM,
        "Looks at data sets of faces, checks them, and draws new ones.",
        _EPILOG,
        usage=f"{_PROGRAM} command [flags]",
    )
    parser.add_argument(
        "command", choices=_COMMANDS, metavar="command", help="COMMAND --help tells its flags"
    )
    _COMMANDS[parser.parse_args(words[:1]).command](words[1:])


if __name__ == "__main__":
    command_line.run(_PROGRAM, lambda: _main(sys.argv[1:]))
