"""Edits photos of faces with exported bundles; see `python edit.py --help`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pathlib
import sys
import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from faceattr import command_line

if TYPE_CHECKING:
    from faceattr.editing.batch import Outcome

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
    from faceattr.editing import flags

    parser = command_line.ArgumentParser(
        "edit.py",
        "Edits the faces in photos, without TensorFlow.",
        _EPILOG,
    )
    parser.add_argument("photos", nargs="+", help="photos, folders of them, or patterns")
    flags.add(parser)
    parser.add_argument(
        "-o",
        "--output",
        help="a file for one photo, a folder for more (default: the folder edited)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files that are there")
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
    return parser


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
    from faceattr.bundles.finding import listed
    from faceattr.editing import batch, flags, photo_search
    from faceattr.editing.editor import Editor

    names, strengths = flags.edits(arguments)
    settings = dataclasses.replace(
        flags.settings(arguments, strengths),
        overwrite=arguments.overwrite,
        show_residual=arguments.show_residual,
        compare=arguments.compare,
        animate=arguments.animate,
    )
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
    program = command_line.typed("edit.py")
    if as_json:
        print(json.dumps([outcome.to_json() for outcome in outcomes], indent=2))
    for outcome in outcomes:
        for path in () if as_json else outcome.written:
            print(path)
        for note in outcome.notes:
            print(f"{program}: note: {outcome.photo}: {note}", file=sys.stderr)
        for warning in outcome.warnings:
            print(f"{program}: warning: {outcome.photo}: {warning}", file=sys.stderr)
        if outcome.error:
            print(f"{program}: error: {outcome.photo}: {outcome.error}", file=sys.stderr)
    done = sum(outcome.error is None for outcome in outcomes)
    if done < count and count > 1:
        print(f"{program}: {done} of {count} photos were edited", file=sys.stderr)


if __name__ == "__main__":
    # Before NumPy is imported: threads for its matrices, of which there are none here that need
    # them, take longer to start than all the rest of it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    command_line.run("edit.py", main)
