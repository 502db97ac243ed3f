"""All experiments at a tiny size: what they leave, and that nothing is done twice."""

import dataclasses
import json

import numpy as np
import pytest
import warm_start
from PIL import Image

from faceattr.attributes import PAPER_ATTRIBUTES, find_attribute
from faceattr.errors import UserError
from faceattr.evaluation.json_values import json_value
from faceattr.evaluation.metrics import to_json
from faceattr.models.adversarial import AdversarialModel
from faceattr.reproduction import evaluations
from faceattr.reproduction import laboratory as laboratory_module
from faceattr.reproduction.experiments import EXPERIMENTS, pose
from faceattr.reproduction.experiments import attributes as figures
from faceattr.reproduction.laboratory import Laboratory
from faceattr.reproduction.reproduce import reproduce
from faceattr.reproduction.settings import QUICK, ReproductionSettings
from faceattr.reproduction.trainings import BASELINE, trained
from faceattr.runs.run import Run

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

_SMALLER = {
    "width": 4,
    "batch_size": 4,
    "steps": 2,
    "synthetic_faces": 160,
    "judge_epochs": 1,
    "faces": 10,
    "identity_faces": 1,
}
_TINY = ReproductionSettings(**{**QUICK, **_SMALLER})
_TWO = ("glasses", "no_beard")


@pytest.fixture(scope="module", autouse=True)
def two_attributes():
    """Two of the six attributes, those that experiments of single ones need as well."""
    attributes = tuple(each for each in PAPER_ATTRIBUTES if each.name in _TWO)
    with pytest.MonkeyPatch.context() as patch:
        for module in (figures, pose):
            patch.setattr(module, "PAPER_ATTRIBUTES", attributes)
        for module in (figures, pose, laboratory_module):
            patch.setattr(module, "SIX", _TWO)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory, coarse_figures, untraced):
    """All experiments. Of five trainings two make their steps: the others' networks stay as they
    begin, and the measures do not care.
    """
    folder = tmp_path_factory.mktemp("reproduction")

    def trained_if_first(name, *where):
        with pytest.MonkeyPatch.context() as patch:
            if name not in ("glasses", BASELINE):
                patch.setattr(AdversarialModel, "fit", count_steps)
            with untraced():
                return trained(name, *where)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(laboratory_module, "trained", trained_if_first)
        page = reproduce(tuple(EXPERIMENTS), _TINY, folder, "python reproduce.py all")
    return folder, page.read_text(encoding="utf-8")


def count_steps(self, batches, steps_per_epoch, **more):
    self.steps.assign_add(steps_per_epoch)


def test_every_experiment_leaves_its_picture_and_numbers(made):
    folder, page = made

    for name in EXPERIMENTS:
        facts = json.loads((folder / name / f"{name}.json").read_text())
        assert facts["claims"], name
        assert facts["title"] in page
        (picture,) = (folder / name).glob("*.png")
        assert f"({name}/{picture.name})" in page
        assert np.asarray(Image.open(picture)).std() > 10, "an empty picture"


def test_figures_have_the_layout_of_the_paper(made):
    folder, _ = made

    # A sheet for each attribute, two across; four rows and six faces each.
    assert Image.open(folder / "fig4/fig4.png").size[0] > 2 * 6 * 128
    assert Image.open(folder / "fig4/fig4.png").size[1] > 4 * 128
    assert Image.open(folder / "fig6/fig6.png").size[1] > 2 * 4 * 128
    assert Image.open(folder / "fig7/fig7.png").size[1] > 4 * 128


def test_the_page_says_how_it_was_made_and_what_came_of_each_claim(made):
    _, page = made

    assert "python reproduce.py all" in page
    assert "2 steps of every training" in page
    assert "shows that everything runs, and nothing about the paper" in page
    assert "The judge" in page
    assert page.count("**undecided**") + page.count("**held**") + page.count("**not held**") == 8
    assert "0.02341" in page, "the paper's numbers stand beside ours"
    assert "nan" not in page


def test_success_never_stands_alone(made):
    _, page = made

    heads = [line for line in page.splitlines() if "success (before)" in line]
    assert heads
    assert all("kernel distance" in line and "needless" in line for line in heads)


def test_one_report_of_every_edit(made):
    folder, _ = made

    report = (folder / "report/report.html").read_text(encoding="utf-8")
    measured = evaluations.combined(evaluations.load_all(folder / "evaluations"))
    names = {subject.name for subject in measured.metrics.subjects}
    assert len(names) == 2 + 2 + 2 + 2  # ours, the baseline's, two ablations, the other source
    assert all(name in report for name in names)


