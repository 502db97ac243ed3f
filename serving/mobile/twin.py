"""The steps of FaceEdit.kt and FaceEdit.swift in Python, so that tests run what phones run.

A step has the same comment in all three.
"""

import pathlib

import numpy as np
from ai_edge_litert.interpreter import Interpreter


class FaceEdit:
    """One edit of a face crop, by a bundle's .tflite.

    Attributes:
        side: int, of the face crop.
    """

    def __init__(self, tflite: pathlib.Path, side: int) -> None:
        """Loads the network.

        Args:
            tflite: of a bundle that was exported without `--int8_io`.
            side: int, `image_size` of its manifest.json.
        """
        self.side = side
        self._model = Interpreter(model_path=str(tflite))
        self._model.allocate_tensors()

    def edit(self, crop: np.ndarray, strength: float) -> np.ndarray:
        """The edited face crop.

        Args:
            crop: uint8 [side * side * 3]: red, green and blue of each pixel, row by row.
            strength: float in [-1, 2]; 0 leaves the crop as it is, 1 is the trained edit.

        Returns:
            uint8, as `crop`.
        """
        # 1. Levels from 0 to 255 become pixels in [-1, 1].
        x = crop.astype(np.float32) / np.float32(127.5) - np.float32(1)
        # 2. The network says what is to be added.
        (image,) = self._model.get_input_details()
        self._model.set_tensor(image["index"], x.reshape(1, self.side, self.side, 3))
        self._model.invoke()
        # 3. Its output of the image's size is the residual; another, of one number, is `needed`.
        outputs = [
            self._model.get_tensor(each["index"]) for each in self._model.get_output_details()
        ]
        residual = next(each.ravel() for each in outputs if each.size == x.size)
        # 4. The edited pixels, clipped to [-1, 1], become levels again.
        edited = np.clip(x + np.float32(strength) * residual, -1, 1)
        return np.rint((edited + 1) * np.float32(127.5)).astype(np.uint8)
