"""The vendored networks are those that `rebuild` knows, and SOURCE.md tells the same."""

import subprocess

import pytest
from vendored import check_file, check_folder

from faceattr.errors import UserError
from faceattr.faces import rebuild
from faceattr.faces.network import MODELS


@pytest.mark.parametrize("name", rebuild.ORIGINS)
def test_hashes_and_sources(name):
    check_file(MODELS, name, rebuild.ORIGINS[name])


def test_every_network_has_a_source():
    check_folder(MODELS, (".tflite",), rebuild.ORIGINS)


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
