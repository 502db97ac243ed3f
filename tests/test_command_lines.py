"""The command lines as a person types them."""

import pytest
import warm_start
from commands import TINY, assert_one_line_error, run
from PIL import Image

from faceattr.command_line import typed
from faceattr.data import synthetic
from faceattr.runs.run import Run


@pytest.mark.slow
def test_train_export_and_edit_without_a_word_about_data(tmp_path):
    folder = tmp_path / "run"
    command = ["train.py", "--attr", "young", "--run_dir", folder, "--steps", 2, *TINY.split()]
    trained = warm_start.run(command)
    assert trained.returncode == 0, trained.stderr
    assert "built-in synthetic faces" in trained.stdout
    assert "make_old: against the true counterfactual of" in trained.stdout
    exported = warm_start.run(["export.py", "--run", folder, "--out", tmp_path / "bundles"])
    assert exported.returncode == 0, exported.stderr
    assert "make_young: the saved_model differs from Keras by" in exported.stdout
    photo = tmp_path / "photo.png"
    Image.fromarray(synthetic.render(synthetic.sample_parameters(0, 0), 90)).save(photo)
    command = ["edit.py", photo, "--edit", "make_old", "--bundles", tmp_path / "bundles"]
    command += ["--crop", "none"]
    edited = run([*command, "-o", tmp_path / "old.jpg"])
    assert edited.returncode == 0, edited.stderr
    with Image.open(tmp_path / "old.jpg") as image:
        assert image.size == (90, 90)

    other = warm_start.run(["train.py", "--run_dir", folder, "--resume", "--width", 8])
    assert_one_line_error(other, "--width is 4 in the run, not 8")
    longer = warm_start.run(["train.py", "--run_dir", folder, "--resume", "--steps", 3])
    assert longer.returncode == 0, longer.stderr
    assert [step for step, _ in Run(folder).checkpoints] == [2, 3]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ([], "no run here"),
        (["--report", "here", "--best"], "--report: it tells of the last weights of a run"),
    ],
)
def test_export_explains_a_mistake_in_one_line(tmp_path, flags, said):
    words = ["export.py", "--run", tmp_path / "gone", "--out", tmp_path / "bundles"]
    assert_one_line_error(warm_start.run([*words, *flags]), said)


def test_commands_are_told_as_they_are_typed():
    text = "python train.py --resume, python -m faceattr.data pack; what evaluate.py wrote"
    assert typed(text, installed=False) == text
    wanted = "faceattr train --resume, faceattr data pack; what faceattr evaluate wrote"
    assert typed(text, installed=True) == wanted
    assert typed("python -m serving.page\nretrain.py", installed=True) == (
        "faceattr page\nretrain.py"
    )


@pytest.mark.parametrize(
    "program", ["train.py", "export.py", "edit.py", "evaluate.py", "reproduce.py"]
)
def test_help_teaches_with_an_example(program):
    process = run([program, "--help"])
    assert process.returncode == 0
    assert f"python {program} " in process.stdout
