"""What a report says of a run, for the cards of its bundles."""

import json

import pytest
from made_up_evaluation import made_up_evaluation

from faceattr.errors import UserError
from faceattr.evaluation.metrics import to_json
from faceattr.evaluation.words_of_run import words_of_run
from faceattr.exporting.card import _MEASURED
from faceattr.runs.run import Run
from faceattr.runs.settings import TrainConfig

SETTINGS = {"attr": "glasses", "image_size": 32, "data": "celeba", "data_dir": "here"}


@pytest.fixture
def run(tmp_path):
    run = Run.create(tmp_path / "run")
    run.write_config(TrainConfig.of(**SETTINGS))
    return run


@pytest.fixture
def report(run, tmp_path):
    """Of the same training on another machine, and of another one."""

    def change(metrics):
        (subject,) = metrics["subjects"]
        settings = {**run.config.settings(), "data_dir": "there"}
        metrics["subjects"] = [subject, {**subject, "name": "mine", "settings": settings}]
        metrics["subjects"][1]["edits"]["remove_glasses"]["how_far"] = None

    folder = tmp_path / "report"
    folder.mkdir()
    metrics = to_json(made_up_evaluation(change=change).metrics)
    (folder / "metrics.json").write_text(json.dumps(metrics))
    return folder


def test_they_are_of_each_edit_of_the_run(run, report):
    words = words_of_run(report, run)
    assert list(words) == ["add_glasses", "remove_glasses"]
    told = words["add_glasses"]
    assert told["faces"] == "81 (celeba), 2030-05-04"
    assert told["how far"].startswith("age 42% of the way (32 to 52%), -7.5 of -18 years")
    assert "classed as the target, 4% before the edit" in told["success"]
    assert told["told apart"] == "told from real faces in 83% (unedited 74%, real ones 51%)"
    assert told["change"] == "0.317 times as much where it is not needed"
    assert told["sharpness"] == "0.941 times the gradient energy of real faces"
    assert told["identity"] == "97% taken for the same person"
    assert set(told) == set(_MEASURED)
    assert "how far" not in words["remove_glasses"]


def test_a_report_of_other_runs_is_refused(run, report):
    run.write_config(TrainConfig.of(**SETTINGS, steps=7))
    with pytest.raises(UserError, match=r"report: it is of glasses, mine, none of which has"):
        words_of_run(report, run)


def test_what_is_no_report_is_refused(run, report, tmp_path):
    with pytest.raises(UserError, match=r"report .*gone: no report here .* python evaluate\.py"):
        words_of_run(tmp_path / "gone", run)
    for text in ("{", "[]", "{}"):
        (report / "metrics.json").write_text(text)
        with pytest.raises(UserError, match=r"metrics\.json: not what evaluate\.py measured"):
            words_of_run(report, run)
