"""Runs a bundle's .tflite. Imports LiteRT, never TensorFlow."""

import pathlib
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from faceattr.errors import UserError


class LiteRTRuntime:
    """One transformation network in a .tflite file.

    Not safe to share between threads: the interpreter keeps its buffers.
    """

    def __init__(self, path: pathlib.Path, threads: int | None = None) -> None:
        """Loads the file.

        Args:
            path: the file.
            threads: int >= 1, how many compute; None for LiteRT's own choice, one.

        Raises:
            UserError: if the file is missing or is no face edit.
        """
        if not path.is_file():
            raise UserError(f"{path}: no such file; export the run again")
        try:
            self._interpreter = Interpreter(model_path=str(path), num_threads=threads)
            self._interpreter.allocate_tensors()
            self._runner = self._interpreter.get_signature_runner("serving_default")
            self._input = self._runner.get_input_details()["image"]
            shape = self._input["shape"]
        except (ValueError, KeyError, RuntimeError) as error:
            raise UserError(f"{path}: not an exported edit ({error})") from None
        self.image_size = int(shape[1])

    def residual(self, image: np.ndarray) -> np.ndarray:
        """The residual alone; see `run`."""
        return self.run(image)[0]

    def run(self, image: np.ndarray) -> tuple[np.ndarray, float | None]:
        """The residual of one face crop, and how sure the network is that it is needed.

        Args:
            image: float32 [image_size, image_size, 3] in [-1, 1].

        Returns:
            the residual, float32 of the same shape, not clipped; and a float in [0, 1], by which it
            is multiplied already, or None if the network does not say.

        Raises:
            UserError: if the image is of another size than the network was exported for.
        """
        wanted = (self.image_size, self.image_size, 3)
        if image.shape != wanted:
            raise UserError(
                f"the edit takes face crops of {self.image_size}x{self.image_size}, not "
                f"{'x'.join(map(str, image.shape[:2]))}; resize the image, or use a bundle of its "
                "size"
            )
        outputs = self._runner(image=_stored(image[None].astype(np.float32), self._input))
        given = self._runner.get_output_details()
        found = {name: _floats(value, given[name]) for name, value in outputs.items()}
        needed = found.get("needed")
        return found["residual"][0], None if needed is None else float(np.ravel(needed)[0])


def _stored(values: np.ndarray, details: dict[str, Any]) -> np.ndarray:
    """Floats as a tensor has them, which may be one of 8 bits."""
    if details["dtype"] == np.float32:
        return values
    scale, zero_point = details["quantization"]
    limits = np.iinfo(details["dtype"])
    levels = np.rint(values / np.float32(scale)) + zero_point
    return np.clip(levels, limits.min, limits.max).astype(details["dtype"])


def _floats(values: np.ndarray, details: dict[str, Any]) -> np.ndarray:
    if values.dtype == np.float32:
        return values
    scale, zero_point = details["quantization"]
    return (values.astype(np.float32) - zero_point) * np.float32(scale)
