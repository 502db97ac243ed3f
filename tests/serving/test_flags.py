"""Wrong flags of `python -m serving`: one line on stderr that names the flag, status 2."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from faceattr.errors import UserError
from serving.__main__ import main

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
        ([], "--model_base_path is required, or --model_config_file for several models"),
        (["--model_base_path", "MODELS", "--rest_api_port", "x"], "argument --rest_api_port"),
        (["--model_base_path", "MODELS", "--rest_api_port", "70000"], "--rest_api_port: 70000"),
        (["--model_base_path", "MODELS", "--rest_api_host", "no.such.invalid"], "--rest_api_host"),
        (["--model_base_path", "MODELS", "--model_name", ""], "--model_name: must not be empty"),
        (["--model_base_path", "MODELS", "--ports", "1"], "unrecognized arguments: --ports 1"),
        (["--model_base_path", "MODELS", "--port", "-1"], "--port: -1 is not a port"),
        (["--version"], "--version: tensorflow_model_server has this flag, and this server does"),
        (["--num_load_threads=3"], "--num_load_threads: tensorflow_model_server has this flag"),
        (["--enable_batching=maybe"], "argument --enable_batching: maybe is neither true nor"),
        (["--rest_api_timeout_in_ms", "-1"], "--rest_api_timeout_in_ms: -1 is less than 0"),
        (["--drain_seconds", "nan"], "--drain_seconds: nan is no number of seconds"),
        (["--grpc_channel_arguments", "a"], "--grpc_channel_arguments: 'a' is not name=value"),
        (["--model_config_file", "no/such"], "--model_config_file: 'no/such' cannot be read"),
        (["--model_base_path", "MODELS", "--batching_parameters_file", "x"], "--enable_batching"),
    ],
)
def test_wrong_flags(
    flags: list[str], message: str, models: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [models if flag == "MODELS" else flag for flag in flags]
    monkeypatch.setattr(
        sys, "argv", ["serving", *given, *["--port", "0"] * ("--port" not in given)]
    )
    with pytest.raises(UserError) as caught:
        main()
    told = caught.value.for_command_line
    assert message in told
    assert "\n" not in told


@pytest.mark.parametrize("flag", ["--rest_api_port", "--port"])
def test_a_port_in_use(
    models: str, taken_port: int, flag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = {"--rest_api_port": "0", "--port": "0", flag: str(taken_port)}
    flags = [part for item in ports.items() for part in item]
    monkeypatch.setattr(sys, "argv", ["serving", "--model_base_path", models, *flags])
    with pytest.raises(UserError) as caught:
        main()
    told = caught.value.for_command_line
    assert told.startswith(f"{flag}: cannot listen on 127.0.0.1:{taken_port} ")
    assert f"{flag} {taken_port + 1}, or 0 for any free one" in told


def test_a_mistake_is_one_line_and_status_2() -> None:
    result = run("--model_base_path", "no/such/folder")
    assert result.returncode == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("serving: error: --model_base_path: 'no/such/folder' does not")


def test_help_shows_an_example() -> None:
    result = run("--help")
    assert result.returncode == 0
    assert "python -m serving --model_name add_glasses --model_base_path bundles/" in result.stdout
