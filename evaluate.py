"""Measures the edits of runs and writes a report; see `python evaluate.py --help`."""

import argparse
import pathlib
from typing import TYPE_CHECKING, Any

from faceattr import command_line
from faceattr.data.sources import CROPS, SOURCES
from faceattr.errors import UserError
from faceattr.pictures.words import faces, number, span

if TYPE_CHECKING:
    from faceattr.evaluation.evaluate import Evaluation

_EPILOG = """examples:
  python evaluate.py --run runs/glasses
      both edits of a run, on its own held-out faces; writes report/
  python evaluate.py --run runs/glasses runs/young --out report-both
      several runs beside each other
  python evaluate.py --run runs/glasses --data lfw --data_dir data/lfw --test_per_class 200
      on faces of another source
  python evaluate.py --run bundles/add_glasses
      an export, run as it will be on a phone

The report holds report.html (everything, to look at), metrics.json (the same for programs) and
figures/. docs/evaluation.md tells what each measure means and what it does not.

The judge of attributes is trained first, on faces that no edit is tried on, and kept in
--cache_dir; docs/evaluation.md says how long that takes. Identity and landmarks need
  pip install dlib-bin face_recognition_models
and are left out, and named, without it.
"""


_UNKNOWN = "unknown"


def _parser() -> argparse.ArgumentParser:
    parser = command_line.ArgumentParser(
        "evaluate.py",
        "Measures how good the edits of runs are, and writes a report.",
        _EPILOG,
    )
    parser.add_argument(
        "--run",
        nargs="+",
        required=True,
        metavar="FOLDER",
        help="run directories that train.py left, or bundles of export.py",
    )
    parser.add_argument(
        "--out",
        default="report",
        help="folder for the report; an earlier one is replaced (%(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of the draws of faces and of intervals (%(default)s)"
    )
    _add_faces(parser)
    _add_judge(parser)
    _add_models(parser)
    return parser


def _add_faces(parser: argparse.ArgumentParser) -> None:
    faces = parser.add_argument_group("faces to try the edits on")
    faces.add_argument(
        "--data",
        choices=SOURCES,
        help="all labelled faces of a source, but those trained on (default: the test split of "
        "each run)",
    )
    faces.add_argument(
        "--data_dir", metavar="FOLDER", help="its folder; without --data, that of the runs' data"
    )
    faces.add_argument("--labels", metavar="FILE", help="the CSV file of --data csv")
    faces.add_argument("--image_column", help="the column of --labels with the image paths")
    faces.add_argument("--crop", choices=list(CROPS), help="where the face is in each image")
    faces.add_argument(
        "--min_confidence",
        type=float,
        metavar="X",
        help="how sure a label of --data lfw or csv must be",
    )
    faces.add_argument(
        "--synthetic_faces",
        type=int,
        default=2400,
        metavar="N",
        help="how many faces --data synthetic draws (%(default)s)",
    )
    faces.add_argument(
        "--test_per_class",
        type=int,
        metavar="N",
        help="at most so many faces of each class (default: all of a test split, 1000 of --data)",
    )


def _add_judge(parser: argparse.ArgumentParser) -> None:
    judge = parser.add_argument_group("the judge of attributes")
    judge.add_argument(
        "--classifier_data",
        nargs="+",
        metavar="SOURCE=FOLDER",
        help="what it learns from, such as celeba=data/celeba lfw=data/lfw (default: the data of "
        "the runs); never a face that it judges, nor its person",
    )
    judge.add_argument(
        "--classifier_epochs", type=int, default=8, metavar="N", help="passes over it (%(default)s)"
    )
    judge.add_argument(
        "--cache_dir",
        default="runs/.cache",
        metavar="FOLDER",
        help="where trained judges are kept (%(default)s)",
    )


def _add_models(parser: argparse.ArgumentParser) -> None:
    models = parser.add_argument_group("other models")
    models.add_argument(
        "--identity_faces",
        type=int,
        default=100,
        metavar="N",
        help="at most so many faces of each class for identity and landmarks, and as many pairs of "
        "photographs to compare with; a fifth of a second each (%(default)s)",
    )
    models.add_argument(
        "--inception_weights",
        metavar="FILE",
        help="Keras's InceptionV3 weights without the top, to measure realism by its features too",
    )


