"""Edits face pictures with an exported bundle; see `python edit.py --help`."""

import argparse
import pathlib

from faceattr import command_line
from faceattr.editing.batch import edit_files, find_bundle, find_images
from faceattr.editing.editor import Editor
from faceattr.faces.crop import CROPS

_EPILOG = """examples:
  python edit.py face.png --edit add_glasses -o with_glasses.png
  python edit.py faces/ --edit make_old --strength 0.7 -o older/
  python edit.py ../lfw/lfw-deepfunneled/AJ_Cook/AJ_Cook_0001.jpg --crop lfw \\
      --edit add_glasses --show_residual

Pictures stay on this machine. The picture keeps its own size and detail: the network sees the
face crop at its own size, and only the change is scaled up and added.
"""


def _parser() -> argparse.ArgumentParser:
    parser = command_line.ArgumentParser(
        "edit.py",
        "Applies one edit to face pictures, without TensorFlow.",
        _EPILOG,
    )
    parser.add_argument("photos", nargs="+", help="pictures, or folders of them")
    parser.add_argument("--edit", required=True, help="which edit, such as add_glasses")
    parser.add_argument(
        "--strength",
        type=float,
        default=1.0,
        help="how much of it: 0 changes nothing, 1 is the trained edit (%(default)s)",
    )
    parser.add_argument("--bundles", default="bundles", help="what export.py wrote (%(default)s)")
    parser.add_argument(
        "-o",
        "--output",
        help="a file for one picture, a folder for more (default: the folder edited)",
    )
    parser.add_argument(
        "--crop",
        choices=list(CROPS),
        default="none",
        help="where the face is: none for square face crops, or the frame of CelebA's or LFW's "
        "aligned pictures (%(default)s)",
    )
    parser.add_argument(
        "--show_residual",
        action="store_true",
        help="also write the residual beside each result, grey where nothing changes",
    )
    return parser


def _main(arguments: argparse.Namespace) -> None:
    images = find_images([pathlib.Path(photo) for photo in arguments.photos])
    bundle = find_bundle(pathlib.Path(arguments.bundles), arguments.edit)
    with command_line.quiet_native_code():
        editor = Editor.load(bundle)
    written = edit_files(
        editor,
        images,
        output=pathlib.Path(arguments.output) if arguments.output else None,
        strength=arguments.strength,
        crop=CROPS[arguments.crop],
        show_residual=arguments.show_residual,
    )
    for path in written[:10]:
        print(path)
    if len(written) > 10:
        print(f"and {len(written) - 10} more in {written[0].parent}")


if __name__ == "__main__":
    command_line.run("edit.py", lambda: _main(_parser().parse_args()))