def test_all_subjects_are_measured_on_the_same_held_out_faces(made):
    measured = evaluations.combined(evaluations.load_all(made[0] / "evaluations"))
    for edit in find_attribute("glasses", ["Eyeglasses"]).edits:
        first = measured.pictures["glasses", edit].images
        for other in ("vae_gan-glasses", "glasses-no_dual", "glasses-no_residual"):
            np.testing.assert_array_equal(measured.pictures[other, edit].images, first)


def test_no_training_face_is_measured(made):
    folder, _ = made
    laboratory = Laboratory(_TINY, folder)
    faces = laboratory.faces("own", "glasses")

    held_out = faces.names()
    for training in (folder / "runs").iterdir():
        for label in ("negative", "positive"):
            trained = (training / f"split/train_{label}.txt").read_text().split()
            assert not held_out & set(trained), training


def test_nothing_is_done_twice(made, monkeypatch):
    folder, page = made

    def never(*args, **kwargs):
        raise AssertionError("done already")

    monkeypatch.setattr(laboratory_module, "evaluate", never)
    monkeypatch.setattr(laboratory_module, "trained", never)
    report = (folder / "report/report.html").stat().st_mtime_ns
    again = reproduce(tuple(EXPERIMENTS), _TINY, folder, "python reproduce.py all")

    assert again.read_text(encoding="utf-8") == page
    assert (folder / "report/report.html").stat().st_mtime_ns == report


def test_the_command_takes_up_what_is_there(made):
    folder, _ = made
    typed = [part for name, value in _SMALLER.items() for part in (f"--{name}", str(value))]

    process = warm_start.run(["reproduce.py", "fig6", "--quick", *typed, "--out", folder])

    assert process.returncode == 0, process.stderr
    assert f"results: {folder / 'results.md'}" in process.stdout
    own = "python reproduce.py fig6 --quick --width 4"
    assert own in (folder / "results.md").read_text(encoding="utf-8")
    assert process.stderr.count("there already") == 1


def test_an_evaluation_is_read_as_it_was_written(made, tmp_path):
    (first,) = [
        found
        for found in evaluations.load_all(made[0] / "evaluations")
        if found.metrics.subjects[0].name == "glasses"
    ]
    evaluations.save(first, tmp_path / "again")
    second = evaluations.load(tmp_path / "again")

    assert to_json(second.metrics) == to_json(first.metrics)
    for key, pictures in first.pictures.items():
        for field in dataclasses.fields(pictures):
            ours = getattr(pictures, field.name)
            theirs = getattr(second.pictures[key], field.name)
            assert (ours is None) == (theirs is None)
            if ours is not None:
                np.testing.assert_array_equal(ours, theirs)
        ours, theirs = (json_value(each.by_face[key]) for each in (first, second))
        assert ours == theirs
    assert evaluations.load(tmp_path / "nothing") is None


def test_other_settings_need_another_folder(made):
    with pytest.raises(UserError, match="steps is 2 there, not 3"):
        reproduce(("fig6",), dataclasses.replace(_TINY, steps=3), made[0], "")


def test_a_run_of_other_settings_is_not_taken_up(made, tmp_path):
    folder = tmp_path / "out"
    laboratory = Laboratory(dataclasses.replace(_TINY, seed=1), folder)
    (folder / "runs").mkdir(parents=True)
    (folder / "runs/glasses").symlink_to(made[0] / "runs/glasses")

    with pytest.raises(UserError, match="a run with other settings"):
        laboratory.run("glasses")


def test_a_training_that_was_stopped_goes_on(made, tmp_path, untraced):
    data = made[0] / "data/synthetic"
    folder = tmp_path / "runs"
    one = dataclasses.replace(_TINY, steps=1)
    with untraced():
        trained("glasses", one, data, folder)
    # As a stop after the first of two steps leaves it.
    run = Run(folder / "glasses")
    run.write_config(dataclasses.replace(run.config, steps=2))
    (run.folder / "results.json").unlink()

    with untraced():
        trained("glasses", _TINY, data, folder)

    assert [step for step, _ in run.checkpoints][-1] == 2
    assert (run.folder / "results.json").is_file()


def test_without_a_second_source_fig5_cannot_be(tmp_path, celeba_dir):
    settings = dataclasses.replace(
        _TINY, data="celeba", data_dir=str(celeba_dir), other_data="lfw", other_dir=None
    )
    with pytest.raises(UserError, match="fig5 needs other_dir"):
        reproduce(("fig5",), settings, tmp_path, "")
