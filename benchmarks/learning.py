"""How a training gets on: how far, told apart and success over core-hours, of every checkpoint.

    python benchmarks/learning.py --run runs/best runs/paper --out learning

Evaluates each checkpoint that the runs kept (train with --keep_checkpoints 99) on a few of their
held-out faces by one judge, as evaluate.py does, and writes learning/learning.jsonl, a line for a
checkpoint, and learning/learning.png, a curve for a run. A checkpoint that has a line is passed
over, so that the command goes on where it stopped, or with what was trained since. Core-hours are
those by the clock, times --cores, for each attribute that the run learns.
"""

import argparse
import json
import math
import pathlib
from collections.abc import Sequence
from typing import Any

from faceattr import command_line
from faceattr.errors import UserError
from faceattr.files import replacing

MEASURES = {"how_far": "how far", "told_apart": "told apart from real", "success": "success"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", nargs="+", required=True, type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--out", default="learning", type=pathlib.Path, help="(%(default)s)")
    parser.add_argument("--faces", type=int, default=50, help="of a class (%(default)s)")
    parser.add_argument("--cores", type=float, default=1, help="that each run had (%(default)s)")
    parser.add_argument("--cache_dir", default="runs/.cache", help="of judges (%(default)s)")
    options = parser.parse_args()
    command_line.import_keras_quietly()
    options.out.mkdir(parents=True, exist_ok=True)
    lines = options.out / "learning.jsonl"
    points = [json.loads(line) for line in lines.read_text().splitlines()] if lines.exists() else []
    for point in _evaluated(options, {(point["run"], point["step"]) for point in points}):
        points.append(point)
        with lines.open("a", encoding="utf-8") as file:
            file.write(json.dumps(point) + "\n")
        print(json.dumps(point), flush=True)
    with replacing(options.out / "learning.png") as beside:
        beside.write_bytes(drawn(points))


def _evaluated(options: argparse.Namespace, known: set[tuple[str, int]]) -> Any:
    """Points of the checkpoints that are not known, one after the other."""
    from faceattr.evaluation.evaluate import evaluate
    from faceattr.evaluation.judge.imagenet_features import ImageNetFeatures
    from faceattr.evaluation.judge.judging import learned_judge, scored_judge
    from faceattr.evaluation.judge.outside import OutsideJudges
    from faceattr.evaluation.settings import EvaluationSettings, FaceChoice
    from faceattr.evaluation.subjects.chosen_faces import choose_faces
    from faceattr.evaluation.subjects.subject import load_subjects, of_model
    from faceattr.runs.run import Run
    from faceattr.runs.weights import load
    from faceattr.training.data import TrainingData

    runs = [Run.open(folder) for folder in options.run]
    for run in runs:
        if not run.checkpoints:
            raise UserError(f"--run {run.folder}: it has no checkpoints")
    subjects = load_subjects(options.run)
    chosen = choose_faces(options.run, subjects, FaceChoice(test_per_class=options.faces))
    judge = learned_judge(chosen.sources, chosen.kept, pathlib.Path(options.cache_dir))
    judge = scored_judge(judge, chosen.faces)
    settings = EvaluationSettings(
        outside_faces=options.faces, told_apart_faces=options.faces, pictures=0
    )
    outside, imagenet = OutsideJudges(), ImageNetFeatures()
    for run, subject, faces in zip(runs, subjects, chosen.faces, strict=True):
        data, family = TrainingData.load(run.config, run.split_folder), run.config.family
        for step, path in run.checkpoints:
            if (subject.name, step) in known:
                continue
            # As a training leaves it that ends here.
            now = of_model(run, family.complete(load(path, family), data, data.edits))
            found = evaluate([(now, faces)], judge, None, settings, imagenet, outside)
            seconds = run.seconds_trained(step)
            hours = options.cores * seconds / 3600 / len(run.attributes)
            (metrics,) = found.metrics.subjects
            point = {"run": subject.name, "step": step, "core_hours": hours}
            yield {**point, **means(metrics.edits)}


def means(edits: Sequence[Any]) -> dict[str, float]:
    """Of each measure the mean over the edits that have it; NaN if none has."""
    values = {
        "how_far": [each.how_far.mean for each in edits if each.how_far],
        "told_apart": [each.told_apart.edited.value for each in edits if each.told_apart],
        "success": [each.success.edited.value for each in edits],
    }
    known = {name: [v for v in each if not math.isnan(v)] for name, each in values.items()}
    return {name: sum(v) / len(v) if v else math.nan for name, v in known.items()}


def drawn(points: Sequence[dict[str, Any]]) -> bytes:
    """A PNG: for each measure a chart, with a curve for each run."""
    from faceattr.evaluation.report.figure_style import BLUE, GREEN, ORANGE, SOFT, drawing, percent

    names = list(dict.fromkeys(point["run"] for point in points))
    with drawing((10.0, 3.1)) as picture:
        for axes, (measure, title) in zip(
            picture.figure.subplots(1, len(MEASURES)), MEASURES.items(), strict=True
        ):
            for place, name in enumerate(names):
                of_run = sorted(
                    (point["core_hours"], point[measure])
                    for point in points
                    if point["run"] == name
                )
                color = (BLUE, ORANGE, GREEN, SOFT)[place % 4]
                axes.plot(*zip(*of_run, strict=True), marker="o", ms=3, color=color, label=name)
            axes.set_title(title)
            axes.set_xlabel("core-hours for each attribute")
            percent(axes)
        axes.legend(loc="best")
    return picture.png


if __name__ == "__main__":
    command_line.run("benchmarks/learning.py", main)
