"""The vendored networks are those that `rebuild` knows, and SOURCE.md tells the same."""

import hashlib
import subprocess

import pytest

from faceattr.errors import UserError
from faceattr.faces import rebuild
from faceattr.faces.network import MODELS


@pytest.mark.parametrize("name", rebuild.ORIGINS)
def test_hashes_and_sources(name):
    origin = rebuild.ORIGINS[name]
    content = (MODELS / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == origin.sha256
    source = (MODELS / "SOURCE.md").read_text(encoding="utf-8")
    (row,) = (line for line in source.splitlines() if line.startswith(f"| `{name}`"))
    assert origin.sha256 in row
    if origin.end is not None:
        assert f"{origin.start} to {origin.end}" in row
        assert len(content) == origin.end - origin.start
    package, version = origin.package.rsplit("@", 1)
    assert f"`{package}` {version}" in source


def test_every_network_has_a_source():
    assert {path.name for path in MODELS.glob("*.tflite")} == set(rebuild.ORIGINS)


def test_a_file_that_is_not_the_known_one_is_refused(tmp_path, monkeypatch):
    """The package as npm would lay it, with other bytes in it."""
    (tmp_path / "package").mkdir()
    for origin in rebuild.ORIGINS.values():
        (tmp_path / "package" / origin.file).write_bytes(b"another")
    archive = tmp_path / "package.tgz"
    subprocess.run(["tar", "-czf", archive, "package"], cwd=tmp_path, check=True)
    monkeypatch.setattr(rebuild, "_fetched", lambda package, folder: archive)
    with pytest.raises(UserError, match="not the one that is known"):
        rebuild.rebuild(tmp_path)
    assert not list(tmp_path.glob("*.tflite"))
