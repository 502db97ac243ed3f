"""One photo with all edits, in one picture; see `python -m faceattr.editing.gallery --help`."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from faceattr import command_line
from faceattr.bundles.finding import listed
from faceattr.editing import flags
from faceattr.editing.editor import Editor
from faceattr.editing.photo import Photo
from faceattr.editing.photo_files import open_photo
from faceattr.errors import UserError
from faceattr.files import replacing
from faceattr.pictures.grids import joined, resized, titled

PROGRAM = "python -m faceattr.editing.gallery"

_EPILOG = """examples:
  python -m faceattr.editing.gallery portrait.jpg -o gallery.png
  python -m faceattr.editing.gallery portrait.jpg --edit make_old --edit make_young=0.7

The first row adds attributes, the second removes them. Below "already there" is what is left of an
edit whose network sees that the face has it; --always shows all of it.
"""

# Of the face's own side: with hair and neck.
_AROUND = 2.0
_GAP = 4
# Below, a network sees rather that the face has the attribute already.
_NEEDED = 0.5


def gallery(
    editor: Editor,
    photo: Photo | Image.Image,
    strengths: Sequence[float],
    always: bool = False,
    cell: int = 192,
) -> Image.Image:
    """The largest face of a photo: unedited, and by each edit alone.

    Args:
        editor: with the edits that are shown.
        photo: of any size.
        strengths: floats in [-1, 2], one for each edit.
        always: see `Editor.edit`.
        cell: int, side in pixels at which a face is shown.

    Returns:
        RGB: a row of the edits that add, and one of those that remove, each after the photo.

    Raises:
        UserError: if no face is found.
    """
    changes = editor.changes(photo, "largest", always=always)
    (face,) = changes.faces
    assert face.face is not None, "it was found"
    square = _around(face.face.box, _AROUND * face.face.side)

    def shown(title: str, whole: Photo) -> np.ndarray:
        cut = Image.fromarray(whole.rgb()).crop(square)
        return titled(title, resized(np.asarray(cut), cell), size=max(9, cell // 14))

    before = shown("photo", changes.photo)
    rows = []
    # Edits of one attribute one above the other.
    order = sorted(range(len(strengths)), key=lambda number: editor.edits[number].column)
    for adds in (True, False):
        row = []
        for number in order:
            edit, change = editor.edits[number], face.changes[number]
            if edit.adds != adds:
                continue
            alone = [0.0] * len(strengths)
            alone[number] = strengths[number]
            there = change.needed is not None and change.needed < _NEEDED and not always
            title = f"{edit.name}: already there" if there else edit.name
            row.append(shown(title, changes.at(alone)))
        if row:
            rows.append(joined([before, *row], axis=1, gap=_GAP))
    return Image.fromarray(joined(rows, axis=0, gap=_GAP))


def _around(box: tuple[float, float, float, float], side: float) -> tuple[int, int, int, int]:
    """A square around the middle of a box, in whole pixels; Pillow pads it where it reaches past
    the photo."""
    left, top = ((low + high - side) / 2 for low, high in (box[0::2], box[1::2]))
    return round(left), round(top), round(left) + round(side), round(top) + round(side)


def main(given: Sequence[str] | None = None) -> None:
    """Writes the picture that arguments ask for.

    Raises:
        UserError: for a photo, an edit or a flag that cannot be used.
    """
    parser = command_line.ArgumentParser(
        PROGRAM, "Shows what every edit makes of one photo.", _EPILOG
    )
    parser.add_argument("photo", type=pathlib.Path, help="of one person, or more: the largest face")
    flags.add_edits(parser, required=False)
    parser.add_argument(
        "-o", "--output", type=pathlib.Path, default="gallery.png", help="a PNG file (%(default)s)"
    )
    parser.add_argument("--cell", type=int, default=192, help="side of a face in it (%(default)s)")
    arguments = parser.parse_args(given)
    if not 32 <= arguments.cell <= 1024:
        raise UserError(f"--cell {arguments.cell}: must be from 32 to 1024 pixels")
    if arguments.output.suffix.lower() != ".png":
        raise UserError(f"--output {arguments.output}: must end in .png")
    bundles = pathlib.Path(arguments.bundles)
    arguments.edit = arguments.edit or listed(bundles)
    names, strengths = flags.edits(arguments)
    if not names:
        raise UserError(
            f"--bundles {bundles}: there is no bundle here or among the shipped ones; export a run"
        )
    photo = open_photo(arguments.photo).photo
    with command_line.quiet_native_code():
        editor = Editor.load(*names, bundles=bundles)
        picture = gallery(editor, photo, strengths, arguments.always, arguments.cell)
    try:
        with replacing(arguments.output) as beside:
            picture.save(beside, "PNG")
    except OSError as error:
        raise UserError(
            f"--output {arguments.output}: cannot be written ({error.strerror or error})"
        ) from None
    print(arguments.output)


if __name__ == "__main__":
    command_line.run(PROGRAM, main)
