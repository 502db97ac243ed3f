"""Measures what tells edited faces from real ones, where it is known what it should find.

    python benchmarks/told_apart.py --data celeba --data_dir data/celeba --attr smile young

For each edit: faces that need it, left as they are, against real ones of the class that it aims at;
two sets of such real ones against each other; and real ones with a small fault, such as edits leave
behind, against others without. Nothing was fitted to any of these faces before, so that they are
drawn from all of a source. Last come the processor's milliseconds for a face.
"""

import argparse
import platform
import time

import numpy as np
from PIL import Image

from faceattr import command_line
from faceattr.attributes import find_attribute
from faceattr.data.choice import DataChoice
from faceattr.data.table import AttributeTable
from faceattr.edits import Edit
from faceattr.errors import UserError
from faceattr.evaluation.judge.classifier_data import read_crops
from faceattr.evaluation.judge.imagenet_features import ImageNetFeatures
from faceattr.evaluation.measures.intervals import Estimate
from faceattr.evaluation.measures.told_apart import FacesToTell, summarise
from faceattr.pictures.words import number, span

FAULTS = ("checkerboard", "blur", "dots")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="celeba", help="a source (%(default)s)")
    parser.add_argument("--data_dir", required=True, help="its folder")
    parser.add_argument("--attr", nargs="+", default=["smile", "young"])
    parser.add_argument("--image_size", type=int, default=64, help="of the crops (%(default)s)")
    parser.add_argument("--faces", type=int, nargs="+", default=[25, 50, 100], help="of a side")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    table = DataChoice(data=options.data, data_dir=options.data_dir).files()
    features = ImageNetFeatures()
    features(np.zeros((1, options.image_size, options.image_size, 3), np.uint8))
    seconds, asked = 0.0, 0
    for attr in options.attr:
        for edit in find_attribute(attr, table.columns).edits:
            sets = drawn(table, edit, max(options.faces), options.image_size, options.seed)
            start = time.process_time()
            found = {name: features(images) for name, (images, _) in sets.items()}
            seconds += time.process_time() - start
            asked += sum(map(len, found.values()))
            who = {name: persons for name, (_, persons) in sets.items()}
            for count in options.faces:
                print(f"{edit.name}, {count} faces a side: {told(found, who, count, options.seed)}")
    print(f"{1000 * seconds / asked:.1f} ms a face ({platform.processor() or 'this machine'})")


def drawn(
    table: AttributeTable, edit: Edit, count: int, size: int, seed: int
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Faces of each kind, and their persons: uint8 [n, size, size, 3] and int64 [n]."""
    has = table.values(edit.column)
    random = np.random.default_rng(seed)
    sides = [
        random.permutation(np.flatnonzero(table.known(edit.column) & (has == value)))
        for value in (not edit.adds, edit.adds)
    ]
    places = {"unedited": sides[0][:count], "real": sides[1][: 2 * count]}
    places["faulty"] = sides[1][2 * count : 3 * count]
    if len(places["faulty"]) < count or len(places["unedited"]) < count:
        raise UserError(f"--faces {count}: {edit.name} needs {3 * count} faces that are so already")
    persons = np.arange(len(table)) if table.identities is None else table.identities
    sets = {name: (read_crops(table, each, size), persons[each]) for name, each in places.items()}
    images, who = sets.pop("faulty")
    return {**sets, **{fault: (faulty(images, fault, random), who) for fault in FAULTS}}


def faulty(images: np.ndarray, fault: str, random: np.random.Generator) -> np.ndarray:
    """The same, but for a fault that is hardly seen: uint8 [n, s, s, 3]."""
    side = images.shape[1]
    if fault == "checkerboard":  # by 2 grey levels, as transposed convolutions leave it
        sign = np.indices((side, side)).sum(axis=0) % 2 * 4 - 2
        return np.clip(images.astype(int) + sign[..., None], 0, 255).astype(np.uint8)
    if fault == "blur":  # what is left of seven eighths of the pixels
        small, whole = (7 * side // 8,) * 2, (side, side)
        pictures = [
            Image.fromarray(image).resize(small, Image.Resampling.BICUBIC) for image in images
        ]
        return np.stack(
            [np.asarray(each.resize(whole, Image.Resampling.BICUBIC)) for each in pictures]
        )
    dotted = images.copy()  # six of 2x2 pixels, saturated, about the mouth
    for image in dotted:
        for row, column in random.integers(
            (5 * side // 8, side // 3), (7 * side // 8, 2 * side // 3), (6, 2)
        ):
            image[row : row + 2, column : column + 2] = (250, 40, 40)
    return dotted


def told(found: dict[str, np.ndarray], who: dict[str, np.ndarray], count: int, seed: int) -> str:
    """The shares that are told right, in words."""
    real, persons = found["real"][: 2 * count], who["real"][: 2 * count]
    words: list[str] = []
    for name in ("unedited", *FAULTS):
        edited = found[name][:count]
        result = summarise(FacesToTell(edited, edited, real, who[name][:count], persons), seed)
        if not words:
            words.append(f"real {share(result.real)}")
        words.append(f"{name} {share(result.edited)}")
    return "; ".join(words)


def share(found: Estimate) -> str:
    return f"{number(found.value, '%')} ({span(found.low, found.high, '%')})"


if __name__ == "__main__":
    command_line.run("benchmarks/told_apart.py", main)