def _main(arguments: argparse.Namespace) -> None:
    _refuse_flags(arguments)
    classifier_data = _classifier_data(arguments.classifier_data)
    command_line.import_keras_quietly()
    from faceattr.evaluation.evaluate import EvaluationSettings
    from faceattr.evaluation.evaluate_runs import evaluate_runs
    from faceattr.evaluation.judge.attribute_classifier import ClassifierSettings
    from faceattr.evaluation.subjects.face_choice import FaceChoice

    weights = arguments.inception_weights
    evaluation = evaluate_runs(
        arguments.run,
        arguments.out,
        FaceChoice(
            data=arguments.data,
            data_dir=arguments.data_dir,
            labels=arguments.labels,
            image_column=arguments.image_column,
            crop=arguments.crop,
            min_confidence=arguments.min_confidence,
            synthetic_faces=arguments.synthetic_faces,
            test_per_class=arguments.test_per_class,
            seed=arguments.seed,
        ),
        EvaluationSettings(
            seed=arguments.seed,
            identity_faces=arguments.identity_faces,
            identity_pairs=arguments.identity_faces,
            # All of 1,000 faces would fill the memory, and no report shows as many.
            pictures=200,
            inception_weights=None if weights is None else pathlib.Path(weights),
        ),
        ClassifierSettings(epochs=arguments.classifier_epochs),
        classifier_data,
        arguments.cache_dir,
    )
    _print(evaluation)
    print(f"report: {pathlib.Path(arguments.out) / 'report.html'}")


def _refuse_flags(arguments: argparse.Namespace) -> None:
    for name in ("classifier_epochs", "identity_faces"):
        if getattr(arguments, name) < 1:
            raise UserError(f"--{name} {getattr(arguments, name)}: must be at least 1")


def _classifier_data(words: list[str] | None) -> dict[str, str] | None:
    if words is None:
        return None
    found = dict(word.partition("=")[::2] for word in words)
    if len(found) < len(words) or not all(found.values()):
        raise UserError(
            f"--classifier_data {' '.join(words)}: write each source once, as in "
            "celeba=data/celeba lfw=data/lfw"
        )
    return found


def _print(evaluation: "Evaluation") -> None:
    """A line or two for each edit, none of them without what it must be read beside."""
    scores = evaluation.metrics["classifier"]["scores"]
    for subject in evaluation.metrics["subjects"]:
        judge = scores[subject["source"]][subject["column"]]
        for name, edit in subject["edits"].items():
            recall = judge[
                "recall_positive" if edit["direction"] == "to_positive" else "recall_negative"
            ]
            success = edit["success"]
            print(
                f"{subject['name']}, {name}: {_share(success['edited'])} classed as the target, "
                f"{_percent(success['before']['value'])} before the edit; the judge gets "
                f"{_percent(recall)} of real ones right"
            )
            print(f"  {_beside(edit)}")
    for part in evaluation.metrics["skipped"]:
        where = f" ({', '.join(part['edits'])})" if part["edits"] else ""
        print(f"left out: {part['part']}: {part['reason']}{where}")


def _beside(edit: dict[str, Any]) -> str:
    parts = [
        f"mean change {_number(edit['locality']['mean_change']['value'])} of [-1, 1], "
        f"{_number(edit['no_op']['ratio'])} times as much where it is not needed"
    ]
    if edit["realism"] is not None:
        parts.append(
            f"kernel distance from real faces {_number(edit['realism']['kernel'])}, unedited "
            f"{_number(edit['realism_before']['kernel'])}"
        )
    if edit["identity"] is not None:
        parts.append(f"{_percent(edit['identity']['kept']['value'])} taken for the same person")
    return "; ".join(parts)


def _share(estimate: dict[str, Any]) -> str:
    within = span(estimate["low"], estimate["high"], "%", _UNKNOWN)
    return f"{_percent(estimate['value'])} ({within}, {faces(estimate['count'])})"


def _percent(value: float | None) -> str:
    return number(value, "%", _UNKNOWN)


def _number(value: float | None) -> str:
    return number(value, missing=_UNKNOWN)


if __name__ == "__main__":
    command_line.run("evaluate.py", lambda: _main(_parser().parse_args()))
