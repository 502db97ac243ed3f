"""What must hold of a folder of vendored networks."""

import hashlib
import pathlib

from faceattr.faces.rebuild import Origin


def check_file(folder: pathlib.Path, name: str, origin: Origin) -> None:
    """A file is the one that is known, and SOURCE.md tells where it is from."""
    content = (folder / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == origin.sha256
    source = (folder / "SOURCE.md").read_text(encoding="utf-8")
    (row,) = (line for line in source.splitlines() if line.startswith(f"| `{name}`"))
    assert origin.sha256 in row
    if origin.end is not None:
        assert f"{origin.start} to {origin.end}" in row
        assert len(content) == origin.end - origin.start
    package, version = origin.package.rsplit("@", 1)
    assert f"`{package}` {version}" in source


def check_folder(folder: pathlib.Path, suffixes: tuple[str, ...], origins: dict) -> None:
    """Every network has a known source, and the licence lies beside them."""
    assert {path.name for path in folder.iterdir() if path.suffix in suffixes} == set(origins)
    assert (folder / "LICENSE").is_file()
