"""How long a face takes, and how much memory, in every form of an export.

    python benchmarks/inference.py --json inference.json
    python benchmarks/inference.py --sizes 128 --networks paper --threads 1

Networks have drawn weights: what they compute takes as long as what trained ones do. Each form,
batch and number of threads is a process of its own, so that its peak memory is its own too. Times
are medians. A form's share is how much it attains of the machine's own rate of multiplications,
which is measured on one large convolution in LiteRT, on as many threads; it is counted in the
multiplications that the network has where maps are enlarged before they are convolved.

`plain` is that: the same network as TensorFlow Lite converts it without
`faceattr/models/fast_layers.py`, float16. All of it takes some eight minutes on two cores.
"""

import argparse
import concurrent.futures
import functools
import itertools
import multiprocessing
import os
import pathlib
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from reports import hand_over

from faceattr import command_line

NETWORKS = {"paper": "glasses", "best": "all", "mobile": "all"}
"""Preset -> attributes."""
SIZES = (64, 128, 256)
TFLITE = ("plain", "float32", "float16", "int8_weights", "int8")
FORMS = ("keras", "saved_model", *TFLITE)
_BATCHES = (1, 16)  # of the forms that take more than one face
_CALIBRATED = 4
# Seconds that are measured, and calls at least.
_SECONDS, _CALLS = 0.5, 3

Row = dict[str, Any]


def drawn_network(preset: str, size: int) -> Any:
    """A Keras network of one edit, with drawn weights."""
    from faceattr.attributes import PAPER_ATTRIBUTES, attribute_names
    from faceattr.runs.presets import preset_config
    from faceattr.training.train import new_model

    config = preset_config(preset, {"attr": NETWORKS[preset], "image_size": size})
    every = {each.name: each for each in PAPER_ATTRIBUTES}
    attributes = tuple(every[name] for name in attribute_names(config.attr))
    model = new_model(config, attributes)
    edits = [edit for attribute in attributes for edit in attribute.edits]
    network = config.family.network(model, config.family.exports(edits)[0])
    for weight in network.weights:
        weight.assign(weight + 0.01)  # what is added is not 0, which a converter leaves out
    return network


def _enlarge_first() -> None:
    """Maps are enlarged before they are convolved, as layers are usually converted."""
    from keras import layers, ops

    from faceattr.models import fast_layers

    def call(self: Any, inputs: Any, training: bool | None = None) -> Any:
        side = 2 * inputs.shape[1]
        large = ops.image.resize(inputs, (side, side), interpolation="nearest")
        return layers.Conv2D.call(self, large)

    setattr(fast_layers.UpsampledConv2D, "call", call)  # noqa: B010


def _make(folder: pathlib.Path, preset: str, size: int, wanted: tuple[str, ...]) -> int:
    """Writes the forms of a network; returns the multiplications of `plain`."""
    from faceattr.exporting import forms, inspection
    from faceattr.exporting.tflite_metadata import About
    from faceattr.exporting.traced import Traced

    with command_line.quiet_native_code():
        network = drawn_network(preset, size)
        traced = Traced(network, size)
        about = About("speed", "drawn weights", "Apache-2.0", "0", size)
        faces = np.random.default_rng(0).integers(0, 256, (_CALIBRATED, size, size, 3), np.uint8)
        folder.mkdir()
        if "saved_model" in wanted:
            forms.write_saved_model(folder / "saved_model", traced)
        for form in (form for form in wanted if form in forms.QUANTIZE):
            forms.write_tflite(folder / form, traced, about, form, calibration=faces)
        _enlarge_first()
        forms.write_tflite(folder / "plain", Traced(network, size), about)
        return sum(inspection.network_of(folder / "plain").multiplications.values())


def _write_convolution(path: pathlib.Path) -> int:
    """One large convolution; returns its multiplications."""
    import tensorflow as tf

    side, channels = 64, 128
    kernel = tf.random.stateless_normal((3, 3, channels, channels), (0, 0))

    @tf.function(input_signature=[tf.TensorSpec([1, side, side, channels], tf.float32)])
    def convolution(x: tf.Tensor) -> tf.Tensor:
        return tf.nn.conv2d(x, kernel, 1, "SAME")

    function = convolution.get_concrete_function()
    with command_line.quiet_native_code():
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
        path.write_bytes(converter.convert())
    return side * side * 9 * channels * channels


