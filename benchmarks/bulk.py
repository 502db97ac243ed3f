"""Measures the bulk beside a plain loop, and kills it in the middle.

    python benchmarks/bulk.py --bundle bundles/remove_glasses --photos data/lfw/lfw-deepfunneled

The same photos are edited by a loop in one process, and by `faceattr.editing.bulk` in each of the
ways in which Beam uses one machine, each in a process of its own, start and end included. Then it
is begun anew, killed (SIGKILL) when half of the photos are there, and called again. What was there
must be the very same files afterwards, and all must be byte for byte what the loop wrote.
"""

import argparse
import hashlib
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

from PIL import Image
from reports import hand_over, machine

from faceattr import command_line
from faceattr.data.synthetic import group_scene
from faceattr.editing.bulk.state import FAILED, RECORD
from faceattr.errors import UserError
from faceattr.files import finished_name

WAYS = {
    "one worker": ("--direct_num_workers=1",),
    "threads": (),
    "processes": ("--direct_num_workers=0", "--direct_running_mode=multi_processing"),
}
LOOP = """
import sys
from faceattr.editing.batch import EditSettings, edit_files
from faceattr.editing.editor import Editor
from faceattr.editing.photo_search import find_photos, targets
bundle, photos, out = sys.argv[1:]
editor = Editor.load(bundle)
found = find_photos([photos], out + "/", [])
wanted = targets(found, out + "/", [edit.name for edit in editor.edits])
for outcome in edit_files(editor, [photo.path for photo in found], wanted, EditSettings()):
    pass
"""


def draw(folder: pathlib.Path, count: int) -> None:
    """Writes drawn photos, every twentieth of which shows nobody and every fiftieth is none."""
    folder.mkdir()
    for index in range(count):
        path = folder / f"{index // 100:02d}" / f"{index:05d}.jpg"
        path.parent.mkdir(exist_ok=True)
        if index % 50 == 49:
            path.write_bytes(b"not a photo")
            continue
        scene = group_scene(0, index, () if index % 20 == 19 else (0.3,), width=480, height=360)
        Image.fromarray(scene.photo).save(path, quality=92)


def bulk(bundle: pathlib.Path, photos: pathlib.Path, out: pathlib.Path, way: str) -> list[str]:
    """The command."""
    flags = ["--input", str(photos), "--output", str(out), "--edit", str(bundle)]
    return [sys.executable, "-m", "faceattr.editing.bulk", *flags, "--", *WAYS[way]]


def timed(command: list[str]) -> float:
    """Wall seconds of a command that may tell of photos that failed, but must run."""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise UserError(f"{' '.join(command)}: {done.stderr}")
    return time.perf_counter() - start


def edited(folder: pathlib.Path) -> list[pathlib.Path]:
    """The finished photos of a folder."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and ".bulk" not in path.parts
        and path.name not in (RECORD, FAILED)
        and path.name == finished_name(path.name)
    ]


def digests(folder: pathlib.Path) -> dict[str, str]:
    """SHA-256 of every finished photo."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in edited(folder)
    }


def killed_at_half(command: list[str], out: pathlib.Path, count: int) -> dict[str, tuple[int, int]]:
    """Runs a command until half of the photos are there; inode and time of those that are."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and len(edited(out)) < count / 2:
            time.sleep(0.2)
        if process.poll() is not None:
            raise UserError("the bulk had ended before it could be killed: give it more photos")
        process.send_signal(signal.SIGKILL)
    return seen(out)


def seen(out: pathlib.Path) -> dict[str, tuple[int, int]]:
    """Inode and time of change of the finished photos."""
    states = {str(path): path.stat() for path in edited(out)}
    return {path: (state.st_ino, state.st_mtime_ns) for path, state in states.items()}


def measure(bundle: pathlib.Path, photos: pathlib.Path, folder: pathlib.Path) -> dict[str, Any]:
    """All figures of one set of photos."""
    loop = folder / "loop"
    seconds = {
        "plain loop": timed([sys.executable, "-c", LOOP, str(bundle), str(photos), str(loop)])
    }
    expected = digests(loop)
    same = {}
    for way in WAYS:
        out = folder / way.replace(" ", "-")
        seconds[way] = timed(bulk(bundle, photos, out, way))
        same[way] = digests(out) == expected
    out = folder / "killed"
    command = bulk(bundle, photos, out, "threads")
    before = killed_at_half(command, out, len(expected))
    timed(command)
    after, result = seen(out), digests(out)
    return {
        "edited": len(expected),
        "seconds": seconds,
        "same_bytes_as_the_loop": same,
        "there_when_killed": len(before),
        "done_twice": sum(after.get(path) != state for path, state in before.items()),
        "lost": len(expected.keys() - result.keys()),
        "other_bytes": sum(result.get(path) != digest for path, digest in expected.items()),
        "failed": len((out / FAILED).read_text(encoding="utf-8").splitlines()),
        "unfinished_files_left": sum(1 for _ in out.rglob("partial-*")),
    }


def main(arguments: argparse.Namespace) -> None:
    bundle = pathlib.Path(arguments.bundle).absolute()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        photos = folder / "photos"
        if arguments.photos:
            files = sorted(pathlib.Path(arguments.photos).rglob("*.jpg"))[: arguments.count]
            for file in files:
                link = photos / file.parent.name / file.name
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(file.absolute())
        else:
            draw(photos, arguments.count)
        report = {
            **machine(),
            "photos": arguments.count,
            **measure(bundle, photos, folder),
        }
    hand_over(report, arguments.json)


def parser() -> argparse.ArgumentParser:
    flags = command_line.ArgumentParser(
        "benchmarks/bulk.py",
        "Measures the bulk beside a plain loop, kills it in the middle, and goes on.",
        "example:\n  python benchmarks/bulk.py --bundle bundles/remove_glasses --json bulk.json\n",
    )
    flags.add_argument("--bundle", required=True, help="the folder of an edit")
    flags.add_argument("--photos", help="a folder of JPEG files (default: photos that are drawn)")
    flags.add_argument("--count", type=int, default=1000, help="how many photos (%(default)s)")
    flags.add_argument("--json", help="a file for the numbers")
    return flags


if __name__ == "__main__":
    command_line.run("benchmarks/bulk.py", lambda: main(parser().parse_args()))
