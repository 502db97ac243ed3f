"""The training for TensorBoard: the rows of metrics.jsonl as scalars, the sample grids as images.

Written with the `tensorboard` package alone, and from the run's own files, so that TensorBoard
shows what they hold and a run that gets it later shows its whole past.
"""

import importlib.util
import pathlib
import time
from collections.abc import Sequence
from typing import Any

from PIL import Image

from faceattr.models.family import Term
from faceattr.runs.run import Run
from faceattr.training.watching.callbacks import StepCallback


class TensorBoardLog(StepCallback):
    """Writes events to the run's `tensorboard/`. Comes after `MetricsLog` and `Samples`.

    Where a resumed training sees steps again, TensorBoard is told to forget what it knew of them.

    Args:
        run: whose rows and samples.
        first_step: int, steps done before this training.
        terms: of the family.
    """

    def __init__(self, run: Run, first_step: int, terms: Sequence[Term]) -> None:
        super().__init__(first_step)
        self._tags = {term.name: f"{term.group}/{term.name}" for term in terms}
        self.run = run
        self._writer: Any = None
        self._rows_read = 0  # bytes of metrics.jsonl

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        folder = self.run.tensorboard_folder
        resumed = folder.is_dir() and any(folder.glob("events.out.tfevents.*"))
        self._writer = EventFileWriter(str(folder))
        if resumed:
            self._writer.add_event(_restart(self.step + 1))
            _, self._rows_read = self.run.read_metrics()
        else:
            self._write_rows()
            for step, path in self.run.samples:
                self._writer.add_event(_image(step, path))
        self._writer.flush()

    def on_step(self, step: int, logs: dict[str, float]) -> None:
        rows = self._write_rows()
        path = self.run.sample_path(step)
        drawn = path.is_file()
        if drawn:
            self._writer.add_event(_image(step, path))
        if rows or drawn:
            # Not left to the writer's clock: a killed training must have shown what it saved.
            self._writer.flush()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._writer.close()

    def _write_rows(self) -> int:
        """Writes the rows that are new, and returns how many they are."""
        rows, self._rows_read = self.run.read_metrics(self._rows_read)
        for row in rows:
            self._writer.add_event(self._scalars(row))
        return len(rows)

    def _scalars(self, row: dict[str, Any]) -> Any:
        from tensorboard.compat.proto.summary_pb2 import Summary

        # TensorBoard draws the tags of one group together.
        values = [
            Summary.Value(tag=self._tags.get(term, f"speed/{term}"), simple_value=value)
            for term, value in row.items()
            if term != "step"
        ]
        return _event(row["step"], summary=Summary(value=values))


def tensorboard_is_installed() -> bool:
    """Whether `TensorBoardLog` can write: a training on JAX alone may do without the package."""
    return importlib.util.find_spec("tensorboard") is not None


def _image(step: int, path: pathlib.Path) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary

    with Image.open(path) as grid:
        width, height = grid.size
    image = Summary.Image(
        width=width,
        height=height,
        colorspace=3,  # RGB
        encoded_image_string=path.read_bytes(),
    )
    return _event(step, summary=Summary(value=[Summary.Value(tag="samples", image=image)]))


def _restart(step: int) -> Any:
    """Tells TensorBoard that what it knows of `step` and later steps did not happen."""
    from tensorboard.compat.proto.event_pb2 import SessionLog

    return _event(step, session_log=SessionLog(status=SessionLog.START))


def _event(step: int, **what: Any) -> Any:
    from tensorboard.compat.proto.event_pb2 import Event

    return Event(step=step, wall_time=time.time(), **what)
