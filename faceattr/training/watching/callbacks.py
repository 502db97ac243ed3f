"""What a training does between its steps: count, show, record and draw.

The callbacks that guard it are in `guards`, those that save it in `checkpoints`, and the pages to
watch it on in `live_page` and `tensorboard_log`. None of them needs TensorFlow.
"""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from faceattr import pixels
from faceattr.edits import Edit, edited
from faceattr.models.family import Term
from faceattr.pictures.grids import image_grid
from faceattr.pictures.png import write_png
from faceattr.progress import progress_bar
from faceattr.runs.run import Run

ROW_EVERY = 20
"""Steps that a row of `metrics.jsonl` is the mean of."""


class StepCallback(keras.callbacks.Callback):
    """A callback that counts steps over the whole run, restarts included.

    Args:
        first_step: int >= 0, steps done before this training.

    Attributes:
        step: int, steps done.
    """

    def __init__(self, first_step: int) -> None:
        super().__init__()
        self.step = first_step

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.step += 1
        self.on_step(self.step, {name: _scalar(value) for name, value in (logs or {}).items()})

    def on_step(self, step: int, logs: dict[str, float]) -> None:
        """Called when `step` steps of the run are done.

        Args:
            step: int >= 1.
            logs: the running mean of each term; `mean_covers` says of which steps.
        """
        raise NotImplementedError


def _scalar(value: Any) -> float:
    """A logged value: a number, or a tensor of one, which is of shape [1] from many workers."""
    return float(np.asarray(value).reshape(()))


def mean_covers(step: int, first_step: int) -> int:
    """How many steps, `step` the last of them, the running means in `logs` are means of.

    Args:
        step: int, steps done.
        first_step: int < `step`, steps done before this training.
    """
    return step - max(first_step, (step - 1) // ROW_EVERY * ROW_EVERY)


class ResetMeans(StepCallback):
    """Starts the running means anew after every row.

    Where many workers train together each of them needs it, whoever writes the rows.
    """

    def on_step(self, step: int, logs: dict[str, float]) -> None:
        if step % ROW_EVERY == 0:
            self.model.reset_metrics()


class Progress(StepCallback):
    """A progress bar over the whole run, with time left, images per second and the main terms.

    Args:
        first_step: int, steps done before this training.
        steps: int, steps of the whole run.
        images: int, that a step reads.
        terms: of the family; metrics.jsonl has those too that the bar does not show.
    """

    def __init__(self, first_step: int, steps: int, images: int, terms: Sequence[Term]) -> None:
        super().__init__(first_step)
        self.steps = steps
        self.images_per_step = images
        self.shown = {term.name: term.short for term in terms if term.short}
        self.bar: tqdm | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.bar = progress_bar(total=self.steps, initial=self.step, unit="step", delay=0)

    def on_step(self, step: int, logs: dict[str, float]) -> None:
        assert self.bar is not None
        images_per_second = self._steps_per_second() * self.images_per_step
        digits = ".3g" if images_per_second < 100 else ".0f"
        shown = {"img/s": f"{images_per_second:{digits}}"}
        shown |= {short: f"{logs[name]:.3g}" for name, short in self.shown.items() if name in logs}
        self.bar.set_postfix(shown, refresh=False)
        self.bar.update()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self.bar is not None:
            self.bar.close()

    def _steps_per_second(self) -> float:
        """The bar's own, so that it goes with the time left that stands beside it."""
        assert self.bar is not None
        state = self.bar.format_dict
        if state["rate"]:
            return state["rate"]
        # The bar was not counted up for this step yet.
        return (state["n"] + 1 - state["initial"]) / max(state["elapsed"], 1e-9)


class MetricsLog(StepCallback):
    """A line of `metrics.jsonl` every few steps: the means of every term since the last line.

    The rows of steps that a resumed training sees again are dropped first. Needs `ResetMeans`.

    Args:
        run: where to.
        first_step: int, steps done before this training.
        steps: int, steps of the whole run; the last of them gets a row in any case.
        batch_size: int, pairs of images per step.
    """

    def __init__(self, run: Run, first_step: int, steps: int, batch_size: int) -> None:
        super().__init__(first_step)
        self.run = run
        self.steps = steps
        self.batch_size = batch_size
        self.last = (first_step, time.monotonic())

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.run.keep_metrics_until(self.step)
        self.last = (self.step, time.monotonic())

    def on_step(self, step: int, logs: dict[str, float]) -> None:
        if step % ROW_EVERY and step != self.steps:
            return
        now = time.monotonic()
        pairs = (step - self.last[0]) * self.batch_size
        speed = pairs / max(now - self.last[1], 1e-9)
        row = {"step": step, "pairs_per_second": round(speed, 3), **logs}
        with self.run.metrics_path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        self.last = (step, now)


class Samples(StepCallback):
    """A grid of fixed test faces every few steps: input, residual and edited, of every edit.

    The grids of steps that a resumed training sees again are deleted first.

    Args:
        run: where to.
        faces: edit -> uint8 [n, s, s, 3], faces that need it.
        first_step: int, steps done before this training.
        every: int >= 1, steps between grids.
        steps: int, steps of the whole run; the last of them gets a grid in any case.
    """

    def __init__(
        self,
        run: Run,
        faces: Mapping[Edit, np.ndarray],
        first_step: int,
        every: int,
        steps: int,
    ) -> None:
        super().__init__(first_step)
        self.run = run
        self.faces = faces
        self.every = every
        self.steps = steps

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        for step, path in self.run.samples:
            if step > self.step:
                path.unlink()
        if self.step == 0:
            self._draw(0)

    def on_step(self, step: int, logs: dict[str, float]) -> None:
        if step % self.every == 0 or step == self.steps:
            self._draw(step)

    def _draw(self, step: int) -> None:
        write_png(self.run.sample_path(step), sample_grid(self.model, self.faces))


def sample_grid(model: Any, faces: Mapping[Edit, np.ndarray]) -> np.ndarray:
    """Input, residual and edited rows for every edit, and what else the model has to show.

    Args:
        model: an `AdversarialModel`.
        faces: edit -> uint8 [n, s, s, 3], faces that need it.

    Returns:
        uint8 [height, width, 3].
    """
    rows = []
    for edit, images in faces.items():
        x = pixels.to_float(images)
        residual = np.asarray(model.residual_image(x, edit))
        rows.append(("input", images))
        rows += [(name, pixels.to_uint8(np.asarray(shown))) for name, shown in model.shown(x)]
        rows += [
            ("residual", pixels.residual_to_uint8(residual)),
            (edit.name, pixels.to_uint8(edited(x, residual))),
        ]
    return image_grid(rows)
