"""Pictures as PNG, in a file or in memory."""

import io
import pathlib

import numpy as np
from PIL import Image

from faceattr.files import replacing


def write_png(path: pathlib.Path, picture: np.ndarray, optimize: bool = False) -> None:
    """Writes a picture, whole or not at all; an older file is replaced.

    Args:
        path: in a folder that is there.
        picture: uint8 [height, width, 3].
        optimize: bool. A file as small as can be takes several times as long.
    """
    with replacing(path) as beside:
        Image.fromarray(picture).save(beside, format="PNG", optimize=optimize)


def png_bytes(picture: np.ndarray) -> bytes:
    """A picture, uint8 [height, width, 3], as the bytes of a PNG."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, format="PNG")
    return out.getvalue()
