"""Exports both edits of a run as bundles; see `python export.py --help`."""

import argparse

from faceattr import command_line

_EPILOG = """example:
  python export.py --run runs/glasses
      writes bundles/add_glasses and bundles/remove_glasses

A bundle holds saved_model/1 (TensorFlow Serving takes it as it is), a float16 .tflite with
built-in operations only, and manifest.json, which has the SHA-256 of every file: a bundle that was
changed afterwards is refused. Both forms are reloaded and compared with Keras before the bundle is
put in place; an older bundle of the same edit is replaced.
"""


def _parser() -> argparse.ArgumentParser:
    parser = command_line.ArgumentParser(
        "export.py",
        "Exports both edits of a finished run.",
        _EPILOG,
    )
    parser.add_argument("--run", required=True, help="the run directory that train.py left")
    parser.add_argument("--out", default="bundles", help="folder for the bundles (%(default)s)")
    parser.add_argument(
        "--best",
        action="store_true",
        help="export the checkpoint that train.py --best_by kept, not the last weights",
    )
    parser.add_argument(
        "--unfinished",
        action="store_true",
        help="export the newest checkpoint of a run that is not finished; the bundle says so",
    )
    return parser


def _main(arguments: argparse.Namespace) -> None:
    command_line.import_tensorflow_quietly()
    from faceattr.bundles.manifest import Manifest
    from faceattr.exporting.export import export

    for bundle in export(arguments.run, arguments.out, arguments.best, arguments.unfinished):
        exactness = Manifest.read(bundle).exactness
        print(
            f"{bundle}: differs from Keras by {exactness['saved_model']:.1g} (SavedModel) and "
            f"{exactness['tflite']:.1g} (.tflite) at most, of pixels in [-1, 1]"
        )


if __name__ == "__main__":
    command_line.run("export.py", lambda: _main(_parser().parse_args()))
