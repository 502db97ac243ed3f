"""Measures the editor: time and memory on a large photo, a cold start, and what becomes of detail.

    python benchmarks/editing.py speed  --edit remove_glasses
    python benchmarks/editing.py cold   --edit remove_glasses
    python benchmarks/editing.py detail --edit remove_glasses --faces 20

`speed`: a JPEG of 24 megapixels, made of docs/photos/astronaut.png with one face and grain, is
opened, searched, edited and written; beside it decoding, the network and encoding alone. Medians of
wall and processor seconds, for on a busy machine the first wait. The peak of memory is that of a
process that edits the photo once.

`cold`: `python edit.py` on the astronaut, whole processes.

`detail`: drawn faces of 512 pixels whose true counterfactual is known, both ways. First with a
perfect network, which gives the true difference at its own size: what is left is what enlarging
does. Then with the edit, if one is named. Beside the editor: the residual enlarged without a look
at the photo, and the naive way, the network's own output enlarged and pasted back. The region is
where the attribute changes the drawn face; sharpness is the mean slope of the luminance, as a share
of the truth's inside and of the photo's outside.
"""

import argparse
import json
import pathlib
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from faceattr import command_line, pixels
from faceattr.bundles.finding import find_bundle
from faceattr.data import synthetic
from faceattr.editing.changes import Change, Changes, FaceChange
from faceattr.editing.editor import Editor
from faceattr.editing.face_crop import FaceCrop
from faceattr.editing.photo import Photo
from faceattr.editing.photo_files import open_photo, save_photo
from faceattr.faces.crop import WHOLE_IMAGE
from faceattr.pictures.similarity import masked_psnr
from faceattr.pictures.upscaling import LUMINANCE, bicubic

