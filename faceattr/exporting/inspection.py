"""What a bundle holds, and how fast it is here: `python -m faceattr.exporting inspect BUNDLE`."""

import collections
import dataclasses
import math
import os
import pathlib
import statistics
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from faceattr import command_line
from faceattr.bundles.loading import load
from faceattr.bundles.manifest import MANIFEST_NAME, Manifest
from faceattr.bundles.runtime import LiteRTRuntime
from faceattr.pictures.words import short

_CALLS = 15
_SAVED_MODEL = "saved_model"


@dataclasses.dataclass(frozen=True)
class Network:
    """What a .tflite is made of.

    Attributes:
        inputs: a line on each input of its signature; `outputs` the same.
        operations: how many there are of each, the commonest first.
        multiplications: of one face, of each kind of operation that has such.
        most_dimensions: int, of a tensor.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    operations: dict[str, int]
    multiplications: dict[str, int]
    most_dimensions: int


def network_of(path: pathlib.Path) -> Network:
    """Reads a .tflite, without running it."""
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(str(path), experimental_op_resolver_type=plain)
    interpreter.allocate_tensors()
    runner = interpreter.get_signature_runner()
    shapes = {
        each["index"]: tuple(map(int, each["shape"])) for each in interpreter.get_tensor_details()
    }
    details = interpreter._get_ops_details()
    operations = collections.Counter(each["op_name"] for each in details)
    multiplications: collections.Counter[str] = collections.Counter()
    for each in details:
        kernels = [shapes.get(index, ()) for index in each["inputs"][1:2]]
        output = shapes[each["outputs"][0]]
        if count := _multiplications(each["op_name"], output, *kernels):
            multiplications[each["op_name"]] += count
    given = (runner.get_input_details(), runner.get_output_details())
    inputs, outputs = (tuple(map(_line, side.items())) for side in given)
    most = max(len(shape) for shape in shapes.values())
    return Network(inputs, outputs, dict(operations.most_common()), dict(multiplications), most)


def _line(tensor: tuple[str, dict[str, Any]]) -> str:
    name, details = tensor
    return f"{name} {np.dtype(details['dtype']).name} {list(map(int, details['shape']))}"


def _multiplications(operation: str, output: Sequence[int], kernel: Sequence[int] = ()) -> int:
    """Of one operation: its output and its kernel are given by their shapes."""
    if operation == "CONV_2D":  # [out, height, width, in]
        return math.prod(output) * math.prod(kernel[1:])
    if operation == "FULLY_CONNECTED":  # [out, in]
        return math.prod(output) * kernel[-1]
    return math.prod(output) if operation in ("MUL", "LEAKY_RELU") else 0


def milliseconds(path: pathlib.Path, threads: int) -> float:
    """The median time of a face, on so many threads."""
    runtime = LiteRTRuntime(path, threads)
    image = np.zeros((runtime.image_size, runtime.image_size, 3), np.float32)
    taken = []
    for _ in range(_CALLS + 1):
        start = time.perf_counter()
        runtime.run(image)
        taken.append(time.perf_counter() - start)
    return 1000 * statistics.median(taken[1:])


def inspect(bundle: pathlib.Path) -> str:
    """What there is to say of a bundle, as text.

    Raises:
        UserError: if it is none, or not whole.
    """
    manifest, _ = load(bundle)
    tflite = bundle / manifest.tflite_name
    network = network_of(tflite)
    multiplications = sum(network.multiplications.values())
    counts = ", ".join(f"{name} {count}" for name, count in network.operations.items())
    of_each = ", ".join(f"{name} {short(n)}" for name, n in network.multiplications.items())
    lines = [
        f"{bundle}: {manifest.edit.name}, {manifest.image_size}x{manifest.image_size}",
        f"  files         {len(manifest.files) + 1}, all as they were exported",
        *(f"    {_size(bundle / name)}  {name}" for name in (*manifest.files, MANIFEST_NAME)),
        *_others(bundle, manifest),
        f"  weights       {_weights(manifest)}",
        f"  .tflite       {manifest.quantize}, {', '.join(network.inputs)} -> "
        f"{', '.join(network.outputs)}",
        f"    operations  {counts}; tensors of at most {network.most_dimensions} dimensions",
        f"    a face      {short(multiplications)} multiplications ({of_each})",
        *_signatures(bundle),
        *_parity(manifest),
        *(
            f"  latency       {milliseconds(tflite, threads):.1f} ms on {threads} "
            f"thread{'s' * (threads > 1)}, median of {_CALLS}"
            for threads in _threads()
        ),
    ]
    return "\n".join(lines)


def _size(path: pathlib.Path) -> str:
    return f"{path.stat().st_size:>12,} bytes"


def _others(bundle: pathlib.Path, manifest: Manifest) -> list[str]:
    """Files that nobody exported: they are not looked at when a bundle is loaded."""
    there = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    other = sorted(there - {*manifest.files, MANIFEST_NAME})
    return [f"    not of the bundle: {', '.join(other)}"] if other else []


def _weights(manifest: Manifest) -> str:
    if not manifest.weights:
        return "of no training"
    step, steps = manifest.weights["step"], manifest.training["steps"]
    told = f"of step {step:,} of {steps:,}"
    if manifest.weights["best"]:
        return f"{told}, the best checkpoint"
    return told if manifest.weights["finished"] else f"{told}: half trained"


def _signatures(bundle: pathlib.Path) -> list[str]:
    files = sorted((bundle / _SAVED_MODEL).glob("*/saved_model.pb"))
    if not files:
        return ["  SavedModel    none"]
    command_line.import_tensorflow_quietly()
    import tensorflow as tf
    from tensorflow.core.protobuf import saved_model_pb2

    lines = []
    for file in files:
        saved = saved_model_pb2.SavedModel.FromString(file.read_bytes())
        for name, definition in sorted(saved.meta_graphs[0].signature_def.items()):
            if name == "__saved_model_init_op":
                continue
            inputs, outputs = (
                ", ".join(
                    f"{key} {tf.dtypes.as_dtype(info.dtype).name} "
                    f"{[dim.size for dim in info.tensor_shape.dim]}"
                    for key, info in sorted(side.items())
                )
                for side in (definition.inputs, definition.outputs)
            )
            lines.append(f"  SavedModel    {file.parent.name}: {name}: {inputs} -> {outputs}")
    return lines


def _parity(manifest: Manifest) -> list[str]:
    lines = []
    for form, name in (("saved_model", "SavedModel"), ("tflite", ".tflite")):
        if exact := manifest.exactness.get(form):
            on = manifest.exactness["compared_on"]
            faces = f"{on['faces']} faces ({on['source']})"
            lines.append(
                f"  from Keras    {name}: at most {exact['largest']:.1g}, mean "
                f"{exact['mean']:.1g}, edits {exact['edit_psnr']:.1f} dB, on {faces}"
            )
    return lines


def _threads() -> list[int]:
    cores = os.cpu_count() or 1
    return [2**power for power in range(cores.bit_length()) if 2**power <= min(cores, 8)]
