"""The command lines as a person types them."""

import pathlib

import numpy as np
import pytest
from commands import ROOT, TINY, assert_one_line_error, run
from PIL import Image

from faceattr.data import synthetic
from faceattr.faces.crop import LFW_CROP
from faceattr.runs.run import Run


@pytest.mark.slow
def test_train_export_and_edit_without_a_word_about_data(tmp_path):
    folder = tmp_path / "run"
    trained = run(["train.py", "--attr", "young", "--run_dir", folder, "--steps", 2, *TINY.split()])
    assert trained.returncode == 0, trained.stderr
    assert "built-in synthetic faces" in trained.stdout
    assert "make_old: against the true counterfactual of" in trained.stdout
    exported = run(["export.py", "--run", folder, "--out", tmp_path / "bundles"])
    assert exported.returncode == 0, exported.stderr
    assert "make_young: differs from Keras by" in exported.stdout
    photo = tmp_path / "photo.png"
    Image.fromarray(synthetic.render(synthetic.sample_parameters(0, 0), 90)).save(photo)
    command = ["edit.py", photo, "--edit", "make_old", "--bundles", tmp_path / "bundles"]
    edited = run([*command, "-o", tmp_path / "old.jpg"])
    assert edited.returncode == 0, edited.stderr
    with Image.open(tmp_path / "old.jpg") as image:
        assert image.size == (90, 90)

    other = run(["train.py", "--run_dir", folder, "--resume", "--width", 8])
    assert_one_line_error(other, "--width is 4 in the run, not 8")
    longer = run(["train.py", "--run_dir", folder, "--resume", "--steps", 3])
    assert longer.returncode == 0, longer.stderr
    assert [step for step, _ in Run(folder).checkpoints] == [2, 3]


def test_export_explains_a_mistake_in_one_line(tmp_path):
    process = run(["export.py", "--run", tmp_path / "gone", "--out", tmp_path / "bundles"])
    assert_one_line_error(process, "no run here")


@pytest.mark.parametrize(
    "program", ["train.py", "export.py", "edit.py", "evaluate.py", "reproduce.py"]
)
def test_help_teaches_with_an_example(program):
    process = run([program, "--help"])
    assert process.returncode == 0
    assert f"python {program} " in process.stdout


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for index, name in enumerate(("a.png", "b.jpg", "more/a.png")):
        face = Image.fromarray(synthetic.render(synthetic.sample_parameters(2, index), 48))
        face.save(folder / name)
    return folder


def edit(bundles, *arguments, cwd=ROOT):
    return run([ROOT / "edit.py", *arguments, "--bundles", bundles, "--edit", "add_glasses"], cwd)


def test_a_whole_folder_is_edited(bundles, photos, tmp_path):
    process = edit(bundles, photos, "-o", tmp_path / "out", "--show_residual")
    assert process.returncode == 0, process.stderr
    names = sorted(
        str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*")
    )
    assert names == [
        "a-add_glasses-residual.png",
        "a-add_glasses.png",
        "b-add_glasses-residual.png",
        "b-add_glasses.png",
        "more",
        "more/a-add_glasses-residual.png",
        "more/a-add_glasses.png",
    ]


def test_results_go_to_the_folder_edited_by_default(bundles, photos, tmp_path):
    process = edit(bundles, photos / "a.png", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert process.stdout.strip() == str(pathlib.Path("edited") / "a-add_glasses.png")
    assert (tmp_path / "edited" / "a-add_glasses.png").is_file()


def test_unreadable_pictures_are_named_and_counted_and_the_others_edited(bundles, photos, tmp_path):
    (photos / "broken.jpg").write_bytes(b"not a picture")
    Image.new("RGB", (30, 60)).save(photos / "tall.png")
    process = edit(bundles, photos, "-o", tmp_path / "out")
    assert_one_line_error(process, "2 of 5 pictures were not edited", "broken.jpg", "tall.png")
    assert len(list((tmp_path / "out").rglob("*.png"))) == 3


def test_an_aligned_photo_is_edited_in_its_own_frame(bundles, tmp_path):
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 255, (250, 250, 3), np.uint8)
    Image.fromarray(photo).save(tmp_path / "lfw.png")
    process = edit(bundles, tmp_path / "lfw.png", "--crop", "lfw", "-o", tmp_path / "out.png")
    assert process.returncode == 0, process.stderr
    changed = (np.asarray(Image.open(tmp_path / "out.png")) != photo).any(axis=-1)
    left, top, right, bottom = LFW_CROP.box(250, 250)
    assert changed[top:bottom, left:right].any()
    changed[top:bottom, left:right] = False
    assert not changed.any()


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["gone.jpg"], ["gone.jpg: no such picture or folder"]),
        (["{photos}/a.png", "--edit", "make_cat"], ["make_cat", "add_glasses, remove_glasses"]),
        (["{photos}/a.png", "--strength", "nan"], ["--strength nan"]),
        (["{photos}/a.png", "-o", "out.gif"], ["-o out.gif", ".png"]),
        (["{photos}/a.png", "-o", "{photos}/a.png"], ["would overwrite"]),
        (["{photos}", "-o", "{photos}/a.png"], ["a file, but there are 3 pictures"]),
        (["{photos}/a.png", "{photos}/more/a.png"], ["the same name"]),
        (["{empty}"], ["no pictures in this folder"]),
    ],
)
def test_edit_explains_a_mistake_in_one_line(bundles, photos, tmp_path, arguments, parts):
    (tmp_path / "empty").mkdir()
    before = {path: path.read_bytes() for path in photos.rglob("*") if path.is_file()}
    arguments = [text.format(photos=photos, empty=tmp_path / "empty") for text in arguments]
    if "--edit" not in arguments:
        arguments += ["--edit", "add_glasses"]
    process = run([ROOT / "edit.py", *arguments, "--bundles", bundles], cwd=tmp_path)
    assert_one_line_error(process, *parts)
    assert {path: path.read_bytes() for path in photos.rglob("*") if path.is_file()} == before
    assert not (tmp_path / "edited").exists()


def test_editing_imports_no_tensorflow(bundles, photos, tmp_path):
    program = (
        "import sys, runpy; sys.argv = sys.argv[1:];\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "except SystemExit as stop: assert not stop.code, stop.code\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    arguments = [photos / "a.png", "--edit", "add_glasses", "--bundles", bundles]
    process = run(["-c", program, "edit.py", *arguments, "-o", tmp_path / "out.png"])
    assert process.returncode == 0, process.stderr
    assert (tmp_path / "out.png").is_file()
