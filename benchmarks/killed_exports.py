"""Kills exports of a run, and looks at what is there afterwards: whole bundles, each time.

    python benchmarks/killed_exports.py --run runs/glasses
    python benchmarks/killed_exports.py --run runs/glasses --kills 5 --tflite_only

A run is exported once. Then it is exported again and again, each time by a process of its own that
gets SIGKILL at a random moment; the moments are spread over the processor time from its first file
to its end. After each, every bundle is loaded, which compares its files with their digests. Ends
with status 1 if one is not whole.
"""

import argparse
import contextlib
import dataclasses
import math
import multiprocessing
import os
import pathlib
import random
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from typing import Any

from faceattr import command_line
from faceattr.bundles.loading import load
from faceattr.errors import UserError


@dataclasses.dataclass(frozen=True)
class Kill:
    """What one kill left.

    Attributes:
        seconds: float, of processor time after the export's first file; None if it had ended.
        new: names of the bundles that it had put in place by then.
        broken: what is wrong with those that are not whole.
    """

    seconds: float | None
    new: tuple[str, ...]
    broken: tuple[str, ...]


def kills(run: pathlib.Path, out: pathlib.Path, count: int, **options: Any) -> list[Kill]:
    """Exports a run once, and kills `count` further exports of it.

    Args:
        run: a finished run.
        out: an empty folder.
        count: int >= 1.
        **options: of `export`.
    """
    # TensorFlow takes seconds to import, in which there is nothing to kill.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tensorflow", "keras"])

    def begun() -> BaseProcess:
        """An export that has begun to write: there is a hidden folder more than before."""
        before = len(list(out.iterdir()))
        process = context.Process(target=_export, args=(run, out, options))
        process.start()
        while process.is_alive() and len(list(out.iterdir())) == before:
            time.sleep(0.002)
        return process

    whole = _ran(begun())
    # One in each of as many equal parts of the time.
    draws = random.Random(0)
    moments = [whole * (number + draws.random()) / count for number in range(count)]
    found = []
    for moment in draws.sample(moments, count):
        before = _digests(out)
        process = begun()
        _ran(process, moment)
        process.kill()
        process.join()
        killed = process.exitcode == -signal.SIGKILL
        after = _digests(out)
        new = tuple(name for name in after if after[name] != before[name])
        found.append(Kill(moment if killed else None, new, _broken(out)))
    return found


def _ran(process: BaseProcess, most: float = math.inf) -> float:
    """Waits until a process ends or has computed for `most` seconds more; how long it has.

    In its own processor time: on a busy machine the same moment comes later by the clock.
    """
    first = used = _processor_time(process)
    while process.is_alive() and used - first < most:
        time.sleep(0.002)
        with contextlib.suppress(OSError):  # it has just ended
            used = _processor_time(process)
    return used - first


def _processor_time(process: BaseProcess) -> float:
    """Of another process, in seconds; Linux has a clock of each."""
    assert process.pid is not None
    return time.clock_gettime(~process.pid << 3 | 2)


def _export(run: pathlib.Path, out: pathlib.Path, options: Mapping[str, Any]) -> None:
    from faceattr.exporting.export import export

    with command_line.quiet_native_code():
        export(run, out, **options)


def _bundles(out: pathlib.Path) -> list[pathlib.Path]:
    return sorted(path for path in out.iterdir() if not path.name.startswith("."))


def _digests(out: pathlib.Path) -> dict[str, bytes]:
    return {path.name: (path / "manifest.json").read_bytes() for path in _bundles(out)}


def _broken(out: pathlib.Path) -> tuple[str, ...]:
    told = []
    for bundle in _bundles(out):
        try:
            load(bundle)
        except UserError as error:
            told.append(str(error))
    return tuple(told)


def _main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=pathlib.Path, required=True, help="a finished run")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--tflite_only", action="store_true", help="of export.py")
    arguments = parser.parse_args()
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    only = arguments.tflite_only
    with tempfile.TemporaryDirectory() as out:
        found = kills(arguments.run, pathlib.Path(out), arguments.kills, tflite_only=only)
    for kill in found:
        when = "it had ended" if kill.seconds is None else f"killed after {kill.seconds:.2f} s"
        told = "; ".join(kill.broken) or "all bundles whole"
        print(f"{when}: {told}; new: {', '.join(kill.new) or 'none'}")
    broken = sum(bool(kill.broken) for kill in found)
    killed = sum(kill.seconds is not None for kill in found)
    print(f"{killed} exports killed, bundles not whole after {broken} of them")
    sys.exit(broken > 0)


if __name__ == "__main__":
    _main()
