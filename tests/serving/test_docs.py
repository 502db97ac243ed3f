"""The commands of docs/serving.md do what it says, against the running server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

DOCS = Path(__file__).resolve().parents[2] / "docs" / "serving.md"


@pytest.mark.skipif(shutil.which("curl") is None, reason="the commands use curl")
def test_the_commands(server: Any, tmp_path: Path) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", DOCS.read_text(), re.DOTALL | re.MULTILINE)
    script, count = re.subn(
        r"http://127\.0\.0\.1:8501/v1/models/add_glasses",
        f"{server.url}/v1/models/a%20b%2Fc",
        "\n".join(blocks),
    )
    assert count == 4
    Image.new("RGB", (8, 8), (200, 200, 200)).save(tmp_path / "photo.jpg", quality=95)
    python_first = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    result = subprocess.run(
        ["/bin/sh", "-eu", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": python_first},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert '"state": "AVAILABLE"' in result.stdout
    assert '"image_bytes_with_strength"' in result.stdout
    for name, level in (("edited.png", 55), ("half.png", 127.5)):
        with Image.open(tmp_path / name) as edited:
            assert edited.format == "PNG"
            np.testing.assert_allclose(np.asarray(edited).astype(float), level, atol=2)
