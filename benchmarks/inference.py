"""How long a face takes, and how much memory, in every form of an export.

    python benchmarks/inference.py --json inference.json
    python benchmarks/inference.py --sizes 128 --networks paper --threads 1

Networks have drawn weights: what they compute takes as long as what trained ones do. Each network,
size, form and number of threads is a process of its own, so that its peak memory is its own too.
Times are medians; `cpu ms` is processor time, which other programs on the machine change less.
`share` is how much of the machine's own rate of multiplications, measured on one large convolution
in the same runtime and the same way, a form attains, counted in the multiplications of the network
as Keras has it.

`plain` is the same network as TensorFlow Lite converts it with maps enlarged before they are
convolved, float16.
"""

import argparse
import functools
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from reports import hand_over

from faceattr import command_line

NETWORKS = {"paper": "glasses", "best": "all", "mobile": "all"}
"""Preset -> attributes."""
SIZES = (64, 128, 256)
FORMS = ("keras", "saved_model", "plain", "float32", "float16", "dynamic", "int8")
_SECONDS = 1.0  # that are measured
_LEAST_CALLS = 5
_BATCHES = {"keras": (1, 16), "saved_model": (1, 16)}


def _network(preset: str, size: int) -> Any:
    """A Keras network of one edit, with drawn weights."""
    from faceattr.attributes import PAPER_ATTRIBUTES, attribute_names
    from faceattr.runs.presets import preset_config
    from faceattr.training.train import new_model

    config = preset_config(preset, {"attr": NETWORKS[preset], "image_size": size})
    every = {each.name: each for each in PAPER_ATTRIBUTES}
    attributes = tuple(every[name] for name in attribute_names(config.attr))
    model = new_model(config, attributes)
    edits = [edit for attribute in attributes for edit in attribute.edits]
    return config.family.network(model, config.family.exports(edits)[0])


def _enlarging() -> None:
    """Maps are enlarged before they are convolved, as layers are usually converted."""
    from keras import layers, ops

    from faceattr.models import fast_layers

    def call(self: Any, inputs: Any, training: bool | None = None) -> Any:
        side = 2 * inputs.shape[1]
        large = ops.image.resize(inputs, (side, side), interpolation="nearest")
        return layers.Conv2D.call(self, large)

    setattr(fast_layers.UpsampledConv2D, "call", call)  # noqa: B010


def _timed(call: Callable[[], Any]) -> dict[str, float]:
    call()
    call()
    wall: list[float] = []
    cpu: list[float] = []
    end = time.perf_counter() + _SECONDS
    while time.perf_counter() < end or len(wall) < _LEAST_CALLS:
        start = time.perf_counter(), time.process_time()
        call()
        wall.append(time.perf_counter() - start[0])
        cpu.append(time.process_time() - start[1])
    return {"ms": 1000 * statistics.median(wall), "cpu_ms": 1000 * statistics.median(cpu)}


def _of_interpreter(tflite: bytes, threads: int) -> dict[str, float]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=tflite, num_threads=threads)
    interpreter.allocate_tensors()
    for each in interpreter.get_input_details():
        interpreter.set_tensor(each["index"], np.zeros(each["shape"], each["dtype"]))
    return _timed(interpreter.invoke)


def _rate(threads: int) -> dict[str, float]:
    """Multiplications a second of one large convolution in LiteRT."""
    import tensorflow as tf

    side, channels = 64, 128
    kernel = tf.random.stateless_normal((3, 3, channels, channels), (0, 0))

    @tf.function(input_signature=[tf.TensorSpec([1, side, side, channels], tf.float32)])
    def convolution(x: tf.Tensor) -> tf.Tensor:
        return tf.nn.conv2d(x, kernel, 1, "SAME")

    function = convolution.get_concrete_function()
    tflite = tf.lite.TFLiteConverter.from_concrete_functions([function]).convert()
    taken = _of_interpreter(tflite, threads)
    count = side * side * 9 * channels * channels
    return {
        "per_second": count / taken["ms"] * 1000,
        "per_cpu_second": count / taken["cpu_ms"] * 1000,
    }


