"""Edits large collections of photos; see `python -m faceattr.editing.bulk --help`."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import logging
import pathlib
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from types import ModuleType

from faceattr import command_line
from faceattr.editing import flags
from faceattr.editing.batch import clashes
from faceattr.editing.bulk.plan import Plan, absolute
from faceattr.editing.bulk.state import FAILED, BulkFolder
from faceattr.errors import UserError
from faceattr.progress import progress_bar

PROGRAM = "python -m faceattr.editing.bulk"

_EPILOG = """examples:
  python -m faceattr.editing.bulk --input 'photos/**' --output young --edit make_young
  python -m faceattr.editing.bulk --input photos --output young --edit make_young \\
      -- --direct_running_mode=multi_processing --direct_num_workers=16
  python -m faceattr.editing.bulk --input /nfs/photos --output /nfs/young --edit make_young \\
      --runner FlinkRunner -- --flink_master=flink:8081 --environment_type=LOOPBACK

Called again after it was killed, it goes on: a photo whose edited one is there is done. Photos that
cannot be edited are in the folder's failed.jsonl, with the reason, and are not tried again.

What follows a lone -- are Beam's own pipeline options.

Exit status: 0 if all photos were edited, 1 if some could not be, 2 if nothing could be begun.
"""


def _parser() -> argparse.ArgumentParser:
    parser = command_line.ArgumentParser(
        PROGRAM, "Edits large collections of photos by an Apache Beam pipeline.", _EPILOG
    )
    parser.add_argument(
        "--input", required=True, nargs="+", help="photos, folders of them, or patterns"
    )
    parser.add_argument("--output", required=True, help="a folder that is new, or of such a run")
    flags.add(parser)
    parser.add_argument(
        "--runner",
        default="DirectRunner",
        help="of Beam: DirectRunner is this machine, all its cores (%(default)s)",
    )
    return parser


def main(given: Sequence[str] | None = None) -> int:
    """Edits the photos that arguments name.

    Args:
        given: the arguments; None for those of the command line.

    Returns:
        0 if all photos were edited, 1 if some could not be.

    Raises:
        UserError: if nothing could be begun.
    """
    words = list(sys.argv[1:] if given is None else given)
    # A word of ours that is mistyped must not pass for one of Beam's, which are many.
    end = words.index("--") if "--" in words else len(words)
    arguments = _parser().parse_args(words[:end])
    names, strengths = flags.edits(arguments)
    settings = flags.settings(arguments, strengths)
    pipeline = _beam()
    with command_line.quiet_native_code():
        plan = Plan.of(names, pathlib.Path(arguments.bundles), settings)
    folder = BulkFolder(absolute(pathlib.Path(arguments.output)))
    jobs = plan.jobs(arguments.input, folder.path)
    options = pipeline.options(arguments.runner, words[end + 1 :])
    with folder.held(plan.record()):
        began = time.time()
        clashing = clashes([job.photo for job in jobs], [job.target for job in jobs])
        for job in jobs:
            if job.photo in clashing:
                folder.fail(job, clashing[job.photo])
        left = folder.left(jobs)
        if left:
            folder.write_todo(left)
            with _shown(folder, len(left)):
                pipeline.run(folder.path, plan.load, options)
        folder.clear_unfinished(jobs, before=began)
        lost = folder.left(jobs)
        failed = folder.list_failures(jobs)
    _summarise(folder, len(jobs), len(jobs) - len(left), failed, time.time() - began)
    if lost:
        raise UserError(f"{len(lost)} photos were lost on the way: call again with the same flags")
    return int(failed > 0)


def _summarise(folder: BulkFolder, count: int, before: int, failed: int, seconds: float) -> None:
    now = count - before
    print(
        f"{count} photos: {count - failed} are edited, {failed} could not be; {before} of them "
        f"earlier, {now} now, in {seconds:.0f} seconds ({now / max(seconds, 0.1):.1f} a second)"
    )
    if failed:
        print(f"why: {folder.path / FAILED}")


def _beam() -> ModuleType:
    # Beam warns of what it would need for Google's cloud.
    logging.disable(logging.WARNING)
    try:
        return importlib.import_module("faceattr.editing.bulk.pipeline")
    except ImportError as error:
        raise UserError(
            f"Apache Beam cannot be imported ({error}): pip install 'faceattr[bulk]', best in an "
            "environment of its own"
        ) from None
    finally:
        logging.disable(logging.NOTSET)


@contextlib.contextmanager
def _shown(folder: BulkFolder, count: int) -> Iterator[None]:
    """Shows how far the workers are, wherever they are, by the files in the folder."""
    ended = threading.Event()

    def watch() -> None:
        before, pause = folder.count(), 1.0
        with progress_bar(unit="photo", total=count) as bar:
            while not ended.wait(pause):
                start = time.perf_counter()
                bar.update(folder.count() - before - bar.n)
                # Counting many files takes its time too.
                pause = max(1.0, 20 * (time.perf_counter() - start))

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        ended.set()
        watching.join()


if __name__ == "__main__":
    command_line.run(PROGRAM, main)
