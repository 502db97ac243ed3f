"""Edits photos of faces with exported bundles; see `python edit.py --help`."""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from faceattr import command_line
from faceattr.edits import HIGHEST_STRENGTH, LOWEST_STRENGTH, checked_strength
from faceattr.errors import UserError
from faceattr.faces.crop import CROPS

if TYPE_CHECKING:
    from faceattr.editing.batch import EditSettings, Outcome

_EPILOG = """examples:
  python edit.py portrait.jpg --edit make_young --strength 0.8 -o younger.jpg
  python edit.py holiday/ 'more/*.png' --edit remove_glasses --face largest -o without/ --compare
  python edit.py portrait.jpg --edit add_smile=0.7 --edit make_old=1.2 --animate gif
  python edit.py face.png --crop none --edit add_glasses --show_residual

Photos stay on this machine, and keep their size, format, depth, profile and metadata: the network
sees each face at its own size, and only the change is enlarged and added to the photo's pixels.

Exit status: 0 if all photos were edited, 1 if some could not be, 2 if nothing could be begun.
"""


def _parser() -> argparse.ArgumentParser:
    parser = command_line.ArgumentParser(
        "edit.py",
        "Edits the faces in photos, without TensorFlow.",
        _EPILOG,
    )
    parser.add_argument("photos", nargs="+", help="photos, folders of them, or patterns")
    parser.add_argument(
        "--edit",
        required=True,
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
        "-o",
        "--output",
        help="a file for one photo, a folder for more (default: the folder edited)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files that are there")
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
        "--compare", action="store_true", help="also write before and after side by side"
    )
    parser.add_argument(
        "--animate", choices=("gif", "webp"), help="also write a picture that moves to it and back"
    )
    parser.add_argument(
        "--show_residual",
        action="store_true",
        help="also write the residual beside each result, grey where nothing changes",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print what was found and written as JSON: faces, boxes, points, turn, seconds",
    )
    parser.add_argument(
        "--quality",
        type=int,
        help="of JPEG, WebP, AVIF and HEIC, 1 to 100 (default: a JPEG as it was, 95 for others)",
    )
    parser.add_argument(
        "--max_megapixels",
        type=float,
        default=50,
        help="larger photos are refused, for they take memory (%(default)s)",
    )
    return parser


def _edits(given: Sequence[str], strength: str) -> tuple[list[str], list[float]]:
    """Names and strengths of the edits."""
    common = checked_strength(strength)
    names, strengths = [], []
    for each in given:
        name, equals, own = each.partition("=")
        names.append(name)
        strengths.append(checked_strength(own, f"--edit {name}=") if equals else common)
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"--edit {name}: is named twice; say how much of it by =STRENGTH")
    return names, strengths


def _face(text: str) -> str | int | list[float]:
    if text in ("all", "largest"):
        return text
    try:
        return int(text) if "," not in text else [float(edge) for edge in text.split(",")]
    except ValueError:
        raise UserError(
            f"--face {text}: must be all, largest, a number, or left,top,right,bottom in pixels"
        ) from None


def _settings(arguments: argparse.Namespace, strengths: list[float]) -> EditSettings:
    from faceattr.editing.batch import EditSettings

    if arguments.quality is not None and not 1 <= arguments.quality <= 100:
        raise UserError(f"--quality {arguments.quality}: must be a number from 1 to 100")
    if not arguments.max_megapixels > 0:
        raise UserError(f"--max_megapixels {arguments.max_megapixels}: must be more than 0")
    return EditSettings(
        strength=strengths,
        face=_face(arguments.face),
        crop=CROPS[arguments.crop] if arguments.crop else None,
        overwrite=arguments.overwrite,
        show_residual=arguments.show_residual,
        compare=arguments.compare,
        animate=arguments.animate,
        quality=arguments.quality,
        max_megapixels=arguments.max_megapixels,
    )


def main(given: Sequence[str] | None = None) -> int:
    """Edits the photos that arguments name.

    Args:
        given: the arguments; None for those of the command line.

    Returns:
        0 if all photos were edited, 1 if some could not be.

    Raises:
        UserError: if nothing could be begun.
    """
    arguments = _parser().parse_args(given)
    names, strengths = _edits(arguments.edit, arguments.strength)
    from faceattr.bundles.finding import listed
    from faceattr.editing import batch, photo_search
    from faceattr.editing.editor import Editor

    settings = _settings(arguments, strengths)
    bundles = pathlib.Path(arguments.bundles)
    with command_line.quiet_native_code():
        editor = Editor.load(*names, bundles=bundles)
    edits = [edit.name for edit in editor.edits]
    known = [*listed(bundles), *edits]
    photos = photo_search.find_photos(arguments.photos, arguments.output, known)
    targets = photo_search.targets(photos, arguments.output, edits)
    sources = [photo.path for photo in photos]
    batch.check_free(sources, targets, settings)
    # Pillow warns of what is odd in a file and reads it all the same.
    warnings.filterwarnings("ignore", module="PIL")
    outcomes: list[Outcome] = []
    try:
        for outcome in _shown(batch.edit_files(editor, sources, targets, settings), len(sources)):
            outcomes.append(outcome)
    finally:
        _report(outcomes, len(sources), arguments.json)
    return int(any(outcome.error for outcome in outcomes))


def _shown(outcomes: Iterable[Outcome], count: int) -> Iterable[Outcome]:
    """With a progress bar, if there are several."""
    if count == 1:
        return outcomes
    from faceattr.progress import progress_bar

    return progress_bar(outcomes, unit="photo", total=count)


def _report(outcomes: Sequence[Outcome], count: int, as_json: bool) -> None:
    """Tells what was written, on stdout, and what was not and why, on stderr."""
    if as_json:
        print(json.dumps([outcome.to_json() for outcome in outcomes], indent=2))
    for outcome in outcomes:
        for path in () if as_json else outcome.written:
            print(path)
        for warning in outcome.warnings:
            print(f"edit.py: warning: {outcome.photo}: {warning}", file=sys.stderr)
        if outcome.error:
            print(f"edit.py: error: {outcome.photo}: {outcome.error}", file=sys.stderr)
    done = sum(outcome.error is None for outcome in outcomes)
    if done < count and count > 1:
        print(f"edit.py: {done} of {count} photos were edited", file=sys.stderr)


if __name__ == "__main__":
    command_line.run("edit.py", main)