def _measure(preset: str, size: int, form: str, threads: int) -> list[dict[str, Any]]:
    import tensorflow as tf

    from faceattr.exporting import forms, inspection
    from faceattr.exporting.tflite_metadata import About
    from faceattr.exporting.traced import Traced

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if form == "rate":
        return [{"form": "rate", "threads": threads, **_rate(threads)}]
    if form == "plain":
        _enlarging()
    network = _network(preset, size)
    traced = Traced(network, size)
    facts = {"network": preset, "size": size, "form": form, "threads": threads}
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / "network"
        if form in ("keras", "saved_model"):
            call: Callable[[Any], Any] = tf.function(lambda x: network(x, training=False))
            if form == "saved_model":
                forms.write_saved_model(path, traced)
                loaded = tf.saved_model.load(str(path))
                call = loaded.signatures["serving_default"]
            for batch in _BATCHES[form]:
                x = tf.zeros((batch, size, size, 3))
                rows.append({**facts, "batch": batch, **_timed(functools.partial(call, x))})
        else:
            about = About("speed", "drawn weights", "Apache-2.0", "0", size)
            quantize = "float16" if form == "plain" else form
            faces = np.random.default_rng(0).integers(0, 256, (16, size, size, 3), np.uint8)
            forms.write_tflite(path, traced, about, quantize, calibration=faces)
            row = {**facts, "batch": 1, **_of_interpreter(path.read_bytes(), threads)}
            row["bytes"] = path.stat().st_size
            row["multiplications"] = sum(inspection.network_of(path).multiplications.values())
            rows.append(row)
    for row in rows:
        row["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return rows


def _in_a_process(*what: Any) -> list[dict[str, Any]]:
    words = [sys.executable, __file__, "--one", *map(str, what)]
    found = subprocess.run(
        words, capture_output=True, text=True, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    )
    if found.returncode:
        raise RuntimeError(f"{what}: {found.stderr[-2000:]}")
    return json.loads(found.stdout.splitlines()[-1])


def _table(rows: list[dict[str, Any]], rates: dict[int, dict[str, float]]) -> str:
    """As Markdown."""
    plain = {
        (row["network"], row["size"], row["threads"]): row for row in rows if row["form"] == "plain"
    }
    lines = [
        "| network | size | form | threads | batch | ms | cpu ms | images/s | of plain | share "
        "| MB | peak MiB |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        base = plain.get((row["network"], row["size"], row["threads"]))
        of_plain = share = size = ""
        if base:
            per_image = row["cpu_ms"] / row["batch"]
            of_plain = f"{base['cpu_ms'] / per_image:.2f}x"
            rate = rates[row["threads"]]["per_cpu_second"]
            share = f"{base['multiplications'] / per_image * 1000 / rate:.0%}"
        if "bytes" in row:
            size = f"{row['bytes'] / 1e6:.2f}"
        lines.append(
            f"| {row['network']} | {row['size']} | {row['form']} | {row['threads']} "
            f"| {row['batch']} | {row['ms']:.1f} | {row['cpu_ms']:.1f} "
            f"| {1000 * row['batch'] / row['ms']:.1f} | {of_plain} | {share} | {size} "
            f"| {row['peak_mib']:.0f} |"
        )
    return "\n".join(lines)


def _main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES))
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=list(FORMS))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--json", help="writes the numbers there as well")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        preset, size, form, threads = arguments.one
        command_line.import_tensorflow_quietly()
        with command_line.quiet_native_code():
            rows = _measure(preset, int(size), form, int(threads))
        print(json.dumps(rows))
        return
    rates = {threads: _in_a_process("none", 0, "rate", threads)[0] for threads in arguments.threads}
    for threads, rate in rates.items():
        print(
            f"one convolution, {threads} threads: {rate['per_second'] / 1e9:.1f} billion "
            f"multiplications a second, {rate['per_cpu_second'] / 1e9:.1f} of processor time"
        )
    rows = []
    for network in arguments.networks:
        for size in arguments.sizes:
            for form in arguments.forms:
                for threads in arguments.threads:
                    rows += _in_a_process(network, size, form, threads)
                    print(rows[-1], file=sys.stderr)  # so that nothing is lost that took long
    print(_table(rows, rates))
    hand_over({"rates": rates, "rows": rows}, arguments.json, prints=False)


if __name__ == "__main__":
    _main()
