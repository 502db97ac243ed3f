"""What watches over a training: losses that are not finite, curves of one that fails, signals."""

import logging
import math
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from faceattr.models.family import Alarm
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


class Advice:
    """Says, once each, what the curves of a failing training mean and what helps.

    Args:
        alarms: of the family.

    Attributes:
        given: list of str, what was said in this training, each with its step.
    """

    # A training needs some steps before its running means say anything.
    FIRST_STEP = 100

    def __init__(self, alarms: Sequence[Alarm]) -> None:
        self.given: list[str] = []
        self._left = list(alarms)

    def look(self, step: int, terms: Mapping[str, float]) -> None:
        """Looks at the running means after a step."""
        if step < self.FIRST_STEP:
            return
        for alarm in list(self._left):
            seen = [terms[name] for name in alarm.terms if name in terms]
            if seen and max(seen) < alarm.below:
                self._left.remove(alarm)
                self.given.append(f"step {step}: {alarm.advice}")
                _logger.warning("%s", self.given[-1])


class GivenAdvice(StepCallback):
    """Has the advice look at each step."""

    def __init__(self, first_step: int, advice: Advice) -> None:
        super().__init__(first_step)
        self.advice = advice

    def on_step(self, step: int, logs: dict[str, float]) -> None:
        self.advice.look(step, logs)


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
