"""What watches over a training: losses that are not finite, curves of one that fails, signals."""

import logging
import math
import signal
from collections.abc import Callable
from typing import Any

import keras

from faceattr.training.watching.callbacks import StepCallback

_logger = logging.getLogger(__name__)


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


class FiniteLosses(StepCallback):
    """Stops a training whose losses are NaN or infinite, before anything of it is saved.

    Raises:
        TrainingDiverged: from the step's end, so that the callbacks after this one do not see it.
    """

    def on_step(self, step: int, logs: dict[str, float]) -> None:
        for term, value in logs.items():
            if not math.isfinite(value):
                raise TrainingDiverged(step, term)


class Advice(StepCallback):
    """Says, once each, what the curves of a failing training mean and what helps.

    Attributes:
        given: list of str, what was said in this training, each with its step.
    """

    # Thresholds on the running means; a training needs some steps before they mean anything.
    FIRST_STEP = 100
    COLLAPSED = 2e-3
    CERTAIN = 0.01

    def __init__(self, first_step: int) -> None:
        super().__init__(first_step)
        self.given: list[str] = []
        self._known: set[str] = set()

    def on_step(self, step: int, logs: dict[str, float]) -> None:
        if step < self.FIRST_STEP:
            return
        # A VAE-GAN does not train on residuals, and its discriminator waits for the others.
        residuals = [value for term, value in logs.items() if term.startswith("residual_to_")]
        if residuals and max(residuals) < self.COLLAPSED:
            self._give(
                step,
                "the residuals have collapsed to zero, as they do when alpha is too large "
                "(section 7 of the paper); train with a smaller --alpha",
            )
        if logs["discriminator_loss"] < self.CERTAIN:
            self._give(
                step,
                "the discriminator tells real from edited without error, so the edits no longer "
                "learn from it; more images, --jitter 0.5 or another --seed help",
            )

    def _give(self, step: int, advice: str) -> None:
        if advice not in self._known:
            self._known.add(advice)
            self.given.append(f"step {step}: {advice}")
            _logger.warning("%s", self.given[-1])


class GracefulStop(keras.callbacks.Callback):
    """Ends the training after the step under way on Ctrl-C or SIGTERM; a second one kills it.

    A context manager, so that the signals are given back however the training ends.

    Args:
        agree: tells each worker of a training whether any of them was asked to stop, so that none
            waits for one that has gone; called after every step. Defaults to this one's own word.
    """

    def __init__(self, agree: Callable[[bool], bool] = bool) -> None:
        super().__init__()
        self.stopped = False
        self._agree = agree
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "GracefulStop":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *raised: object) -> None:
        self._restore()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        # Only ever set: a signal may come while the others are asked, and must not be lost.
        if self._agree(self.stopped):
            self.stopped = True
            self.model.stop_training = True

    def _stop(self, number: int, frame: Any) -> None:
        self.stopped = True
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
