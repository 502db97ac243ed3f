"""Self-distillation: a finished network learns what it makes of a face on average over its views.

Specks that a network draws by chance depend on the view, and fall out of the mean. The mean of
eight views would take eight times as long to make, so a copy learns to make it at once. A mean is
also softer and does less; so edits are made with weights half way between the two, which keeps most
of an edit and loses most specks (network interpolation: Wang et al., ESRGAN, 2018, section 3.4).
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from faceattr import pixels
from faceattr.edits import Edit
from faceattr.models.family import TrainingFaces
from faceattr.models.optimizer import adam, learning_rate
from faceattr.models.shared_gan.views import VIEWS, mean_of_views, views
from faceattr.progress import progress_bar

_FACES = 2  # of each edit in a step
_RATE = 3e-4
_SQUARES = 10.0  # of differences, beside their size
_LOG_ODDS = 0.01  # of the gate, which sees the maps that change
_MOST_BYTES = 2**28
# Keeps these draws apart from other draws of the same seed.
_DRAWS = 0xD157


class _Seen(keras.Model):
    """Images and edits in, residuals and what the gate says out; of one look, or of all views."""

    def __init__(self, transformation: Any, gate: Any, of_views: bool = False) -> None:
        super().__init__(name="seen", autocast=False)
        self.transformation = transformation
        self.gate = gate
        self.of_views = of_views

    def call(self, inputs: tuple[Any, Any]) -> dict[str, Any]:
        images, edits = inputs
        if self.of_views:
            images, edits = views(images), ops.tile(edits, [VIEWS])
        # Normalised by what training has found, as when it is used.
        passed = self.transformation.down_path(images, training=False)
        residual = self.transformation.up_path(images, passed, edits, training=False)
        log_odds = self.gate(passed[-1], training=False)
        if self.of_views:
            residual = mean_of_views(residual)
            log_odds = ops.mean(ops.stack(ops.split(log_odds, VIEWS)), axis=0)
        return {"residual": residual, "log_odds": log_odds}


def _difference(wanted: Any, found: Any) -> Any:
    apart = found - wanted
    return ops.mean(ops.abs(apart) + _SQUARES * ops.square(apart))


def distil(model: Any, faces: TrainingFaces, edits: list[Edit], steps: int) -> None:
    """Puts weights half way to those of the mean over views into a finished model.

    Args:
        model: a `SharedGAN`; of one with added attributes only what is theirs changes.
        faces: of the training.
        edits: that the model learned.
        steps: int >= 1, of Adam, with two faces for each edit.
    """
    transformation, gate = model.finished("transformation"), model.finished("gate")
    teacher = _Seen(_copied(transformation), _copied(gate), of_views=True)
    student = _Seen(_copied(transformation), teacher.gate)
    student.gate.trainable = False
    if model.added:
        student.transformation.freeze_shared()
    student.compile(
        adam(learning_rate(_RATE, "linear", steps)),
        loss={"residual": _difference, "log_odds": "mae"},
        loss_weights={"residual": 1.0, "log_odds": _LOG_ODDS},
        jit_compile=model.jit_compile,
    )
    teacher.compile(jit_compile=model.jit_compile)
    numbers = np.array([model.number(edit) for edit in edits], np.int32)
    rows = np.repeat(numbers, _FACES)
    side = model.image_size
    most = max(1, min(_FACES * steps, _MOST_BYTES // (len(edits) * side * side * 3)))
    pools = [np.concatenate(list(faces.train_crops(edit, side, most))) for edit in edits]
    random = np.random.default_rng(_DRAWS)
    for _ in progress_bar(range(steps), desc="distilling", unit="step"):
        drawn = [pool[random.integers(len(pool), size=_FACES)] for pool in pools]
        images = pixels.to_float(np.concatenate(drawn))
        mirrored = random.random(len(images)) < 0.5
        images[mirrored] = images[mirrored][:, :, ::-1]
        student.train_on_batch([images, rows], teacher.predict_on_batch([images, rows]))
    pairs = zip(transformation.get_weights(), student.transformation.get_weights(), strict=True)
    transformation.set_weights([(before + after) / 2 for before, after in pairs])


def _copied(network: Any) -> Any:
    """The same network on this device alone, wherever the model lives."""
    copy = type(network).from_config(network.get_config())
    copy.build()
    copy.set_weights(network.get_weights())
    return copy