ROOT = pathlib.Path(__file__).resolve().parents[1]
ASTRONAUT = ROOT / "docs" / "photos" / "astronaut.png"
COLUMNS = ("Eyeglasses", "Smiling", "Mouth_Slightly_Open", "No_Beard", "Young", "Male")
_SIDE = 512


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("speed", "cold", "detail", "once"))
    parser.add_argument("--edit", help="a bundle or its edit")
    parser.add_argument("--bundles", default="bundles")
    parser.add_argument("--faces", type=int, default=20, help="drawn ones of each attribute")
    parser.add_argument("--network", type=int, default=128, help="side of the perfect network")
    parser.add_argument("--photo", type=pathlib.Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.what == "detail":
        found = detail(options.faces, options.network, options.edit, options.bundles)
    else:
        bundle = str(find_bundle(options.edit or "", pathlib.Path(options.bundles)).resolve())
        measures: dict[str, Callable[[], dict[str, Any]]] = {
            "speed": lambda: speed(bundle),
            "cold": lambda: cold(bundle),
            "once": lambda: once(bundle, options.photo),
        }
        found = measures[options.what]()
    print(json.dumps({"machine": platform.processor() or platform.machine(), **found}, indent=2))


def large_photo(path: pathlib.Path) -> None:
    """6000x4000: the astronaut eight times as large, her surroundings mirrored, with grain."""
    with Image.open(ASTRONAUT) as image:
        large = np.asarray(image.convert("RGB").resize((4000, 4000), Image.Resampling.BICUBIC))
    large = np.concatenate((large[:, 999::-1], large, large[:, :-1001:-1]), axis=1)
    grain = np.random.default_rng(0).normal(0, 6, (*large.shape[:2], 1))
    Image.fromarray(np.clip(large + grain, 0, 255).astype(np.uint8)).save(path, quality=90)


def speed(bundle: str, rounds: int = 7) -> dict[str, Any]:
    editor = Editor.load(bundle)
    editor.find(open_photo(ASTRONAUT).photo)  # loads what finds faces
    with tempfile.TemporaryDirectory() as scratch:
        source, target = pathlib.Path(scratch) / "large.jpg", pathlib.Path(scratch) / "edited.jpg"
        large_photo(source)
        opened = open_photo(source)
        changes = editor.changes(opened.photo)
        edited = changes.at([1.0])
        (face,) = changes.faces
        seen = np.zeros((*face.changes[0].luminance.shape, 3), np.float32)
        stored = edited.as_stored().image
        steps: dict[str, Callable[[], Any]] = {
            "open": lambda: open_photo(source),
            "find": lambda: editor.find(opened.photo),
            "find and look": lambda: editor.changes(opened.photo),
            "add": lambda: changes.at([1.0]),
            "write": lambda: save_photo(edited, opened.facts, target),
            "decode alone": lambda: Image.open(source).load(),
            "network alone": lambda: editor._runtimes[0].run(seen),
            "encode alone": lambda: stored.save(
                target, "JPEG", qtables=opened.facts.encoding["qtables"]
            ),
        }
        seconds = {name: _median(step, rounds) for name, step in steps.items()}
        memory = subprocess.run(
            [sys.executable, __file__, "once", "--edit", bundle, "--photo", str(source)],
            check=True,
            capture_output=True,
            text=True,
        )
    parts = ("open", "find and look", "add", "write")
    total = [sum(seconds[name][index] for name in parts) for index in (0, 1)]
    alone = sum(seconds[name][1] for name in seconds if name.endswith("alone"))
    return {
        "photo": "6000x4000 JPEG",
        "face": f"{face.face.side:.0f} pixels" if face.face else "",
        "wall and processor seconds": {**seconds, "open to written": [round(x, 3) for x in total]},
        "share of decode, network and encode alone": round(alone / total[1], 3),
        "peak MiB": json.loads(memory.stdout)["peak MiB"],
    }


def once(bundle: str, photo: pathlib.Path) -> dict[str, Any]:
    editor = Editor.load(bundle)
    opened = open_photo(photo)
    save_photo(editor.edit(opened.photo), opened.facts, photo.with_name("once.jpg"))
    # Not getrusage, which remembers the memory of the process that began this one.
    status = pathlib.Path("/proc/self/status").read_text()
    return {"peak MiB": round(int(status.split("VmHWM:")[1].split()[0]) / 1024)}


def cold(bundle: str, rounds: int = 7) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        target = pathlib.Path(scratch) / "edited.png"
        command = [sys.executable, "edit.py", str(ASTRONAUT), "--edit", bundle, "-o", str(target)]
        wall = []
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        for _ in range(rounds):
            began = time.perf_counter()
            subprocess.run([*command, "--overwrite"], check=True, capture_output=True, cwd=ROOT)
            wall.append(time.perf_counter() - began)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "photo": "512x512 PNG",
        "wall seconds": {"median": statistics.median(wall), "least": min(wall)},
        "processor seconds": used / rounds,
    }


