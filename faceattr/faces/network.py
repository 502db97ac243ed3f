"""Runs a vendored network: one image in, arrays out."""

from __future__ import annotations

import pathlib

import numpy as np

MODELS = pathlib.Path(__file__).parent / "models"


class Network:
    """A .tflite file of `models/`. Not safe to share between threads.

    Attributes:
        size: int, side of the image that it takes.
    """

    def __init__(self, name: str) -> None:
        # Not above, so that what only knows of crops need not load it.
        from ai_edge_litert.interpreter import Interpreter

        # One thread: the networks are small, and threads cost them more than they save.
        self._interpreter = Interpreter(model_path=str(MODELS / name), num_threads=1)
        self._interpreter.allocate_tensors()
        (image,) = self._interpreter.get_input_details()
        self._input = image["index"]
        self._outputs = [each["index"] for each in self._interpreter.get_output_details()]
        self.size = int(image["shape"][1])

    def __call__(self, image: np.ndarray) -> list[np.ndarray]:
        """The outputs, float32, for an image: float32 [size, size, 3]."""
        self._interpreter.set_tensor(self._input, image[None])
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index)[0] for index in self._outputs]


def sigmoid(values: np.ndarray) -> np.ndarray:
    """Scores of logits, clipped to what float32 has an exponential of."""
    return 1 / (1 + np.exp(-np.clip(values, -80, 80)))
