"""The flags that say how photos are edited, of `edit.py` and of the bulk."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from faceattr.edits import HIGHEST_STRENGTH, LOWEST_STRENGTH, checked_strength
from faceattr.errors import UserError
from faceattr.faces.crop import CROPS, MAX_PIXELS

if TYPE_CHECKING:
    from faceattr.editing.batch import EditSettings


def add(parser: argparse.ArgumentParser) -> None:
    """Adds them to a parser."""
    add_edits(parser, required=True)
    parser.add_argument(
        "--face",
        default="all",
        help="which faces: all, largest, the number of one, the largest being 1, or "
        "left,top,right,bottom in pixels (%(default)s)",
    )
    parser.add_argument(
        "--crop",
        choices=list(CROPS),
        help="no face is looked for: the picture is a square face crop (none), or has the frame of "
        "CelebA's or LFW's aligned pictures",
    )
    parser.add_argument(
        "--quality",
        type=int,
        help="of JPEG, WebP, AVIF and HEIC, 1 to 100 (default: a JPEG as it was, 95 for others)",
    )
    parser.add_argument(
        "--max_megapixels",
        type=float,
        default=MAX_PIXELS / 1e6,
        help="larger photos are refused, for they take memory (%(default)s)",
    )


def add_edits(parser: argparse.ArgumentParser, required: bool) -> None:
    """Adds those that say what is made of a face."""
    parser.add_argument(
        "--edit",
        required=required,
        action="append",
        metavar="EDIT[=STRENGTH]",
        help="which edit, such as add_glasses, or the folder of a bundle; several add up",
    )
    parser.add_argument(
        "--strength",
        default="1",
        help=f"from {LOWEST_STRENGTH:g} to {HIGHEST_STRENGTH:g}: 0 changes nothing, 1 is the "
        "trained edit (%(default)s)",
    )
    parser.add_argument(
        "--bundles",
        default="bundles",
        help="where edits are looked for before they are among the shipped ones (%(default)s)",
    )
    parser.add_argument(
        "--always",
        action="store_true",
        help="make all of an edit of faces too that have it already, where a network that looks "
        "whether it is needed would hold it back",
    )


def edits(arguments: argparse.Namespace) -> tuple[list[str], list[float]]:
    """Names, or folders, and strengths of the edits.

    Raises:
        UserError: if a strength is out of range, or if an edit is named twice.
    """
    common = checked_strength(arguments.strength)
    names, strengths = [], []
    for each in arguments.edit:
        name, equals, own = each.partition("=")
        names.append(name)
        strengths.append(checked_strength(own, f"--edit {name}=") if equals else common)
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"--edit {name}: is named twice; say how much of it by =STRENGTH")
    return names, strengths


def settings(arguments: argparse.Namespace, strengths: list[float]) -> EditSettings:
    """How photos are edited.

    Raises:
        UserError: if a flag is out of its range.
    """
    from faceattr.editing.batch import EditSettings

    if arguments.quality is not None and not 1 <= arguments.quality <= 100:
        raise UserError(f"--quality {arguments.quality}: must be a number from 1 to 100")
    if not arguments.max_megapixels > 0:
        raise UserError(f"--max_megapixels {arguments.max_megapixels}: must be more than 0")
    return EditSettings(
        strength=strengths,
        face=_face(arguments.face),
        crop=CROPS[arguments.crop] if arguments.crop else None,
        always=arguments.always,
        quality=arguments.quality,
        max_megapixels=arguments.max_megapixels,
    )


def _face(text: str) -> str | int | list[float]:
    if text in ("all", "largest"):
        return text
    try:
        return int(text) if "," not in text else [float(edge) for edge in text.split(",")]
    except ValueError:
        raise UserError(
            f"--face {text}: must be all, largest, a number, or left,top,right,bottom in pixels"
        ) from None
