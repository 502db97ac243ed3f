"""What `python -m faceattr.exporting inspect` says."""

import pathlib
import shutil

import pytest

from faceattr import command_line
from faceattr.errors import UserError
from faceattr.exporting import __main__ as program
from faceattr.exporting import inspection


@pytest.fixture
def bundle(tiny_bundles):
    return tiny_bundles / "add_glasses"


def test_a_bundle_without_a_saved_model_is_told_of(bundle):
    lines = inspection.inspect(bundle).splitlines()
    assert lines[0] == f"{bundle}: add_glasses, 32x32"
    text = "\n".join(lines)
    for part in (
        "2, all as they were exported",
        "add_glasses.tflite",
        "of no training",
        "image float32 [1, 32, 32, 3] -> needed float32 [1], residual float32 [1, 32, 32, 3]",
        "CONV_2D 2",
        "at most 4 dimensions",
        "SavedModel    none",
        "ms on 1 thread, median of 15",
    ):
        assert part in text
    assert "not of the bundle" not in text


def test_multiplications_are_those_of_its_convolutions(bundle):
    network = inspection.network_of(bundle / "add_glasses.tflite")
    assert network.multiplications["CONV_2D"] == 32 * 32 * (9 * 3 * 4 + 9 * 4 * 3)


def test_files_that_nobody_exported_are_told_of(bundle, tmp_path):
    copy = shutil.copytree(bundle, tmp_path / "add_glasses")
    (copy / "notes.txt").write_text("mine")
    assert "not of the bundle: notes.txt" in inspection.inspect(copy)


def test_a_bundle_that_is_not_whole_is_one_line(bundle, tmp_path):
    copy = shutil.copytree(bundle, tmp_path / "add_glasses")
    (copy / "add_glasses.tflite").write_bytes(b"")
    with pytest.raises(UserError, match="not the file that was exported"):
        inspection.inspect(copy)


def test_signatures_versions_and_parity_are_told(bundles):
    text = inspection.inspect(bundles / "add_glasses")
    assert "1: serving_default: image float32 [-1, 32, 32, 3] -> edited_image" in text
    assert "image_bytes_with_strength: image_bytes string [-1], strength float32 [-1]" in text
    assert "of step 3 of 3" in text
    assert "SavedModel: at most " in text
    assert "on 64 faces (synthetic)" in text


def test_the_command_inspects_each_bundle(tiny_bundles, monkeypatch, capsys):
    monkeypatch.setattr(inspection, "inspect", lambda bundle: f"told of {bundle.name}")
    given = ["inspect", str(tiny_bundles / "add_glasses"), str(pathlib.Path("other"))]
    monkeypatch.setattr("sys.argv", ["exporting", *given])
    program._main()
    assert capsys.readouterr().out == "told of add_glasses\ntold of other\n"
    monkeypatch.setattr("sys.argv", ["exporting", "look"])
    with pytest.raises(SystemExit) as stopped:
        command_line.run(program.PROGRAM, program._main)
    assert stopped.value.code == 2
