"""Wrong flags of `python -m serving`: one line on stderr that names the flag, status 2."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "serving", *flags],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def models(tmp_path: Path) -> str:
    (tmp_path / "models" / "1").mkdir(parents=True)
    return str(tmp_path / "models")


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--model_base_path", "no/such/folder"], "--model_base_path: 'no/such/folder' does not"),
        (["--model_base_path", "tests"], "--model_base_path: 'tests' has no numbered version"),
        ([], "required: --model_base_path; --help tells more"),
        (["--model_base_path", "MODELS", "--rest_api_port", "x"], "argument --rest_api_port"),
        (["--model_base_path", "MODELS", "--rest_api_port", "70000"], "--rest_api_port: 70000"),
        (["--model_base_path", "MODELS", "--rest_api_host", "no.such.invalid"], "--rest_api_host"),
        (["--model_base_path", "MODELS", "--model_name", ""], "--model_name: must not be empty"),
        (["--model_base_path", "MODELS", "--port", "1"], "unrecognized arguments: --port 1"),
    ],
)
def test_wrong_flags(flags: list[str], message: str, models: str) -> None:
    result = run(*(models if flag == "MODELS" else flag for flag in flags))
    assert result.returncode == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("serving: error: ")
    assert message in line


def test_a_port_in_use(models: str, taken_port: int) -> None:
    result = run("--model_base_path", models, "--rest_api_port", str(taken_port))
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(
        f"serving: error: --rest_api_port: cannot listen on 127.0.0.1:{taken_port} "
    )
    assert "--rest_api_port 8502" in line


def test_help_shows_an_example() -> None:
    result = run("--help")
    assert result.returncode == 0
    assert "python -m serving --model_name add_glasses --model_base_path bundles/" in result.stdout
