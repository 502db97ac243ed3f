"""Exports both edits of a run as bundles; see `python export.py --help`."""

import argparse
import pathlib

from faceattr import command_line
from faceattr.errors import UserError

_REPORT = "report"  # where evaluate.py writes one

_EPILOG = """example:
  python export.py --run runs/glasses
      writes bundles/add_glasses and bundles/remove_glasses

A bundle holds saved_model/1 (TensorFlow Serving takes it as it is; exported again it is 2), a
.tflite with built-in operations only, README.md, which is a model card, and manifest.json, which
has the SHA-256 of every file: a bundle that was changed afterwards is refused. Both forms are
reloaded and compared with Keras on 64 faces before the bundle is put in place; an older bundle of
the same edit is replaced.
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
    parser.add_argument(
        "--quantize",
        default="float16",
        metavar="KIND",
        help="of the .tflite: float32, float16, int8_weights (large ones in 8 bits; computes in "
        "floats) or int8 (all in 8 bits, calibrated on training faces) (%(default)s)",
    )
    parser.add_argument(
        "--int8_io", action="store_true", help="with --quantize int8: pixels in and out are int8"
    )
    parser.add_argument("--tflite_only", action="store_true", help="leave the SavedModel out")
    parser.add_argument(
        "--report",
        metavar="FOLDER",
        help="what evaluate.py wrote of this run, for the model card (default: "
        f"{_REPORT}, where that is of this run)",
    )
    return parser


def _main(arguments: argparse.Namespace) -> None:
    command_line.import_tensorflow_quietly()
    from faceattr.bundles.manifest import Manifest
    from faceattr.exporting.export import export

    if arguments.report and (arguments.best or arguments.unfinished):
        raise UserError(
            "--report: it tells of the last weights of a run that is finished; leave it out with "
            "--best and --unfinished"
        )
    given = vars(arguments)
    run = given.pop("run")
    for bundle in export(run, measured=_measured(run, given.pop("report")), **given):
        manifest = Manifest.read(bundle)
        for form in ("saved_model", "tflite"):
            if exact := manifest.exactness.get(form):
                name = form if form == "saved_model" else f"{manifest.quantize} .tflite"
                print(
                    f"{bundle}: the {name} differs from Keras by {exact['largest']:.1g} at most, "
                    f"of pixels in [-1, 1]; its edits are {exact['edit_psnr']:.0f} dB from Keras's"
                )


def _measured(run: str, report: str | None) -> dict[str, dict[str, str]]:
    from faceattr.evaluation.words_of_run import words_of_run
    from faceattr.runs.run import Run

    try:
        return words_of_run(pathlib.Path(report or _REPORT), Run.open(pathlib.Path(run)))
    except UserError:
        if report:
            raise
        return {}


if __name__ == "__main__":
    command_line.run("export.py", lambda: _main(_parser().parse_args()))
