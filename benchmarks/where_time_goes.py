"""Which operations of one training step take its time, on a CPU.

    python benchmarks/where_time_goes.py --image_size 128 --json where_time_goes.json

Reads TensorFlow's own trace of a few steps that run one operation at a time, each on all cores, so
that the operations' times add up to the step's. GFLOP/s are of what an operation computes. Beside
them is a 2048x2048 matrix product, measured in turn with the steps: `lost` is the time that a
convolution takes beyond what it would take at that rate.
"""

import argparse
import collections
import dataclasses
import json
import pathlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

from faceattr import command_line

_MATRIX = 2048
_PASSES = {
    "Conv2D": "forward",
    "Conv2DBackpropInput": "by input",
    "Conv2DBackpropFilter": "by kernel",
}
_FUSED = ("BiasAdd", "AddV2", "LeakyRelu")


@dataclasses.dataclass
class _Share:
    """What one kind of operation takes in one step."""

    count: float = 0.0
    seconds: float = 0.0
    flops: float = 0.0

    def add(self, count: float, seconds: float, flops: float) -> None:
        self.count += count
        self.seconds += seconds
        self.flops += flops

    def lost(self, rate: float) -> float:
        return self.seconds - self.flops / rate


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--image_size", type=int, default=128)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--batch_size", type=int, default=16, help="pairs per step (%(default)s)")
    parser.add_argument("--precision", default="float32", help="or mixed_bfloat16, mixed_float16")
    parser.add_argument("--steps", type=int, default=3, help="steps to trace (%(default)s)")
    parser.add_argument("--top", type=int, default=16, help="lines per table (%(default)s)")
    parser.add_argument("--json", help="also write all figures here")
    options = parser.parse_args()
    command_line.import_tensorflow_quietly()
    import tensorflow as tf

    tf.config.threading.set_inter_op_parallelism_threads(1)
    step, graph = _step(options)
    product = _matrix_product()
    step()  # the first one compiles
    traced, rates = [], []
    for _ in range(options.steps):
        rates.append(product())
        traced.append(_traced(step))
    rate = statistics.median(rates)
    operations, convolutions = _shares(traced, graph)
    seconds = sum(share.seconds for share in operations.values())
    print(
        f"{options.image_size}x{options.image_size}, width {options.width}, "
        f"{options.batch_size} pairs, {options.precision}: {seconds:.2f} s per step; matrix "
        f"product {rate / 1e9:.0f} GFLOP/s (float32)\n"
    )
    print(_table("operation", operations, seconds, rate, options.top), end="\n\n")
    most_lost = dict(sorted(convolutions.items(), key=lambda item: -item[1].lost(rate)))
    print(_table("convolution", most_lost, seconds, rate, options.top))
    if options.json:
        figures = {
            "settings": {
                name: getattr(options, name)
                for name in ("image_size", "width", "batch_size", "precision")
            },
            "seconds_per_step": seconds,
            "matrix_product_flops_per_second": rate,
            "operations": {name: dataclasses.asdict(one) for name, one in operations.items()},
            "convolutions": {name: dataclasses.asdict(one) for name, one in convolutions.items()},
        }
        pathlib.Path(options.json).write_text(json.dumps(figures, indent=2) + "\n")


def _step(options: argparse.Namespace) -> tuple[Callable[[], None], Any]:
    """One step on a batch in memory, and the graph that it runs."""
    import tensorflow as tf

    from faceattr.models.residual_gan.model import ResidualGAN

    size = options.image_size
    model = ResidualGAN(size, options.width, dtype=options.precision)
    model.compile()
    pair = tuple(
        tf.random.uniform([options.batch_size, size, size, 3], -1.0, 1.0) for _ in range(2)
    )
    compiled = tf.function(model.train_step)

    def step() -> None:
        for value in compiled(pair).values():
            value.numpy()

    return step, compiled.get_concrete_function(pair).graph


def _matrix_product() -> Callable[[], float]:
    import tensorflow as tf

    matrix = tf.random.normal([_MATRIX, _MATRIX])
    product = tf.function(lambda: tf.matmul(matrix, matrix))
    product()

    def rate() -> float:
        start = time.perf_counter()
        product().numpy()
        return 2 * _MATRIX**3 / (time.perf_counter() - start)

    return rate


