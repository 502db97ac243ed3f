"""The command that starts real TensorFlow Serving; Docker itself is not run."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = str(ROOT / "serving" / "deploy" / "tensorflow_serving.sh")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", SCRIPT, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def make_bundle(folder: Path) -> Path:
    (folder / "saved_model" / "1").mkdir(parents=True)
    (folder / "saved_model" / "1" / "saved_model.pb").touch()
    return folder


@pytest.mark.parametrize("name", ["add_glasses", "it's an edit"])
def test_print_shows_the_command(tmp_path: Path, name: str) -> None:
    bundle = make_bundle(tmp_path / name)
    result = run("--print", f"{bundle}/")
    assert result.returncode == 0
    words = shlex.split(result.stdout)
    assert words[:3] == ["docker", "run", "--rm"]
    assert words[3:7] == ["-p", "127.0.0.1:8501:8501", "-p", "127.0.0.1:8500:8500"]
    assert words[7:11] == [
        "--mount",
        f"type=bind,source={bundle.resolve()}/saved_model,target=/models/{name},readonly",
        "-e",
        f"MODEL_NAME={name}",
    ]
    assert words[11].startswith("tensorflow/serving:2.")
    assert len(words) == 12


def test_the_image_can_be_named(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "edit")
    result = run("--print", str(bundle), TENSORFLOW_SERVING_IMAGE="mine:1")
    assert shlex.split(result.stdout)[-1] == "mine:1"


def test_docker_is_given_the_printed_command(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "it's an edit")
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text('#!/bin/sh\nprintf "%s\\n" docker "$@"\n')
    docker.chmod(0o755)
    printed = shlex.split(run("--print", str(bundle)).stdout)
    result = run(str(bundle), PATH=f"{docker.parent}:{os.environ['PATH']}")
    assert result.stdout.splitlines() == printed


def test_mistakes_are_one_line_and_status_2(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    comma = make_bundle(tmp_path / "a,b")
    wrong = [
        ([], "pass one bundle folder"),
        (["one", "two"], "pass one bundle folder"),
        ([str(tmp_path / "missing")], "is not a folder"),
        ([str(tmp_path / "empty")], "has no version folder"),
        (["--print", str(comma)], "has a comma in its path"),
    ]
    for arguments, message in wrong:
        result = run(*arguments)
        assert result.returncode == 2
        assert message in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_without_docker_it_says_so(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "edit")
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("basename", "sed"):
        found = next(p for p in (Path("/usr/bin"), Path("/bin")) if (p / tool).exists())
        (tools / tool).symlink_to(found / tool)
    result = run(str(bundle), PATH=str(tools))
    assert result.returncode == 2
    assert "docker is not installed" in result.stderr
