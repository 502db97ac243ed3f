"""Every command of docs/data.md and the README reads its data, laid out as the text says."""

import pathlib
import re
import runpy
import shlex
import shutil

import pytest
from PIL import Image

from faceattr.data import synthetic
from faceattr.data.packing import pack
from faceattr.data.sources import load_files
from faceattr.runs.presets import preset_config
from faceattr.training import cost
from faceattr.training.train import train

ROOT = pathlib.Path(__file__).parents[2]
TEXT = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("docs/data.md", "README.md"))


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


COMMANDS = list(
    dict.fromkeys(  # the README has some of the other page's
        line
        for block in blocks("sh")
        for line in block.replace("\\\n", " ").splitlines()
        if line.startswith("python train.py") and " --data " in line
    )
)
DATA_COMMANDS = [
    line
    for block in blocks("sh")
    for line in block.replace("\\\n", " ").splitlines()
    if line.startswith("python -m faceattr.data")
]


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory):
    """The folders and files that the commands name, with faces in them."""
    folder = tmp_path_factory.mktemp("laid_out")
    faces = [
        Image.fromarray(synthetic.render(synthetic.sample_parameters(0, index), 40))
        for index in range(20)
    ]

    def save(index, name):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        faces[index].save(folder / name)

    labels, probabilities, lfw = ["image,smile,hat,person"], ["image,smile"], ["20", "Male"]
    for index in range(20):
        save(index, f"photos/{'beach' if index < 9 else 'not_beach'}/{index}.jpg")
        save(index, f"portraits/{index}.jpg")
        save(index, f"data/lfw/lfw-deepfunneled/P_{index}/P_{index}_0001.jpg")
        labels.append(f"{index}.jpg,{'yes' if index % 3 else 'no'},{index % 2},Ann {index // 2}")
        probabilities.append(f"{index}.jpg,{index / 19:.2f}")
        lfw.append(f"P_{index}/P_{index}_0001.jpg {1 if index % 2 else -1}")
    (folder / "faces.csv").write_text("\n".join(labels))
    (folder / "probabilities.csv").write_text("\n".join(probabilities))
    (folder / "data/lfw/list_attr_lfw.txt").write_text("\n".join(lfw))
    corrections = next(block for block in blocks("csv") if "column,value" in block)
    (folder / "corrections.csv").write_text(corrections)
    synthetic.write_celeba(folder / "data/celeba", 100, seed=0, size=32)
    # What an earlier training has copied out of TensorFlow Datasets.
    synthetic.write_celeba(folder / "data/tfds/faceattr_images", 20, seed=0, size=32)
    table = load_files("celeba", folder / "data/celeba")
    for name in ("celeba-32", "lfw-32"):
        pack(table, folder / "data" / name, 32)
    return folder


@pytest.fixture
def data(laid_out, tmp_path, monkeypatch):
    """A copy, which is now the current folder."""
    monkeypatch.chdir(shutil.copytree(laid_out, tmp_path / "data_of_docs"))


def test_there_are_commands():
    assert len(COMMANDS) >= 9
    sources = {re.search(r"--data (\w+)", command)[1] for command in COMMANDS}
    assert sources == {"csv", "folders", "celeba", "lfw", "tfds", "packed"}
    assert len(DATA_COMMANDS) >= 3


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_reads_its_data(monkeypatch, capsys, command):
    monkeypatch.setattr("sys.argv", ["train.py", *shlex.split(command)[2:], "--dry_run"])
    # Not its steps at the paper's size: what they take is not about the data.
    monkeypatch.setattr(cost, "describe_cost", lambda *given: "")
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(ROOT / "train.py"), run_name="__main__")
    output = capsys.readouterr()
    assert stop.value.code == 0, output.err
    assert '"train_per_class"' in output.out


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("command", DATA_COMMANDS)
def test_the_data_command_runs(monkeypatch, capsys, command):
    for made in ("celeba-32", "lfw-32"):
        shutil.rmtree(f"data/{made}")
    monkeypatch.setattr("sys.argv", ["faceattr.data", *shlex.split(command)[3:]])
    with pytest.raises(SystemExit) as stop:
        runpy.run_module("faceattr.data", run_name="__main__")
    assert stop.value.code == 0, capsys.readouterr().err


@pytest.mark.usefixtures("data")
def test_the_python_lines_take_a_split_up_again(untraced):
    config = preset_config(
        None, {"attr": "glasses", "synthetic_faces": 24, "image_size": 32, "width": 4, "steps": 1}
    )
    with untraced():
        run = train(config, pathlib.Path("runs/glasses"))
    names = {}
    exec(blocks("python")[0], names)
    written = (run.folder / "split" / "test_positive.txt").read_text().splitlines()
    table, split = names["data"].table, names["data"].split
    assert [table.names[index] for index in split.test_positive] == written