def _of_tensorflow(
    folder: pathlib.Path, preset: str, size: int, form: str, threads: int
) -> list[Row]:
    """Of each batch; the larger one is the last, so that memory is that of its own."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if form == "keras":
        network = drawn_network(preset, size)
        call: Callable[[Any], Any] = tf.function(lambda x: network(x, training=False))
    else:
        loaded = tf.saved_model.load(str(folder / form))
        call = loaded.signatures["serving_default"]
    return [
        _timed(functools.partial(call, tf.zeros((batch, size, size, 3))), batch)
        for batch in _BATCHES
    ]


def _of_litert(path: pathlib.Path, threads: int) -> list[Row]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), num_threads=threads)
    interpreter.allocate_tensors()
    for each in interpreter.get_input_details():
        interpreter.set_tensor(each["index"], np.zeros(each["shape"], each["dtype"]))
    return [{**_timed(interpreter.invoke, 1), "bytes": path.stat().st_size}]


def _timed(call: Callable[[], Any], batch: int) -> Row:
    """Milliseconds of one face, and the most memory that the process had."""
    call()
    wall: list[float] = []
    cpu: list[float] = []
    end = time.perf_counter() + _SECONDS
    while time.perf_counter() < end or len(wall) < _CALLS:
        start = time.perf_counter(), time.process_time()
        call()
        wall.append(time.perf_counter() - start[0])
        cpu.append(time.process_time() - start[1])
    ms, cpu_ms = (1000 * statistics.median(each) / batch for each in (wall, cpu))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row = {"batch": batch, "ms": ms, "cpu_ms": cpu_ms, "images_per_second": 1000 / ms}
    return {**row, "peak_mib": peak}


def _convolutions(path: pathlib.Path, threads: int) -> float:
    """How many there are in a second."""
    (row,) = _in_a_process("spawn", _of_litert, path, threads)
    return row["images_per_second"]


def _in_a_process(method: str, job: Callable[..., Any], *given: Any) -> Any:
    """With TensorFlow imported before, by `forkserver`; without it, by `spawn`."""
    context = multiprocessing.get_context(method)
    with concurrent.futures.ProcessPoolExecutor(1, context) as pool:
        return pool.submit(job, *given).result()


def _rows(
    scratch: pathlib.Path, arguments: argparse.Namespace, counts: dict[tuple[str, int], int]
) -> Iterator[Row]:
    for (preset, size), form, threads in itertools.product(
        counts, arguments.forms, arguments.threads
    ):
        folder = scratch / f"{preset}-{size}"
        facts = {"network": preset, "size": size, "form": form, "threads": threads}
        facts["multiplications"] = counts[preset, size]
        if form in TFLITE:
            found = _in_a_process("spawn", _of_litert, folder / form, threads)
        else:
            given = (folder, preset, size, form, threads)
            found = _in_a_process("forkserver", _of_tensorflow, *given)
        for row in found:
            yield {**facts, **row}


def _table(rows: list[Row], rates: dict[int, float], threads: int) -> str:
    """Times on so many threads, as Markdown."""

    def told(row: Row) -> str:
        share = row["multiplications"] / row["ms"] * 1000 / rates[threads]
        return f"{row['ms']:.1f} / {row['images_per_second']:.1f} / {share:.0%}"

    return _markdown([row for row in rows if row["threads"] == threads], told)


def _sizes(rows: list[Row]) -> str:
    """Files, and memory on the fewest threads, as Markdown."""

    def told(row: Row) -> str:
        file = f"{row['bytes'] / 1e6:.2f} MB, " if "bytes" in row else ""
        return f"{file}{row['peak_mib']:.0f} MiB"

    fewest = min(row["threads"] for row in rows)
    return _markdown([row for row in rows if row["threads"] == fewest], told)


def _markdown(rows: list[Row], told: Callable[[Row], str]) -> str:
    """A line is a network at a size, a column a form."""
    of = {(row["network"], row["size"], row["form"], row["batch"]): row for row in rows}
    places = dict.fromkeys(key[:2] for key in of)
    forms = dict.fromkeys(key[2:] for key in of)
    heads = [f"{form}, {batch} faces" if batch > 1 else form for form, batch in forms]
    lines = [["network", "side", *heads], ["---"] * (2 + len(heads))]
    for network, size in places:
        cells = [told(of[network, size, *form]) for form in forms]
        lines.append([network, str(size), *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES))
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=list(FORMS))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--json", help="writes the numbers there as well")
    arguments = parser.parse_args()
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # of the processes
    multiprocessing.get_context("forkserver").set_forkserver_preload(["tensorflow", "keras"])
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        count = _in_a_process("forkserver", _write_convolution, scratch / "convolution")
        rates = {
            threads: count * _convolutions(scratch / "convolution", threads)
            for threads in arguments.threads
        }
        for threads, rate in rates.items():
            print(f"one convolution, threads {threads}: {rate / 1e9:.1f} billion multiplications/s")
        counts = _made(scratch, arguments)
        rows = []
        for row in _rows(scratch, arguments, counts):
            rows.append(row)
            print(row, file=sys.stderr)  # so that nothing is lost that took long
    for threads in arguments.threads:
        print(
            f"\nThreads: {threads}. Milliseconds of a face / faces a second / share of the rate\n"
        )
        print(_table(rows, rates, threads))
    print(f"\nThe file, and the most memory that a process had\n\n{_sizes(rows)}")
    hand_over({"rates": rates, "rows": rows}, arguments.json, prints=False)


def _made(scratch: pathlib.Path, arguments: argparse.Namespace) -> dict[tuple[str, int], int]:
    """All networks in all forms, on all cores; their multiplications."""
    places = list(itertools.product(arguments.networks, arguments.sizes))
    context = multiprocessing.get_context("forkserver")
    with concurrent.futures.ProcessPoolExecutor(
        os.cpu_count(), context, max_tasks_per_child=1
    ) as pool:
        jobs = [
            pool.submit(_make, scratch / f"{preset}-{size}", preset, size, tuple(arguments.forms))
            for preset, size in places
        ]
        return {place: job.result() for place, job in zip(places, jobs, strict=True)}


if __name__ == "__main__":
    _main()
