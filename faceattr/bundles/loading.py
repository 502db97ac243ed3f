"""A bundle made ready to run. Needs no TensorFlow."""

import pathlib

from faceattr.bundles.integrity import check_files
from faceattr.bundles.manifest import Manifest
from faceattr.bundles.runtime import LiteRTRuntime
from faceattr.errors import UserError


def load(folder: pathlib.Path) -> tuple[Manifest, LiteRTRuntime]:
    """The manifest of a bundle, and its network.

    Every file that the manifest lists is compared with its SHA-256 first. What lies beside them is
    not looked at.

    Raises:
        UserError: if there is no bundle, or if it is not as it was exported.
    """
    manifest = Manifest.read(folder)
    check_files(folder, manifest.files)
    if manifest.tflite_name not in manifest.files:
        raise UserError(f"{folder}: the manifest lists no {manifest.tflite_name}; export again")
    runtime = LiteRTRuntime(folder / manifest.tflite_name)
    if runtime.image_size != manifest.image_size:
        raise UserError(
            f"{folder}: the manifest says {manifest.image_size}x{manifest.image_size} but "
            f"{manifest.tflite_name} takes {runtime.image_size}x{runtime.image_size}; export "
            "the run again"
        )
    return manifest, runtime
