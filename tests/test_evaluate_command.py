"""evaluate.py as a person types it."""

import json

import pytest
import warm_start
from commands import assert_one_line_error, run

QUICK = ["--classifier_epochs", 1, "--identity_faces", 1]


@pytest.mark.slow
def test_a_run_is_evaluated_and_the_report_named(finished_run, tmp_path):
    out = tmp_path / "report"
    command = ["evaluate.py", "--run", finished_run.folder, "--out", out, *QUICK]
    process = warm_start.run([*command, "--cache_dir", tmp_path / "cache"])
    assert process.returncode == 0, process.stderr
    assert process.stdout.rstrip().endswith(f"report: {out / 'report.html'}")
    metrics = json.loads((out / "metrics.json").read_text())
    assert list(metrics["subjects"][0]["edits"]) == ["add_glasses", "remove_glasses"]
    for line in process.stdout.splitlines():
        if "classed as the target" in line:
            assert "the judge gets" in line, "success does not stand alone"
    assert "left out: realism: realism needs at least 10 edited" in process.stdout
    assert "Traceback" not in process.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--classifier_epochs", "0"], "--classifier_epochs 0: must be a number of at least 1"),
        (["--identity_faces", "-3"], "--identity_faces -3: must be a number of at least 1"),
        (["--classifier_data", "celeba"], "--classifier_data celeba: write each source once"),
        (["--classifier_data", "lfw=a", "lfw=b"], "write each source once"),
        (["--data", "imagenet"], "--data"),
    ],
)
def test_flags_that_cannot_be_are_refused_before_anything_is_loaded(tmp_path, arguments, message):
    out = tmp_path / "report"
    process = run(["evaluate.py", "--run", tmp_path, "--out", out, *arguments])
    assert_one_line_error(process, message)
    assert not out.exists()


def test_what_is_no_run_is_a_mistake_in_one_line(tmp_path):
    process = warm_start.run(["evaluate.py", "--run", tmp_path, "--out", tmp_path / "report"])
    assert_one_line_error(process, "neither a run (it has no config.json) nor a bundle")
    assert list(tmp_path.iterdir()) == []


def test_help_teaches_with_an_example():
    process = run(["evaluate.py", "--help"])
    assert process.returncode == 0
    assert "python evaluate.py --run runs/glasses --data lfw" in process.stdout