def _traced(step: Callable[[], None]) -> list[tuple[str, str, float]]:
    """(node, type, seconds) of every operation that one step ran."""
    import tensorflow as tf
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    with tempfile.TemporaryDirectory() as folder:
        profiler = tf.profiler.experimental
        # Level 3 has every operation, however short.
        with profiler.Profile(folder, profiler.ProfilerOptions(host_tracer_level=3)):
            step()
        space = xplane_pb2.XSpace()
        (file,) = pathlib.Path(folder).rglob("*.xplane.pb")
        space.ParseFromString(file.read_bytes())
    return [
        (*plane.event_metadata[event.metadata_id].name.rsplit(":", 1), event.duration_ps / 1e12)
        for plane in space.planes
        if plane.name == "/host:CPU"
        for line in plane.lines
        for event in line.events
        if _is_operation(plane.event_metadata[event.metadata_id].name)
    ]


def _is_operation(name: str) -> bool:
    # Others are calls of TensorFlow's own, such as ExecutorState::Process.
    node, colon, kind = name.rpartition(":")
    return bool(colon) and kind.isidentifier() and not node.endswith((":", "EagerLocalExecute"))


def _shares(
    traced: list[list[tuple[str, str, float]]], graph: Any
) -> tuple[dict[str, _Share], dict[str, _Share]]:
    """What operations take by their type, and convolutions by layer and direction."""
    convolutions = dict(_convolutions(graph))
    by_type: dict[str, _Share] = collections.defaultdict(_Share)
    by_layer: dict[str, _Share] = collections.defaultdict(_Share)
    for events in traced:
        for node, kind, seconds in events:
            # What oneDNN computes is named after TensorFlow's own.
            kind = kind.removeprefix("_MklNative").removeprefix("_Mkl").removeprefix("_")
            layer, flops = convolutions.get(node, ("", 0)) if "Conv2D" in kind else ("", 0)
            each = (1 / len(traced), seconds / len(traced), flops / len(traced))
            by_type[kind].add(*each)
            if layer:
                by_layer[layer].add(*each)
    return _sorted(by_type), _sorted(by_layer)


def _sorted(shares: dict[str, _Share]) -> dict[str, _Share]:
    return dict(sorted(shares.items(), key=lambda item: -item[1].seconds))


def _convolutions(graph: Any) -> Iterator[tuple[str, tuple[str, int]]]:
    """(node, (layer and direction, operations)) of convolutions, and of what is fused with them."""
    import tensorflow as tf

    for operation in graph.get_operations():
        if operation.type not in _PASSES:
            continue
        inputs, output = operation.inputs, operation.outputs[0].shape
        if operation.type == "Conv2DBackpropFilter":
            sizes = inputs[1]
            kernel = (
                sizes.op.inputs[sizes.value_index].shape
                if sizes.op.type == "ShapeN"
                else tf.TensorShape(tf.get_static_value(sizes))
            )
            output = inputs[2].shape
        else:
            kernel = inputs[1].shape
            if operation.type == "Conv2DBackpropInput":
                output = inputs[2].shape
        side, _, channels, filters = kernel
        layer = (
            f"{side}x{side} {channels}->{filters} onto {output[1]}x{output[2]}, "
            f"{_PASSES[operation.type]}"
        )
        found = (layer, 2 * output.num_elements() * side * side * channels)
        yield operation.name, found
        # Where it is fused with what follows, it goes by the name of that.
        following = list(operation.outputs[0].consumers())
        while following:
            consumer = following.pop()
            if consumer.type in _FUSED:
                yield consumer.name, found
                following += consumer.outputs[0].consumers()


def _table(
    title: str, shares: dict[str, _Share], seconds: float, matrix_rate: float, top: int
) -> str:
    lines = [
        f"{title:44}{'count':>7}{'ms':>9}{'share':>8}"
        f"{'GFLOP/s':>10}{'of product':>12}{'lost ms':>9}"
    ]
    for name, share in list(shares.items())[:top]:
        line = (
            f"{name:44}{share.count:7.0f}{share.seconds * 1e3:9.1f}{share.seconds / seconds:8.1%}"
        )
        if share.flops:
            rate = share.flops / share.seconds
            lost = share.lost(matrix_rate)
            line += f"{rate / 1e9:10.0f}{rate / matrix_rate:12.0%}{lost * 1e3:9.1f}"
        lines.append(line)
    return "\n".join(lines)


if __name__ == "__main__":
    main()
