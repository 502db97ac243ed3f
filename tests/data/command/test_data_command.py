"""`python -m faceattr.data` as a person types it."""

import pathlib
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest
import warm_start
from PIL import Image

from faceattr.data import synthetic
from faceattr.data.sources import load_files

ROOT = pathlib.Path(__file__).parents[3]


def data(*arguments, cwd=ROOT):
    """Runs `python -m faceattr.data <arguments>` and returns the finished process."""
    return subprocess.run(
        [sys.executable, "-m", "faceattr.data", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twelve faces that `render` wrote, and what it printed."""
    out = tmp_path_factory.mktemp("drawn") / "faces"
    process = data("render", "--out", out, "--count", 12, "--image_size", 64, "--seed", 3)
    assert process.returncode == 0, process.stderr
    return out, process.stdout


def test_rendered_faces_are_read_back(folder):
    out, _ = folder
    table = load_files("celeba", out)
    assert len(table) == 12
    assert table.columns == synthetic.COLUMNS
    crops = table.crops(np.arange(12), 64).astype(float)
    for index in range(12):
        face = synthetic.sample_parameters(3, index)
        assert np.abs(crops[index] - synthetic.render(face, 64)).mean() < 6
        assert table.labels[index].tolist() == list(synthetic.labels(face).values())
        # The images are 77x94 with the face at (6, 15); CelebA's landmarks are whole numbers.
        in_image = (synthetic.landmarks(face) * 64 + (6, 15)) / (77, 94)
        assert table.landmarks is not None
        assert np.abs(table.landmarks[index] - in_image).max() < 0.6 / 178


def test_render_tells_how_to_train(folder):
    out, printed = folder
    command = printed.splitlines()[-1].strip()
    assert f"--data celeba --data_dir {shlex.quote(str(out))} --image_size 64" in command
    few = ["--test_per_class", "1", "--width", "4"]
    process = warm_start.run([*shlex.split(command)[1:], *few, "--dry_run"])
    assert process.returncode == 0, process.stderr


def test_render_takes_correlations_by_either_name(tmp_path):
    pairs = ["smile,mouth_open,1", "Male,Young,-1"]
    process = data(
        *("render", "--out", tmp_path / "faces", "--count", 10, "--image_size", 32),
        *("--correlation", *pairs),
    )
    assert process.returncode == 0, process.stderr
    table = load_files("celeba", tmp_path / "faces")
    assert (table.values("Smiling") == table.values("Mouth_Slightly_Open")).all()
    assert (table.values("Male") != table.values("Young")).all()


def test_describe_prints_numbers_and_writes_pictures(folder, tmp_path):
    out, _ = folder
    process = data(
        *("describe", "--data", "celeba", "--data_dir", out, "--attr", "smile"), cwd=tmp_path
    )
    assert process.returncode == 0, process.stderr
    assert "celeba: 12 images; label columns: 40\n" in process.stdout
    smiling = int(load_files("celeba", out).values("Smiling").sum())
    assert re.search(rf"smile +Smiling +{smiling} +{12 - smiling} ", process.stdout)
    assert re.search(r"77x94 +12\n +unreadable header +0\n", process.stdout)
    assert "`check` reads every image whole" in process.stdout
    assert "correlation with Smiling" in process.stdout
    assert re.search(r"^  Attractive +-$", process.stdout, re.MULTILINE)
    assert "nan" not in process.stdout.lower() + process.stderr.lower()
    assert "Warning" not in process.stderr
    pictures = sorted((tmp_path / "describe-celeba").iterdir())
    assert [path.name for path in pictures] == ["correlations.png", "examples.png"]
    for path in pictures:
        with Image.open(path) as picture:
            assert min(picture.size) > 200


def test_describe_counts_all_columns_when_asked(tmp_path):
    arguments = ["describe", "--count", 6, "--out", tmp_path / "report"]
    six, every = data(*arguments), data(*arguments, "--all")
    assert six.returncode == every.returncode == 0, six.stderr + every.stderr
    assert len(every.stdout.splitlines()) - len(six.stdout.splitlines()) == 34
    assert (tmp_path / "report" / "examples.png").is_file()


def test_describe_takes_a_csv_file_without_celebas_columns(tmp_path):
    for index in range(4):
        Image.new("RGB", (20, 30)).save(tmp_path / f"{index}.png")
    rows = ["image,hat", "0.png,1", "1.png,0", "2.png,", "3.png,1", "gone.png,0"]
    (tmp_path / "labels.csv").write_text("\n".join(rows) + "\n")
    process = data("describe", "--data", "csv", "--labels", "labels.csv", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert "left out 1: " in process.stdout
    assert "csv: 4 images; label columns: 1\n" in process.stdout
    assert re.search(r"unknown +share\n +hat +2 +1 +1 +66.7%", process.stdout)
    assert "correlation with hat" in process.stdout
    assert (tmp_path / "describe-csv" / "examples.png").is_file()


def test_describe_counts_labels_as_they_are_corrected(folder, tmp_path):
    out, _ = folder
    first = load_files("celeba", out).names[0]
    (tmp_path / "corrections.csv").write_text(f"image,column,value\n{first},Smiling,\n")
    process = data(
        *("describe", "--data", "celeba", "--data_dir", out, "--attr", "smile"),
        *("--label_overrides", "corrections.csv"),
        cwd=tmp_path,
    )
    assert process.returncode == 0, process.stderr
    assert re.search(r"smile +Smiling +\d+ +\d+ +1 ", process.stdout), "one label is unknown"


def test_describe_imports_no_tensorflow(tmp_path):
    program = (
        "import sys, runpy; sys.argv = ['data', *sys.argv[1:]]\n"
        "try: runpy.run_module('faceattr.data', run_name='__main__')\n"
        "except SystemExit as stop: assert not stop.code, stop.code\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    command = [sys.executable, "-c", program, "describe", "--count", "4", "--out", tmp_path]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert process.returncode == 0, process.stderr


def test_check_names_bad_images_and_says_so_by_its_status(tmp_path):
    synthetic.write_celeba(tmp_path / "faces", 5, 0, 32)
    arguments = ["check", "--data", "celeba", "--data_dir", tmp_path / "faces"]
    process = data(*arguments)
    assert process.returncode == 0, process.stderr
    assert process.stdout == "5 images read, 0 of them bad\n"

    images = tmp_path / "faces" / "img_align_celeba"
    whole = (images / "000002.jpg").read_bytes()
    (images / "000002.jpg").write_bytes(whole[: len(whole) // 2])
    (images / "000004.jpg").write_bytes(b"not a picture")
    process = data(*arguments)
    assert process.returncode == 1, process.stderr
    bad, worse, summary = process.stdout.splitlines()
    assert "000002.jpg: " in bad
    assert "000004.jpg: " in worse
    assert summary == "5 images read, 2 of them bad"
    described = data("describe", *arguments[1:], "--out", tmp_path / "report")
    assert described.returncode == 0, described.stderr
    assert re.search(r"38x47 +4\n +unreadable header +1\n", described.stdout)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([], ["command", "--help tells more"]),
        (["paint"], ["invalid choice: 'paint'"]),
        (["describe", "--attr", "smyle", "--count", "3"], ["unknown attribute 'smyle'", "Smiling"]),
        (["describe", "--data", "celeba"], ["--data celeba needs --data_dir"]),
        (["describe", "--data_dir", "faces"], ["--data_dir", "--data"]),
        (["check", "--data", "celebb"], ["--data celebb", "choose one of", "celeba"]),
        (["pack", "--out", "x", "--crop", "lfw"], ["--crop is for --data celeba"]),
        (["describe", "--count", "0"], ["--count 0"]),
        (
            ["describe", "--data", "lfw", "--data_dir", "nowhere"],
            ["--data_dir nowhere: no such folder"],
        ),
        (["check"], ["drawn faces are not files"]),
        (["check", "--data", "celeba", "--data_dir", "nowhere"], ["nowhere: no such folder"]),
        (["render", "--count", "3"], ["--out"]),
        (["render", "--out", "x", "--count", "0"], ["--count 0"]),
        (["render", "--out", "x", "--count", "3", "--image_size", "16"], ["--image_size 16", "32"]),
        (
            ["render", "--out", "x", "--count", "3", "--correlation", "male,young"],
            ["--correlation male,young", "male,no_beard,-0.52"],
        ),
        (
            ["render", "--out", "x", "--count", "3", "--correlation", "male,young,much"],
            ["--correlation male,young,much"],
        ),
        (
            ["render", "--out", "x", "--count", "3", "--correlation", "male,yung,0.5"],
            ["unknown attribute 'yung'", "Young"],
        ),
        (
            ["render", "--out", "x", "--count", "3", "--correlation", "male,young,2"],
            ["--correlation", "outside [-1, 1]"],
        ),
    ],
)
def test_a_mistake_is_explained_in_one_line(tmp_path, arguments, parts):
    process = data(*arguments, cwd=tmp_path)
    assert process.returncode == 2, process.stderr
    lines = [line for line in process.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, process.stderr
    assert lines[0].startswith("python -m faceattr.data: error: ")
    for part in parts:
        assert part in lines[0]
    assert list(tmp_path.iterdir()) == [], "nothing half-written"


@pytest.mark.parametrize("command", [[], ["describe"], ["check"], ["render"], ["figures"]])
def test_help_teaches_with_an_example(command):
    process = data(*command, "--help")
    assert process.returncode == 0, process.stderr
    assert f"  python -m faceattr.data {' '.join(command)}" in process.stdout


def test_figures_are_those_of_the_documentation(tmp_path):
    process = data("figures", "--out", tmp_path / "images")
    assert process.returncode == 0, process.stderr
    written = {path.name: path for path in (tmp_path / "images").iterdir()}
    page = (ROOT / "docs" / "synthetic.md").read_text(encoding="utf-8")
    shown = re.findall(r"\(images/([^)]+)\)", page)
    assert sorted(shown) == sorted(written)
    for name, path in written.items():
        assert path.stat().st_size < 700_000
        with Image.open(path) as fresh, Image.open(ROOT / "docs" / "images" / name) as kept:
            assert fresh.size == kept.size
            error = np.abs(np.asarray(fresh, float) - np.asarray(kept, float)).mean()
            assert error < 1, f"{name} is stale: run `python -m faceattr.data figures`"
