"""Images per second from JPEG file to training batch, beside a bare loop on the same cores.

    python benchmarks/input_pipeline.py --data celeba --data_dir data/celeba --json result.json

The bare loop reads, decodes, crops and resizes (antialiased) the same files with TensorFlow's own
operations, one thread per core, and batches nothing. Every figure is the median of several
repetitions taken in turn, so that a machine whose speed drifts does not favour one side.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from faceattr import command_line

_TABLE_ROWS = 200_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="celeba")
    parser.add_argument("--data_dir", required=True)
    parser.add_argument("--image_size", type=int, default=64)
    parser.add_argument(
        "--batch_size",
        type=int,
        default=64,
        help="pairs per batch (%(default)s, the paper preset's)",
    )
    parser.add_argument("--images", type=int, default=2000, help="images per repetition")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--json", help="also write the figures here")
    parser.add_argument("--memory_of_rows", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    command_line.import_tensorflow_quietly()
    if options.memory_of_rows:
        _print_peak_memory(options)
        return
    figures = _throughput(options)
    figures["peak_memory_gib_of_200000_rows"] = _peak_memory_in_a_process_of_its_own()
    for name, value in figures.items():
        print(f"{name:40} {value:10.3f}")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(figures, indent=2) + "\n")


def _throughput(options: argparse.Namespace) -> dict[str, float]:
    from faceattr.data.packing import cached_in_memory, load_packed, pack
    from faceattr.data.sources import load_files
    from faceattr.data.splits import balanced_split

    table = load_files(options.data, pathlib.Path(options.data_dir))
    split = balanced_split(table.values("Smiling"), 50, seed=0)
    kept = np.concatenate([split.train_negative, split.train_positive])
    cached = cached_in_memory(table, kept, options.image_size)
    with tempfile.TemporaryDirectory() as scratch:
        pack(table, pathlib.Path(scratch) / "packed", options.image_size)
        packed = load_packed(pathlib.Path(scratch) / "packed")
        sides = {
            "bare_loop": lambda: _bare_loop(table, kept, options),
            "from_files": lambda: _pipeline(table, split, options),
            "from_packed_crops": lambda: _pipeline(packed, split, options),
            "from_memory": lambda: _pipeline(cached, split, options),
        }
        rates: dict[str, list[float]] = {name: [] for name in sides}
        for repetition in range(options.repetitions + 1):
            for name, measure in sides.items():
                rate = measure()
                if repetition:  # the first is for warming up
                    rates[name].append(rate)
    figures = {f"{name}_images_per_second": statistics.median(r) for name, r in rates.items()}
    bare = figures["bare_loop_images_per_second"]
    for name in ("from_files", "from_packed_crops", "from_memory"):
        figures[f"{name}_over_bare_loop"] = figures[f"{name}_images_per_second"] / bare
    return figures


def _bare_loop(table, kept: np.ndarray, options: argparse.Namespace) -> float:
    import tensorflow as tf

    chosen = np.random.default_rng(0).choice(kept, options.images)
    with_size = tf.io.extract_jpeg_shape(tf.io.read_file(str(table.path(chosen[0])))).numpy()
    left, top, right, bottom = table.crop.box(int(with_size[1]), int(with_size[0]))
    window = tf.constant([top, left, bottom - top, right - left])

    # The loop itself runs inside TensorFlow: Python would cost as much as the small images.
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def read_all(paths: tf.Tensor) -> tf.Tensor:
        total = 0.0
        for path in paths:
            image = tf.io.decode_and_crop_jpeg(
                tf.io.read_file(path), window, channels=3, dct_method="INTEGER_ACCURATE"
            )
            total += tf.image.resize(image, [options.image_size] * 2, antialias=True)[0, 0, 0]
        return total

    paths = [str(table.path(index)) for index in chosen]
    read_all(tf.constant(paths[:8]))
    cores = os.cpu_count() or 1
    parts = [tf.constant(paths[core::cores]) for core in range(cores)]
    start = time.perf_counter()
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(read_all, parts))
    return len(paths) / (time.perf_counter() - start)


def _pipeline(table, split, options: argparse.Namespace) -> float:
    from faceattr.data.pipeline import training_batches
    from faceattr.models.pairs import PairDraws

    per_batch = 2 * options.batch_size
    warm = 4
    # Memory is so fast that as many images again would be over before the clock has ticked.
    batches = options.images // per_batch * (1 if table.images is None else 20)
    draws = PairDraws(split.training("Smiling"), options.batch_size, seed=0)
    iterator = iter(training_batches(table, draws, options.image_size, range(warm + batches)))
    for _ in range(warm):
        next(iterator)
    start = time.perf_counter()
    for _ in iterator:
        pass
    return batches * per_batch / (time.perf_counter() - start)


def _peak_memory_in_a_process_of_its_own() -> float:
    arguments = ["--data_dir", "-", "--memory_of_rows", str(_TABLE_ROWS)]
    process = subprocess.run(
        [sys.executable, __file__, *arguments], capture_output=True, text=True, check=True
    )
    return float(process.stdout.split()[-1])


def _print_peak_memory(options: argparse.Namespace) -> None:
    """Serves batches from a table of as many rows as CelebA has, no image cached."""
    from PIL import Image

    from faceattr.data import synthetic
    from faceattr.data.pipeline import training_batches
    from faceattr.data.splits import balanced_split
    from faceattr.data.table import AttributeTable
    from faceattr.faces.crop import WHOLE_IMAGE
    from faceattr.models.pairs import PairDraws

    with tempfile.TemporaryDirectory() as scratch:
        face = pathlib.Path(scratch) / "face.jpg"
        Image.fromarray(synthetic.render(synthetic.sample_parameters(0, 0), 218)).save(face)
        names = []
        for index in range(options.memory_of_rows):
            names.append(f"{index:06d}.jpg")
            face.with_name(names[-1]).symlink_to(face)  # a file has no 200,000 hard links
        labels = np.random.default_rng(0).choice([-1, 1], (len(names), 40)).astype(np.int8)
        columns = synthetic.COLUMNS
        table = AttributeTable(tuple(names), columns, labels, WHOLE_IMAGE, folder=face.parent)
        split = balanced_split(table.values(columns[0]), None, seed=0)
        draws = PairDraws(split.training(columns[0]), 64, seed=0)
        for _ in training_batches(table, draws, 128, range(50)):
            pass
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)


if __name__ == "__main__":
    main()
