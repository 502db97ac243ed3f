"""How the tests run the command lines: as a user does, in processes of their own."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]
TINY = "--image_size 32 --width 4 --batch_size 4 --synthetic_faces 24"


def run(command, cwd=ROOT, **environment):
    """Runs `python <command>` and returns the finished process."""
    return subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def assert_one_line_error(process, *parts):
    assert process.returncode == 2, process.stderr
    lines = [line for line in process.stderr.splitlines() if "error: " in line]
    assert len(lines) == 1, process.stderr
    assert "Traceback" not in process.stderr
    for part in parts:
        assert part in lines[0]
