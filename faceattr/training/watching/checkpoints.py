"""Checkpoints: when a training is saved, and which of its checkpoints is the best."""

import time
from typing import Any

from faceattr.errors import UserError
from faceattr.runs.checkpoint_files import Best
from faceattr.runs.run import Run
from faceattr.training.watching.callbacks import ROW_EVERY, StepCallback, mean_covers


class Checkpoints(StepCallback):
    """Saves the run every few steps, every few minutes, at the end, and when it is stopped.

    Args:
        run: where to.
        first_step: int, steps done before this training.
        every: int >= 1, steps between checkpoints.
        minutes: float >= 0, the most time between checkpoints; 0 for no clock. Defaults to 0.
        keep: int >= 1, how many checkpoints to keep. Defaults to 2.
        best_by: str or None, a term of `Objective`. Of all checkpoints the one over whose steps,
            since the one before, this term's mean was lowest is kept as the best one; a best one
            of an earlier training of the run stays in the running, unless it is of a step that
            this training sees again. Defaults to None, no best one.

    Raises:
        UserError: from the first step, if there is no term `best_by`.
    """

    def __init__(
        self,
        run: Run,
        first_step: int,
        every: int,
        minutes: float = 0.0,
        keep: int = 2,
        best_by: str | None = None,
    ) -> None:
        super().__init__(first_step)
        self.run = run
        self.every = every
        self.seconds = 60 * minutes
        self.keep = keep
        self.saved = (first_step, time.monotonic())
        self._judge = None if best_by is None else _Judge(run, best_by, first_step, every)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        # Making the step's graph, before the first step, is no time to count.
        self.saved = (self.step, time.monotonic())
        best = self.run.best
        if best is not None and best.step > self.step:
            self.run.forget_best()

    def on_step(self, step: int, logs: dict[str, float]) -> None:
        if self._judge is not None:
            self._judge.see(step, logs)
        late = self.seconds and time.monotonic() - self.saved[1] >= self.seconds
        if step % self.every == 0 or late:
            self._save(step)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self.step > self.saved[0]:
            self._save(self.step)

    def _save(self, step: int) -> None:
        path = self.run.save_checkpoint(self.model, step, self.keep)
        if self._judge is not None and (best := self._judge.verdict(step)) is not None:
            self.run.keep_best(path, best)
        # From the end of saving: large networks on a slow disk must not be all that is done.
        self.saved = (step, time.monotonic())


class _Judge:
    """The mean of one term over the steps since the last verdict.

    `logs` hold running means that start anew with every row. A running mean times the steps it
    covers is the sum of the term over them, so the sums of the windows that are closed and of the
    one under way give the mean over any steps, whenever a checkpoint is due.
    """

    def __init__(self, run: Run, term: str, first_step: int, every: int) -> None:
        self.run = run
        self.term = term
        self.first_step = first_step
        # A stop may come right after a checkpoint, and the mean over a step or two that went
        # well must not outdo that over a hundred.
        self.fewest_steps = min(every, ROW_EVERY)
        self._closed = 0.0  # sum over the windows before the one under way
        self._open = 0.0  # sum over the window under way
        self._last = (first_step, 0.0)  # step of the last verdict, sum up to it

    def see(self, step: int, logs: dict[str, float]) -> None:
        if self.term not in logs:
            raise UserError(
                f"--best_by {self.term}: no such term; choose one of {', '.join(sorted(logs))}"
            )
        covered = mean_covers(step, self.first_step)
        if covered == 1:
            self._closed += self._open
        self._open = covered * logs[self.term]

    def verdict(self, step: int) -> Best | None:
        """Whether the steps since the last verdict are the best of the run; None if not."""
        last_step, last_sum = self._last
        if step - last_step < self.fewest_steps:
            return None
        self._last = (step, self._closed + self._open)
        mean = (self._last[1] - last_sum) / (step - last_step)
        best = self.run.best
        if best is not None and best.term == self.term and best.value <= mean:
            return None
        return Best(step, self.term, mean)
