"""`train.py` as a person types it: several attributes, settings files, backends, mistakes."""

import json
import re
import runpy
import signal
import time

import pytest
import warm_start
from commands import ROOT, TINY, assert_one_line_error, run
from PIL import Image

from faceattr.runs.run import Run
from faceattr.runs.settings import all_options
from faceattr.training.flags import settings_page


@pytest.mark.exhaustive
@pytest.mark.slow
def test_several_attributes_are_stopped_and_go_on_as_a_whole(tmp_path):
    folder = tmp_path / "two"
    settings = {"attr": ["young", "Smiling"], "image_size": 32, "width": 4, "batch_size": 4}
    settings |= {"synthetic_faces": 40, "steps": 9, "checkpoint_every": 20}
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    command = ["train.py", "--config", tmp_path / "settings.json", "--steps", 150]
    with warm_start.Process([*command, "--run_dir", folder]) as process:
        deadline = time.monotonic() + 240
        while not Run(folder / "smile").checkpoints and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert f"python train.py --run_dir {folder} --resume" in output
    assert "=== attribute 2 of 2: Smiling, about " in errors
    assert Run(folder / "smile").checkpoints[-1][0] < 150, "stopped too late to prove anything"
    first = (folder / "young" / "model.keras").stat().st_mtime_ns

    resumed = warm_start.run(["train.py", "--run_dir", folder, "--resume"])
    assert resumed.returncode == 0, resumed.stderr
    assert "=== attribute 1 of 2: young, finished" in resumed.stderr
    assert "going on from" in resumed.stderr
    assert (folder / "young" / "model.keras").stat().st_mtime_ns == first
    summary = json.loads((folder / "summary.json").read_text())["attributes"]
    assert [(part["attribute"], part["steps"]) for part in summary] == [
        ("young", 150),
        ("Smiling", 150),
    ]
    for edit in ("make_young", "make_old", "add_smile", "remove_smile"):
        (line,) = [line for line in resumed.stdout.splitlines() if f" {edit} " in line]
        assert re.search(r"\d\d\.\d\d", line), "against the truth, in dB"
    with Image.open(folder / "montage.png") as montage:
        assert montage.width > 700
        assert montage.height > 600

    other = warm_start.run(["train.py", "--run_dir", folder, "--resume", "--attr", "young"])
    assert_one_line_error(other, "--attr young", "trains young,Smiling")


@pytest.mark.slow
def test_a_training_that_diverges_is_told_and_the_exit_status_is_1(tmp_path):
    folder = tmp_path / "two"
    command = ["train.py", "--attr", "young,smile", "--alpha", 1e38, "--steps", 4, *TINY.split()]
    process = warm_start.run([*command, "--run_dir", folder])
    assert process.returncode == 1, process.stderr
    assert "young: generator_loss is not finite after step 1" in process.stdout
    assert "smile: generator_loss is not finite after step 1" in process.stdout
    assert process.stdout.count("0, diverged") == 4
    assert "another --seed" in process.stderr
    assert not (folder / "montage.png").exists()


@pytest.mark.parametrize(
    ("backend", "parts"),
    [
        ("abacus", ["KERAS_BACKEND", "abacus", "tensorflow, jax"]),
        ("numpy", ["KERAS_BACKEND numpy", "tensorflow, jax"]),
    ],
)
def test_a_backend_that_nothing_runs_on_is_named(backend, parts):
    assert_one_line_error(run(["train.py", "--attr", "young"], KERAS_BACKEND=backend), *parts)


