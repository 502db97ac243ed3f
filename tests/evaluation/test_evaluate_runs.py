import json
import sys

import pytest

from faceattr.data.choice import DataChoice
from faceattr.errors import UserError
from faceattr.evaluation.evaluate_runs import evaluate_runs
from faceattr.evaluation.metrics import to_json
from faceattr.evaluation.settings import ClassifierSettings, EvaluationSettings, FaceChoice

QUICK = ClassifierSettings(image_size=32, epochs=1, batch_size=8)
FEW = EvaluationSettings(identity_faces=1, identity_pairs=0)


@pytest.mark.exhaustive
@pytest.mark.slow
@pytest.mark.usefixtures("coarse_figures")
def test_runs_and_bundles_beside_each_other(finished_run, bundles, tmp_path):
    out, cache = tmp_path / "report", tmp_path / "cache"
    runs = [finished_run.folder, bundles / "remove_glasses"]
    first = evaluate_runs(runs, out, None, FEW, QUICK, cache_dir=cache)
    assert json.loads((out / "metrics.json").read_text()) == to_json(first.metrics)
    assert "<html" in (out / "report.html").read_text()
    assert list((out / "figures").glob("*.png"))
    run, bundle = to_json(first.metrics)["subjects"]
    assert (run["name"], bundle["name"]) == ("glasses", "remove_glasses")
    assert list(bundle["edits"]) == ["remove_glasses"]
    of_run, of_bundle = (each["edits"]["remove_glasses"] for each in (run, bundle))
    assert of_run["locality"]["mean_change"]["value"] == pytest.approx(
        of_bundle["locality"]["mean_change"]["value"], rel=0.02
    )
    assert of_run["faces"] == of_bundle["faces"]
    # Again: the judge is taken from the cache, the report replaced.
    (judge,) = cache.iterdir()
    made = (judge / "classifier.json").stat().st_mtime_ns
    other = FaceChoice(DataChoice(data="synthetic", synthetic_faces=12), seed=5)
    second = evaluate_runs(runs[:1], out, other, FEW, QUICK, cache_dir=cache)
    assert json.loads((out / "metrics.json").read_text()) == to_json(second.metrics)
    assert second.metrics.subjects[0].source == "synthetic (2)"
    assert set(second.metrics.classifier.scores) == {"synthetic", "synthetic (2)"}
    assert (judge / "classifier.json").stat().st_mtime_ns == made
    assert list(cache.iterdir()) == [judge], "of the same runs there is one judge for all faces"


def test_nothing_but_a_report_is_written_over(finished_run, tmp_path):
    for name, content in (("notes.txt", "mine"), ("metrics.json", "[1]")):
        out = tmp_path / name.partition(".")[0]
        out.mkdir()
        (out / name).write_text(content)
        with pytest.raises(UserError, match="holds no report; name a new folder"):
            evaluate_runs([finished_run.folder], out)
        assert [path.name for path in out.iterdir()] == [name]
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match=r"out .*file: this is a file"):
        evaluate_runs([finished_run.folder], tmp_path / "file")


def test_a_mistake_leaves_no_report(finished_run, tmp_path):
    mistakes = [
        ([tmp_path / "gone"], None, "neither a run"),
        (
            [finished_run.folder],
            FaceChoice(DataChoice(data="lfw", data_dir="gone")),
            "no such folder",
        ),
    ]
    for runs, faces, message in mistakes:
        with pytest.raises(UserError, match=message):
            evaluate_runs(runs, tmp_path / "report", faces, cache_dir=tmp_path / "cache")
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_it_says_so_before_it_measures(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("faceattr.evaluation.report")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UserError, match="pip install matplotlib"):
        evaluate_runs([tmp_path / "gone"], tmp_path / "report")
