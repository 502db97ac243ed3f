"""A family that another package brings goes through every program; none of them knows of it."""

import pathlib
import signal
import time

import numpy as np
import pytest
import warm_start
from ai_edge_litert.interpreter import Interpreter
from commands import assert_one_line_error, run
from PIL import Image

from faceattr.data import synthetic
from faceattr.evaluation.evaluate_runs import evaluate_runs
from faceattr.evaluation.metrics import to_json
from faceattr.evaluation.settings import ClassifierSettings, EvaluationSettings
from faceattr.exporting.export import export
from faceattr.models.registry import families
from faceattr.runs.run import Run
from faceattr.runs.weights import load
from faceattr.training.watching.callbacks import ROW_EVERY
from serving.servable import SavedModelServable

PACKAGE = pathlib.Path(__file__).parent / "dummy"
TRAIN = ["train.py", "--model", "dummy", "--preset", "tiny", "--attr", "glasses,smile"]
TRAIN += ["--synthetic_faces", "40", "--warm_up", "3"]
EDITS = ["add_glasses", "remove_glasses", "add_smile", "remove_smile"]
STEPS, EVERY = 800, 100
LONG = [*TRAIN, "--steps", STEPS, "--sample_every", EVERY, "--deterministic"]


@pytest.fixture(scope="module", autouse=True)
def installed():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(PACKAGE)
        patch.setenv("PYTHONPATH", str(PACKAGE))
        families.cache_clear()
        yield
    families.cache_clear()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run of the command line that nothing disturbed."""
    folder = tmp_path_factory.mktemp("dummy") / "whole"
    process = warm_start.run([*LONG, "--checkpoint_every", EVERY, "--run_dir", folder])
    assert process.returncode == 0, process.stderr
    for edit in EDITS:
        assert f"{edit}: against the true counterfactual of" in process.stdout
    assert "export:  python export.py" in process.stdout
    return Run.open(folder)


@pytest.fixture(scope="module")
def bundles(whole, tmp_path_factory):
    out = tmp_path_factory.mktemp("dummy") / "bundles"
    assert [bundle.name for bundle in export(whole.folder, out)] == EDITS[:3]
    return out


@pytest.mark.slow
def test_it_is_watched_while_it_trains(whole):
    page = whole.page_path.read_text()
    assert "A few layers for <b>add_glasses</b>, " in page
    assert "What the gate lets through" in page
    assert "the dummy&#x27;s advice" in page
    assert ">finished<" in page
    assert [each.name for each in whole.attributes] == ["glasses", "smile"]
    assert list(whole.results["truth"]) == EDITS
    # Of each edit the input, what the model has to show, the residual and the edited image.
    with Image.open(whole.samples[-1][1]) as grid:
        assert grid.height > len(EDITS) * 4 * 32


@pytest.mark.slow
def test_stopped_and_resumed_it_ends_with_the_same_bits(whole, tmp_path):
    folder = tmp_path / "stopped"
    # Whose last checkpoint before the end is made for the signal.
    stopped = [*LONG, "--checkpoint_every", 2 * STEPS, "--run_dir", folder]
    with warm_start.Process(stopped) as process:
        deadline = time.monotonic() + 120
        while not Run(folder).metrics_path.exists():
            assert time.monotonic() < deadline, "no row of the first steps"
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert f"python train.py --run_dir {folder} --resume" in output
    last, _ = Run(folder).checkpoints[-1]
    assert ROW_EVERY <= last < STEPS, "stopped too late to prove anything"
    assert ">stopped<" in Run(folder).page_path.read_text()
    resumed = run(["train.py", "--run_dir", folder, "--resume"])
    assert resumed.returncode == 0, resumed.stderr
    models = [load(each.model_path, families()["dummy"]) for each in (whole, Run(folder))]
    for weight, same in zip(*(model.weights for model in models), strict=True):
        np.testing.assert_array_equal(weight.numpy(), same.numpy())


@pytest.mark.slow
def test_it_trains_on_jax_and_imports_no_tensorflow(tmp_path):
    pytest.importorskip("jax")
    program = (
        "import sys, runpy; sys.modules['tensorflow'] = None; sys.argv = sys.argv[1:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    process = run(["-c", program, *TRAIN, "--run_dir", tmp_path / "run"], KERAS_BACKEND="jax")
    assert process.returncode == 0, process.stderr
    assert "remove_smile: against the true counterfactual of" in process.stdout
    assert Run(tmp_path / "run").state == "finished"


@pytest.mark.slow
@pytest.mark.usefixtures("coarse_figures")
def test_all_its_edits_are_evaluated(whole, tmp_path):
    few = EvaluationSettings(identity_faces=1, identity_pairs=0)
    quick = ClassifierSettings(image_size=32, epochs=1, batch_size=8)
    out = tmp_path / "report"
    found = evaluate_runs([whole.folder], out, None, few, quick, cache_dir=tmp_path / "cache")
    (subject,) = to_json(found.metrics)["subjects"]
    assert list(subject["edits"]) == EDITS
    report = (out / "report.html").read_text()
    assert all(edit in report for edit in EDITS)


@pytest.mark.slow
def test_its_gate_is_exported_and_served(bundles):
    crops = np.stack([synthetic.render(synthetic.sample_parameters(3, i), 32) for i in range(2)])
    images = (crops / np.float32(127.5) - 1).astype(np.float32)
    for edit in EDITS[:3]:
        servable = SavedModelServable(bundles / edit / "saved_model" / "1")
        found = servable.predict("serving_default", {"image": images}, servable.new_cancel())
        assert set(found) == {"edited_image", "needed", "residual"}
        assert found["needed"].shape == (2,)
        assert ((found["needed"] > 0) & (found["needed"] < 1)).all()
        interpreter = Interpreter(model_path=str(bundles / edit / f"{edit}.tflite"))
        outputs = interpreter.get_signature_runner("serving_default")(image=images[:1])
        assert set(outputs) == {"needed", "residual"}
        np.testing.assert_allclose(outputs["needed"], found["needed"][:1], atol=1e-2)


@pytest.mark.slow
def test_photos_are_edited_with_it_where_it_is_not_installed(bundles, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTHONPATH")
    photo = tmp_path / "face.png"
    face = synthetic.render(synthetic.sample_parameters(0, 0), 80)
    Image.fromarray(face).save(photo)
    for strength, changes in (("1", True), ("0", False)):
        edited = tmp_path / f"edited-{strength}.png"
        command = ["edit.py", photo, "--edit", "add_smile", "--bundles", bundles]
        process = run([*command, "--strength", strength, "-o", edited])
        assert process.returncode == 0, process.stderr
        with Image.open(edited) as image:
            assert (np.asarray(image) != face).any() == changes


def test_its_options_are_flags_and_those_of_others_are_refused():
    process = run(["train.py", "--help"])
    assert "--warm_up N" in process.stdout
    assert "steps of the critic alone [dummy] (2)" in " ".join(process.stdout.split())
    negative, of_another = (
        warm_start.run([*TRAIN, *flags]) for flags in (["--warm_up", "-1"], ["--alpha", "1"])
    )
    assert_one_line_error(negative, "--warm_up -1: must be a number")
    assert_one_line_error(of_another, "--alpha is for --model residual_gan")


def test_where_it_is_not_installed_it_is_no_model(monkeypatch):
    monkeypatch.delenv("PYTHONPATH")
    process = warm_start.run(["train.py", "--model", "dummy", "--attr", "young"])
    assert_one_line_error(process, "--model dummy: no such model")
