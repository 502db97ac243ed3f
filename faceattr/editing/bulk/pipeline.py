"""The Apache Beam pipeline that edits photos, on one machine or on many."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Sequence
from typing import Protocol

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions
from apache_beam.runners import create_runner

from faceattr.editing.bulk.state import BulkFolder, Job
from faceattr.errors import UserError


class EditJob(Protocol):
    """What edits one photo into its target.

    Returns:
        why it could not be, or None.
    """

    def __call__(self, job: Job) -> str | None: ...


class EditPhotos(beam.DoFn):
    """Edits photos that are not done yet, one by one.

    Args:
        output: the folder of the run, which all workers see.
        load: gives what edits a photo; is called once by each worker, and travels to it pickled.
    """

    def __init__(self, output: pathlib.Path, load: Callable[[], EditJob]) -> None:
        self._folder = BulkFolder(output)
        self._load = load
        self._edited = Metrics.counter("bulk", "edited")
        self._failed = Metrics.counter("bulk", "failed")

    def setup(self) -> None:
        """Loads the networks; Beam keeps a worker, and does this once for it."""
        self._edit = self._load()

    def process(self, line: str) -> None:
        """Edits a photo, unless that is done.

        Args:
            line: see `Job.to_line`.
        """
        job = Job.from_line(line)
        # A runner may give a photo to a second worker when it believes the first one lost.
        if job.target.exists():
            return
        error = self._edit(job)
        if error is None:
            self._edited.inc()
        else:
            self._folder.fail(job, error)
            self._failed.inc()


def options(runner: str, words: Sequence[str]) -> PipelineOptions:
    """Beam's options; on this machine all cores are used, unless they say otherwise.

    Args:
        runner: its name, such as `"FlinkRunner"`.
        words: Beam's own flags, such as `"--direct_num_workers=4"`.

    Raises:
        UserError: if there is no such runner.
    """
    try:
        create_runner(runner)
    except (ValueError, ImportError) as error:
        raise UserError(f"--runner {runner}: {error}") from None
    chosen = PipelineOptions([f"--runner={runner}", *words])
    direct = chosen.view_as(DirectOptions)
    if not any(word.startswith("--direct_") for word in words):
        direct.direct_num_workers = 0
        direct.direct_running_mode = "multi_threading"
    return chosen


def run(output: pathlib.Path, load: Callable[[], EditJob], options: PipelineOptions) -> None:
    """Edits the photos that `todo.jsonl` of a run lists, and waits until that is done.

    Args:
        output: the folder of the run.
        load: see `EditPhotos`.
        options: Beam's, among them the runner.
    """
    with beam.Pipeline(options=options) as pipeline:
        (
            pipeline
            | "read the list" >> beam.io.ReadFromText(str(BulkFolder(output).todo))
            | "spread over workers" >> beam.Reshuffle()
            | "edit" >> beam.ParDo(EditPhotos(output, load))
        )
