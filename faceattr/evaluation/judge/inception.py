"""Features of Keras's InceptionV3, which published Frechet distances are taken in.

Its weights are not part of the program: `--inception_weights` names the file that Keras offers
(inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5). Distances by other files, sizes or
resizing do not compare.
"""

import pathlib
import warnings

import keras
import numpy as np
from keras import ops

from faceattr import pixels
from faceattr.errors import UserError
from faceattr.progress import progress_bar

FEATURES = 2048
_SIDE = 299
_BATCH = 32


class InceptionFeatures:
    """The mean over the last map of InceptionV3, 2048 numbers for each image.

    Args:
        weights: the file, without the top layer.

    Raises:
        UserError: if it is missing, or does not hold these weights.
    """

    def __init__(self, weights: pathlib.Path) -> None:
        try:
            with warnings.catch_warnings():
                # Keras only warns where a file lacks layers, and leaves these as they were made.
                warnings.simplefilter("error", UserWarning)
                self._model = keras.applications.InceptionV3(
                    include_top=False,
                    weights=str(weights),
                    input_shape=(_SIDE, _SIDE, 3),
                    pooling="avg",
                )
        # Whatever a damaged or foreign HDF5 file raises.
        except Exception as error:
            reason = str(error).strip().split("\n")[0]
            raise UserError(
                f"--inception_weights {weights}: not the weights of Keras's InceptionV3 without "
                f"its top ({reason}); take "
                "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
            ) from None

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Features of images of any size: uint8 [n, s, s, 3] to float64 [n, FEATURES]."""
        features = np.zeros((len(images), FEATURES))
        starts = range(0, len(images), _BATCH)
        for start in progress_bar(starts, desc="Inception", unit="batch", leave=False):
            part = slice(start, start + _BATCH)
            large = ops.image.resize(
                pixels.to_float(images[part]), (_SIDE, _SIDE), interpolation="bilinear"
            )
            features[part] = ops.convert_to_numpy(self._model(large, training=False))
        return features
