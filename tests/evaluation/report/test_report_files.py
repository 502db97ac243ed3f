import json
import math

import pytest
from made_up_evaluation import made_up_evaluation
from PIL import Image

from faceattr.errors import UserError
from faceattr.evaluation.metrics import to_json
from faceattr.evaluation.report import report as module
from faceattr.evaluation.report.report import write_report

pytestmark = pytest.mark.usefixtures("coarse_figures")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports") / "nested" / "report"
    write_report(made_up_evaluation(), folder)
    return folder


def test_the_report_is_three_things_and_no_leftover(written):
    assert sorted(path.name for path in written.iterdir()) == [
        "figures",
        "metrics.json",
        "report.html",
    ]
    assert [path.name for path in written.parent.iterdir()] == ["report"]
    assert json.loads((written / "metrics.json").read_text()) == to_json(
        made_up_evaluation().metrics
    )
    parts = ("random", "worst", "strength", "realism", "region", "identity", "pose")
    edits = ("glasses-add_glasses", "glasses-remove_glasses")
    wanted = {f"{edit}-{part}.png" for edit in edits for part in parts}
    found = {path.name for path in (written / "figures").iterdir()}
    assert found == wanted | {"leakage.png", "reliability.png"}
    for path in (written / "figures").iterdir():
        with Image.open(path) as image:
            assert image.format == "PNG"


def test_a_report_replaces_an_earlier_one_and_leaves_other_files_alone(written):
    (written / "notes.txt").write_text("mine")
    (written / "figures" / "of-a-subject-that-is-gone.png").write_bytes(b"")
    (written / "partial-report").mkdir()
    evaluation = made_up_evaluation(change=lambda metrics: metrics.update(seed=8))
    write_report(evaluation, written)
    assert json.loads((written / "metrics.json").read_text())["seed"] == 8
    assert "seed 8" in (written / "report.html").read_text("utf-8")
    assert not (written / "figures" / "of-a-subject-that-is-gone.png").exists()
    assert (written / "notes.txt").read_text() == "mine"
    (written / "notes.txt").unlink()
    assert not (written / "partial-report").exists()


@pytest.mark.parametrize("broken", ["page", "metrics"])
def test_a_report_that_cannot_be_made_leaves_the_earlier_one(written, monkeypatch, broken):
    before = {
        path: (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in written.rglob("*")
        if path.is_file()
    }
    evaluation = made_up_evaluation()
    if broken == "page":
        monkeypatch.setattr(module, "method_section", lambda metrics: 1 / 0)
    else:
        # Which JSON does not have.
        monkeypatch.setattr(module, "to_json", lambda metrics: {"seconds": math.nan})
    with pytest.raises((ZeroDivisionError, ValueError)):
        write_report(evaluation, written)
    after = {
        path: (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in written.rglob("*")
        if path.is_file()
    }
    assert after == before
    assert not (written / "partial-report").exists()


def test_a_file_is_no_folder_for_a_report(tmp_path):
    (tmp_path / "report").write_text("")
    with pytest.raises(UserError, match="out"):
        write_report(made_up_evaluation(), tmp_path / "report")