def _median(step: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """Wall and processor seconds of one round; the first is for warming up."""
    found = []
    for _ in range(rounds + 1):
        began = time.perf_counter(), time.process_time()
        step()
        found.append((time.perf_counter() - began[0], time.process_time() - began[1]))
    return tuple(round(statistics.median(each), 3) for each in zip(*found[1:], strict=True))


def detail(
    faces: int, network: int, edit: str | None = None, bundles: str = "bundles"
) -> dict[str, Any]:
    """Decibels and sharpness; see above."""
    found: dict[str, Any] = {"faces": f"{faces} drawn, {_SIDE} pixels"}
    for column in COLUMNS:
        for adds in (True, False):
            name = f"{'add' if adds else 'remove'} {column}, perfect at {network}"
            cases = [_perfect(index, column, adds, network) for index in range(faces)]
            found[name] = _means([case for case in cases if case is not None])
    if edit is not None:
        editor = Editor.load(edit, bundles=bundles)
        found[edit] = _means([_trained(editor, index) for index in range(faces)])
    return found


def _drawn(index: int, column: str, has: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """A face that has the attribute or not, its counterfactual, and where they differ.

    Both have the same grain.
    """
    one = synthetic.sample_parameters(5, index)
    has_it = synthetic.labels(one)[column] == 1
    if has_it != has:
        one = synthetic.flip(one, column)
    region = synthetic.region_mask(one, column, _SIDE)
    grain = np.random.default_rng(index).normal(0, 3, (_SIDE, _SIDE, 3))
    pair = [
        np.clip(synthetic.render(each, _SIDE) + grain, 0, 255).astype(np.uint8)
        for each in (one, synthetic.flip(one, column))
    ]
    return (pair[0], pair[1], region) if region.any() and not region.all() else None


def _perfect(index: int, column: str, adds: bool, size: int) -> dict[str, list[float]] | None:
    if (drawn := _drawn(index, column, not adds)) is None:
        return None
    photo, truth, region = drawn
    seen, wanted = (
        pixels.to_float(_resized(image, size, Image.Resampling.BOX)) for image in (photo, truth)
    )
    crop = FaceCrop.of_frame(WHOLE_IMAGE, _SIDE, _SIDE)
    change = Change(crop, seen @ LUMINANCE, wanted - seen)
    return _compared(photo, truth, region, change, wanted)


def _trained(editor: Editor, index: int) -> dict[str, list[float]]:
    """A real network is compared with the photo itself: what it leaves alone must stay."""
    column = editor.edits[0].column
    drawn = _drawn(index, column, not editor.edits[0].adds)
    assert drawn is not None, f"{column} changes nothing in drawn face {index}"
    photo, _, region = drawn
    as_photo = Photo.of(Image.fromarray(photo))
    (change,) = editor.changes(as_photo, crop=WHOLE_IMAGE).faces[0].changes
    seen = pixels.to_float(change.crop.seen(as_photo, len(change.residual)))
    return _compared(photo, photo, region, change, np.clip(seen + change.residual, -1, 1))


def _compared(
    photo: np.ndarray, truth: np.ndarray, region: np.ndarray, change: Change, output: np.ndarray
) -> dict[str, list[float]]:
    """[decibels inside, outside, sharpness inside, outside] of each way."""
    changes = Changes(Photo.of(Image.fromarray(photo)), (FaceChange(None, (change,)),))
    ways = {
        "editor": np.asarray(changes.at([1.0]).image),
        "residual alone": pixels.to_uint8(
            pixels.to_float(photo) + np.stack(bicubic(change.residual, _SIDE), axis=-1)
        ),
        "naive": _resized(pixels.to_uint8(output), _SIDE, Image.Resampling.BICUBIC),
    }
    return {
        name: [
            float(masked_psnr(truth[None], way[None], region[None])[0]),
            float(masked_psnr(photo[None], way[None], ~region[None])[0]),
            _sharpness(way, region) / _sharpness(truth, region),
            _sharpness(way, ~region) / _sharpness(photo, ~region),
        ]
        for name, way in ways.items()
    }


def _means(cases: list[dict[str, list[float]]]) -> dict[str, dict[str, float]]:
    """Medians of decibels, which may be infinite, and means of sharpness."""
    names = ("dB inside", "dB outside", "sharpness inside", "sharpness outside")
    found = {}
    for way in cases[0]:
        values = np.array([case[way] for case in cases])
        means = [*np.median(values[:, :2], axis=0), *values[:, 2:].mean(axis=0)]
        found[way] = {name: round(float(mean), 3) for name, mean in zip(names, means, strict=True)}
    return found


def _sharpness(image: np.ndarray, part: np.ndarray) -> float:
    down, across = np.gradient(image.astype(np.float32) @ LUMINANCE)
    return float(np.hypot(down, across)[part].mean())


def _resized(image: np.ndarray, side: int, how: Image.Resampling) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize((side, side), how))


if __name__ == "__main__":
    command_line.run("editing.py", main)