@pytest.mark.exhaustive
def test_a_dry_run_shows_settings_data_and_cost_and_trains_nothing(tmp_path, monkeypatch, capsys):
    command = ["train.py", "--attr", "young,Smiling", *TINY.split(), "--dry_run"]
    process = warm_start.run([*command, "--run_dir", tmp_path / "run"])
    assert process.returncode == 0, process.stderr
    start = process.stdout.index("{")
    settings, end = json.JSONDecoder().raw_decode(process.stdout, start)
    assert settings["attr"] == ["young", "Smiling"]
    assert settings["width"] == 4
    assert settings["batchnorm"] == "per_replica"
    assert '"column": "Young"' in process.stdout[end:]
    assert '"column": "Smiling"' in process.stdout[end:]
    assert "parameters" in process.stdout[end:]
    assert list(tmp_path.iterdir()) == []
    # What it prints is a settings file.
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    monkeypatch.setattr("faceattr.training.cost.describe_cost", lambda *_: "as much as before")
    again = ["train.py", "--config", str(tmp_path / "settings.json"), "--dry_run"]
    monkeypatch.setattr("sys.argv", again)
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(ROOT / "train.py"), run_name="__main__")
    assert stop.value.code == 0
    assert json.JSONDecoder().raw_decode(capsys.readouterr().out, start) == (settings, end)


def test_help_names_every_setting_before_keras_is_imported():
    program = (
        "import sys, runpy; sys.argv = sys.argv[1:]\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "except SystemExit as stop: assert not stop.code, stop.code\n"
        "assert not {'tensorflow', 'keras', 'jax'} & set(sys.modules)"
    )
    process = run(["-c", program, "train.py", "--help"])
    assert process.returncode == 0, process.stderr
    flags = re.findall(r"^  --(\w+)[ ,]", process.stdout, re.MULTILINE)
    assert sorted(flags) == sorted({*flags}), "each is there once"
    settings = list(all_options())
    others = [
        "preset",
        "config",
        "run_dir",
        "resume",
        "add_attr",
        "from",
        "dry_run",
        "devices",
        "logical_devices",
    ]
    assert sorted(flags) == sorted([*settings, *others])


def test_the_page_of_settings_is_what_the_declarations_say():
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert page == settings_page(), "make docs"


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([], ["--attr is needed"]),
        (["--attr", "young", "--image_size", "100"], ["--image_size 100", "power of two"]),
        (["--attr", "young", "--preset", "fast"], ["--preset fast", "paper, quick"]),
        (["--attr", "young", "--steps", "many"], ["argument --steps", "'many'"]),
        (["--attr", "smyle", "--synthetic_faces", "8"], ["unknown attribute 'smyle'", "smile"]),
        (
            ["--attr", "young", "--synthetic_faces", "20", "--test_per_class", "1000"],
            ["--test_per_class 1000", "with the attribute"],
        ),
        (
            ["--attr", "young", "--data", "celeba", "--data_dir", "nowhere"],
            ["--data_dir nowhere: no such folder"],
        ),
        (["--attr", "young,Young"], ["young and Young are the same attribute"]),
        (["--attr", "young,smyle", "--synthetic_faces", "8"], ["unknown attribute 'smyle'"]),
        (["--attr", "young", "--ema_decay", "1"], ["--ema_decay 1.0: must be from 0 to below 1"]),
        (["--attr", "young", "--devices", "7"], ["--devices 7"]),
        (["--attr", "young", "--config", "gone.json"], ["gone.json: no such file"]),
        (["--resume"], ["--resume needs --run_dir"]),
        (["--resume", "--run_dir", "nowhere"], ["nowhere: no run here"]),
        # With an attribute it begins the run.
        (["--resume", "--run_dir", "nowhere", "--attr", "smyle"], ["unknown attribute 'smyle'"]),
    ],
)
def test_a_mistake_is_explained_in_one_line(tmp_path, monkeypatch, capsys, arguments, parts):
    run_dir = [] if "--run_dir" in arguments else ["--run_dir", tmp_path / "run"]
    if arguments == ["--resume"]:
        run_dir = []
    monkeypatch.setattr("sys.argv", ["train.py", *map(str, [*arguments, *run_dir])])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(ROOT / "train.py"), run_name="__main__")
    assert stop.value.code == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "error: " in line]
    for part in parts:
        assert part in line
    assert list(tmp_path.iterdir()) == [], "nothing half-written"
