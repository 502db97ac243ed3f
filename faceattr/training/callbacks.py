"""What a training does between its steps: show, record, draw, save, stop."""

import json
import logging
import math
import signal
import time
from typing import Any

import keras
import numpy as np
from PIL import Image
from tqdm import tqdm

from faceattr import pixels
from faceattr.attributes import Attribute
from faceattr.files import replacing
from faceattr.progress import progress_bar
from faceattr.training.run import Run

_logger = logging.getLogger(__name__)

# Shown in the progress bar; metrics.jsonl has every term.
_MAIN_TERMS = {
    "generator_loss": "G",
    "gan_loss": "gan",
    "dual_loss": "dual",
    "discriminator_loss": "D",
    "residual_to_positive": "|r0|",
    "residual_to_negative": "|r1|",
}


class _StepCallback(keras.callbacks.Callback):
    """A callback that counts steps over the whole run, restarts included."""

    def __init__(self, first_step: int) -> None:
        super().__init__()
        self.step = first_step

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.step += 1
        self.on_step(self.step, logs or {})

    def on_step(self, step: int, logs: dict[str, Any]) -> None:
        """Called when `step` steps of the run are done."""
        raise NotImplementedError


class Progress(_StepCallback):
    """A progress bar over the whole run, with time left and the main terms."""

    def __init__(self, first_step: int, steps: int) -> None:
        super().__init__(first_step)
        self.steps = steps
        self.bar: tqdm | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.bar = progress_bar(total=self.steps, initial=self.step, unit="step", delay=0)

    def on_step(self, step: int, logs: dict[str, Any]) -> None:
        assert self.bar is not None
        terms = {short: f"{float(logs[name]):.3g}" for name, short in _MAIN_TERMS.items()}
        self.bar.set_postfix(terms, refresh=False)
        self.bar.update()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self.bar is not None:
            self.bar.close()


class MetricsLog(_StepCallback):
    """A line of `metrics.jsonl` every few steps: the means of every term since the last line."""

    def __init__(self, run: Run, first_step: int, steps: int, batch_size: int) -> None:
        super().__init__(first_step)
        self.run = run
        self.steps = steps
        self.batch_size = batch_size
        self.every = 20
        self.last = (first_step, time.monotonic())

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.last = (self.step, time.monotonic())

    def on_step(self, step: int, logs: dict[str, Any]) -> None:
        if step % self.every and step != self.steps:
            return
        now = time.monotonic()
        pairs = (step - self.last[0]) * self.batch_size
        row = {
            "step": step,
            "pairs_per_second": round(pairs / (now - self.last[1]), 3),
            **{name: float(value) for name, value in logs.items()},
        }
        with self.run.metrics_path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        self.last = (step, now)
        self.model.reset_metrics()


class Samples(_StepCallback):
    """A grid of fixed test faces every few steps: input, residual and edited, both directions."""

    def __init__(
        self,
        run: Run,
        attribute: Attribute,
        faces: tuple[np.ndarray, np.ndarray],
        first_step: int,
        every: int,
        steps: int,
    ) -> None:
        """Args are those of the run; `faces` are uint8 [n, s, s, 3] without and with it."""
        super().__init__(first_step)
        self.run = run
        self.attribute = attribute
        self.faces = faces
        self.every = every
        self.steps = steps

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if self.step == 0:
            self._draw(0)

    def on_step(self, step: int, logs: dict[str, Any]) -> None:
        if step % self.every == 0 or step == self.steps:
            self._draw(step)

    def _draw(self, step: int) -> None:
        grid = sample_grid(self.model, self.attribute, self.faces)
        with replacing(self.run.sample_path(step)) as beside:
            Image.fromarray(grid).save(beside)


class Checkpoints(_StepCallback):
    """Saves the run every few steps, at the end, and when it is stopped."""

    def __init__(self, run: Run, first_step: int, every: int) -> None:
        super().__init__(first_step)
        self.run = run
        self.every = every
        self.saved = first_step

    def on_step(self, step: int, logs: dict[str, Any]) -> None:
        if step % self.every == 0:
            self._save(step)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self.step > self.saved:
            self._save(self.step)

    def _save(self, step: int) -> None:
        self.run.save_checkpoint(self.model, step)
        self.saved = step


class TrainingDiverged(Exception):
    """A loss is NaN or infinite.

    Attributes:
        step: int, the step that it happened in.
        term: str, the first term that is not finite.
    """

    def __init__(self, step: int, term: str) -> None:
        super().__init__(f"{term} is not finite after step {step}")
        self.step = step
        self.term = term


class FiniteLosses(_StepCallback):
    """Stops a training whose losses are NaN or infinite, before anything of it is saved."""

    def on_step(self, step: int, logs: dict[str, Any]) -> None:
        for term, value in logs.items():
            if not math.isfinite(float(value)):
                raise TrainingDiverged(step, term)


class Advice(_StepCallback):
    """Says, once each, what the curves of a failing training mean and what helps."""

    # Thresholds on the running means; a training needs some steps before they mean anything.
    FIRST_STEP = 100
    COLLAPSED = 2e-3
    CERTAIN = 0.01

    def __init__(self, first_step: int) -> None:
        super().__init__(first_step)
        self._given: set[str] = set()

    def on_step(self, step: int, logs: dict[str, Any]) -> None:
        if step < self.FIRST_STEP:
            return
        if max(logs["residual_to_positive"], logs["residual_to_negative"]) < self.COLLAPSED:
            self._give(
                f"step {step}: the residuals have collapsed to zero, as they do when alpha is too "
                "large (section 7 of the paper); train with a smaller --alpha"
            )
        if logs["discriminator_loss"] < self.CERTAIN:
            self._give(
                f"step {step}: the discriminator tells real from edited without error, so the "
                "edits no longer learn from it; more images, --jitter 0.5 or another --seed help"
            )

    def _give(self, text: str) -> None:
        advice = text.split(": ", 1)[1]
        if advice not in self._given:
            self._given.add(advice)
            _logger.warning("%s", text)


class GracefulStop(keras.callbacks.Callback):
    """Ends the training after the step under way on Ctrl-C or SIGTERM; a second one kills it.

    A context manager, so that the signals are given back however the training ends.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stopped = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "GracefulStop":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *raised: object) -> None:
        self._restore()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self.stopped:
            self.model.stop_training = True

    def _stop(self, number: int, frame: Any) -> None:
        self.stopped = True
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)


def sample_grid(
    model: Any, attribute: Attribute, faces: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Input, residual and edited rows for both directions.

    Args:
        model: a `ResidualGAN`.
        attribute: gives the rows their names.
        faces: uint8 [n, s, s, 3] without the attribute, and with it.

    Returns:
        uint8 [height, width, 3].
    """
    rows = []
    networks = (model.to_positive, model.to_negative)
    for edit, network, images in zip(attribute.edits, networks, faces, strict=True):
        x = pixels.to_float(images)
        residual = np.asarray(model.transform(network, x, training=False))
        rows += [
            ("input", images),
            ("residual", pixels.residual_to_uint8(residual)),
            (edit, pixels.to_uint8(x + residual)),
        ]
    return pixels.image_grid(rows)
