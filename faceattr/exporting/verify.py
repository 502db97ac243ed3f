"""Whether an exported form gives Keras's numbers."""

import dataclasses
import pathlib

import numpy as np
import tensorflow as tf

from faceattr import pixels
from faceattr.bundles.runtime import LiteRTRuntime
from faceattr.edits import edited
from faceattr.errors import UserError
from faceattr.exporting.traced import Outputs

_AT_ONCE = 16
_ENCODED = 4  # faces that are sent as PNG; the sums are the same ones
_MOST = 99.0  # decibels; of equal images there are infinitely many, which JSON has no number for


@dataclasses.dataclass(frozen=True)
class Bound:
    """How far a form may be from Keras.

    Attributes:
        largest: float, of a difference, in units of pixels in [-1, 1].
        psnr: float, in dB, of the edited faces, which they have at least.
    """

    largest: float
    psnr: float


BOUNDS = {
    "saved_model": Bound(1e-4, 80.0),
    "float32": Bound(1e-3, 80.0),
    "float16": Bound(1e-2, 60.0),
    # Where 8 bits are kept the largest difference says little: it is one pixel's.
    "int8_weights": Bound(1.0, 50.0),
    "int8": Bound(1.0, 35.0),
}
"""By form: the SavedModel, and the .tflite of each quantization."""


class ExportMismatch(UserError):
    """An exported form does not give Keras's numbers."""


@dataclasses.dataclass(frozen=True)
class Difference:
    """How far a form is from Keras, over all outputs and faces.

    Attributes:
        largest: float, in units of pixels in [-1, 1]; of `needed` in its own.
        mean: float, of the residual's.
        edit_psnr: float, in dB, of the edited faces, 99 at most.
    """

    largest: float
    mean: float
    edit_psnr: float

    def check(self, form: str, edit: str) -> None:
        """Compares with the bound of a form.

        Raises:
            ExportMismatch: says which bound it breaks.
        """
        bound = BOUNDS[form]
        name = form if form == "saved_model" else f"{form} .tflite"
        if not self.largest <= bound.largest:
            raise ExportMismatch(
                f"{edit}: the {name} differs from Keras by {self.largest:.2g}, more than "
                f"{bound.largest:g}"
            )
        if not self.edit_psnr >= bound.psnr:
            raise ExportMismatch(
                f"{edit}: the edits of the {name} are {self.edit_psnr:.1f} dB from Keras's, less "
                f"than {bound.psnr:g} dB"
            )


class Reference:
    """What Keras gives for some faces, computed once.

    Attributes:
        x: float32 [n, s, s, 3] in [-1, 1], the faces.
        outputs: float32 arrays by name, see `Outputs`.
    """

    def __init__(self, keras: Outputs, faces: np.ndarray) -> None:
        """Runs Keras.

        Args:
            keras: the network itself, not traced.
            faces: uint8 [n, s, s, 3].
        """
        self.faces = faces
        self.x = pixels.to_float(faces)
        batches = [
            keras(tf.constant(self.x[start : start + _AT_ONCE]))
            for start in range(0, len(faces), _AT_ONCE)
        ]
        self.outputs = {
            name: np.concatenate([np.asarray(batch[name]) for batch in batches])
            for name in batches[0]
        }

    def saved_model(self, path: pathlib.Path) -> Difference:
        """The difference of a SavedModel, over every signature."""
        loaded = tf.saved_model.load(str(path)).signatures
        residual = self.outputs["residual"]
        found: dict[str, list[np.ndarray]] = {}
        for start in range(0, len(self.x), _AT_ONCE):
            outputs = loaded["serving_default"](image=tf.constant(self.x[start : start + _AT_ONCE]))
            for name, value in outputs.items():
                found.setdefault(name, []).append(np.asarray(value))
        joined = {name: np.concatenate(values) for name, values in found.items()}
        images = joined.pop("edited_image")
        others = [np.abs(images - edited(self.x, residual)).max(), self._encoded(loaded)]
        return self._difference(joined, max(map(float, others)))

    def _encoded(self, loaded: dict[str, tf.types.experimental.ConcreteFunction]) -> float:
        x, residual = self.x[:_ENCODED], self.outputs["residual"][:_ENCODED]
        encoded = tf.stack([tf.io.encode_png(face) for face in self.faces[:_ENCODED]])
        strength = tf.fill([len(x)], 0.5)
        beyond = []
        for output, factor in (
            (loaded["image_bytes"](image_bytes=encoded), 1.0),
            (loaded["image_bytes_with_strength"](image_bytes=encoded, strength=strength), 0.5),
        ):
            pngs = output["edited_image_bytes"].numpy()
            decoded = np.stack([tf.io.decode_png(png) for png in pngs])
            # PNG holds whole levels: equal but for the rounding of values that lie on a half.
            level = 2.0 / 255.0
            difference = np.abs(pixels.to_float(decoded) - edited(x, residual, factor))
            beyond.append(difference.max() - level / 2)
        return max(0.0, *map(float, beyond))

    def tflite(self, path: pathlib.Path) -> Difference:
        """The difference of a .tflite, as the editor runs it."""
        runtime = LiteRTRuntime(path)
        found = [runtime.run(image) for image in self.x]
        joined = {"residual": np.stack([residual for residual, _ in found])}
        if "needed" in self.outputs:
            joined["needed"] = np.array([needed for _, needed in found], np.float32)
        return self._difference(joined)

    def _difference(self, found: dict[str, np.ndarray], largest: float = 0.0) -> Difference:
        assert set(found) == set(self.outputs), "the outputs are Keras's"
        for name, value in self.outputs.items():
            largest = max(largest, float(np.abs(found[name] - value).max()))
        wanted = self.outputs["residual"]
        error = edited(self.x, found["residual"]) - edited(self.x, wanted)
        mse = float(np.mean(np.square(error, dtype=np.float64)))
        psnr = min(_MOST, 10 * np.log10(4 / mse)) if mse > 0 else _MOST
        mean = float(np.abs(found["residual"] - wanted).mean())
        return Difference(largest, mean, float(psnr))
