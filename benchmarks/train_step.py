"""How fast one training step of the paper's objective is, beside what the machine can do.

    python benchmarks/train_step.py --json train_step.json

Each row is a process of its own that holds its networks and one batch in memory. The rows take
turns, one repetition each, so that a machine whose speed drifts does not favour one of them; every
figure is a median. GFLOP/s count the convolutions as Table 1 writes them, however they are
computed (`step_flops`). The machine's own rates are a 2048x2048 matrix product,
and a forward pass of G's second convolution over the same batch, in float32. `GiB` is the most
memory that the process took, less what it took before it had networks, and `estimated` what
`step_flops` makes of it.

`separate updates` is the reference: D, G0 and G1 updated one after the other, each from forward
passes of its own over the batch, with an optimizer of its own, as public re-implementations do.
Networks and losses are the same.
"""

import argparse
import contextlib
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from faceattr import command_line

_STEP = "one step"
_REFERENCE = "separate updates"
_BFLOAT16 = "one step, bfloat16"
_XLA = "one step, XLA"
_RATES = "rates"

_MATRIX = 2048
_PRODUCTS = 8  # in a row, to outlast the clock


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 128])
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--batch_size", type=int, default=16, help="pairs per step (%(default)s)")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--bfloat16", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--xla", action="store_true", help="also a step that XLA compiles")
    parser.add_argument("--deterministic", action="store_true", help="the same bits each time")
    parser.add_argument("--json", help="also write the figures here")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        _work(options)
        return
    command_line.import_tensorflow_quietly()
    figures = {}
    for size in options.sizes:
        figures[str(size)] = _measure(size, options)
        print(_table(size, figures[str(size)], options), end="\n\n", flush=True)
    if options.json:
        settings = {
            name: getattr(options, name) for name in ("width", "batch_size", "deterministic")
        }
        written = {"settings": settings, "sizes": figures}
        pathlib.Path(options.json).write_text(json.dumps(written, indent=2) + "\n")


def _measure(size: int, options: argparse.Namespace) -> dict[str, Any]:
    """The medians of every row and of the machine's rates at one image size."""
    from step_flops import step_flops

    chosen = {_STEP: True, _REFERENCE: True, _BFLOAT16: options.bfloat16, _XLA: options.xla}
    rows = [name for name, wanted in chosen.items() if wanted]
    samples: dict[str, list[dict[str, float]]] = {name: [] for name in (_RATES, *rows)}
    with contextlib.ExitStack() as stack:
        # Each is warm before the next starts, so none is measured while another compiles.
        workers = {name: stack.enter_context(_worker(name, size, options)) for name in samples}
        for _ in range(options.repetitions):
            for name, ask in workers.items():
                samples[name].append(ask())
    medians = {
        name: {key: statistics.median(sample[key] for sample in taken) for key in taken[0]}
        for name, taken in samples.items()
    }
    rates = medians.pop(_RATES)
    for row in medians.values():
        flops = step_flops(size, options.width, options.batch_size) / row["seconds"]
        row["pairs_per_second"] = options.batch_size / row["seconds"]
        row["flops_per_second"] = flops
        row["over_matrix_product"] = flops / rates["matrix_product_flops_per_second"]
        row["over_convolution"] = flops / rates["convolution_flops_per_second"]
        row["over_separate_updates"] = medians[_REFERENCE]["seconds"] / row["seconds"]
    return {"rates": rates, "rows": medians}


def _table(size: int, figures: dict[str, Any], options: argparse.Namespace) -> str:
    product, convolution = (rate / 1e9 for rate in list(figures["rates"].values())[:2])
    lines = [
        f"{size}x{size}, width {options.width}, {options.batch_size} pairs: matrix product "
        f"{product:.0f} GFLOP/s, convolution {convolution:.0f} GFLOP/s",
        f"{'':20}{'s/step':>8}{'pairs/s':>9}{'GFLOP/s':>9}{'of product':>12}{'of conv':>9}"
        f"{'over separate':>15}{'GiB':>7}",
    ]
    for name, row in figures["rows"].items():
        lines.append(
            f"{name:20}{row['seconds']:8.2f}{row['pairs_per_second']:9.2f}"
            f"{row['flops_per_second'] / 1e9:9.0f}{row['over_matrix_product']:12.0%}"
            f"{row['over_convolution']:9.0%}{row['over_separate_updates']:15.2f}"
            f"{row['step_memory_bytes'] / 2**30:7.2f}"
        )
    return "\n".join(lines)


@contextlib.contextmanager
def _worker(
    row: str, size: int, options: argparse.Namespace
) -> Iterator[Callable[[], dict[str, float]]]:
    """A process that has a row's work ready; calling it measures one repetition.

    Raises:
        RuntimeError: if it ends; what it printed is on stderr.
    """
    command = [sys.executable, __file__, "--worker", row, "--sizes", str(size)]
    command += ["--width", str(options.width), "--batch_size", str(options.batch_size)]
    command += ["--deterministic"] if options.deterministic else []
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def ask() -> dict[str, float]:
            if process.poll() is None:
                stdin.write("\n")
                stdin.flush()
            answer = stdout.readline()
            if not answer:
                raise RuntimeError(f"the process of {row!r} at {size}x{size} has ended")
            return json.loads(answer)

        ask()  # the first repetition compiles
        try:
            yield ask
        finally:
            stdin.close()


def _work(options: argparse.Namespace) -> None:
    """Answers each line on standard input with the figures of one repetition."""
    command_line.import_tensorflow_quietly()
    import tensorflow as tf

    if options.deterministic:
        tf.config.experimental.enable_op_determinism()
    before = _peak_memory()
    size, width, batch = options.sizes[0], options.width, options.batch_size
    if options.worker == _RATES:
        measure = _rates(size, width, batch)
    else:
        measure = _step(options.worker, size, width, batch)
    for _ in sys.stdin:
        figures = measure()
        figures["peak_memory_bytes"] = _peak_memory()
        # What TensorFlow took up before there was a network is not the step's.
        figures["step_memory_bytes"] = figures["peak_memory_bytes"] - before
        print(json.dumps(figures), flush=True)


def _peak_memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def _timed(run: Callable[[], Any]) -> dict[str, float]:
    cpu, start = time.process_time(), time.perf_counter()
    run()
    return {
        "seconds": time.perf_counter() - start,
        # Of all threads; where other programs keep the cores busy, this still tells rows apart.
        "cpu_seconds": time.process_time() - cpu,
    }


def _rates(size: int, width: int, batch_size: int) -> Callable[[], dict[str, float]]:
    import tensorflow as tf

    from faceattr.models.residual_gan.networks import TransformationNetwork

    matrix = tf.random.normal([_MATRIX, _MATRIX])
    product = tf.function(lambda: tf.matmul(matrix, matrix))
    network = TransformationNetwork(size, width)
    first, second = (block[0] for block in network.blocks[:2])
    images = tf.random.normal([batch_size, size, size, first.filters])
    kernel = tf.random.normal([*second.kernel_size, first.filters, second.filters])
    convolution = tf.function(lambda: tf.nn.conv2d(images, kernel, second.strides, "SAME"))
    product_flops = 2 * _MATRIX**3 * _PRODUCTS
    convolution_flops = (
        2 * int(tf.size(convolution())) * second.kernel_size[0] ** 2 * first.filters * _PRODUCTS
    )

    def repeat(operation: Callable[[], Any]) -> None:
        for _ in range(_PRODUCTS):
            result = operation()
        result.numpy()

    def measure() -> dict[str, float]:
        return {
            "matrix_product_flops_per_second": product_flops
            / _timed(lambda: repeat(product))["seconds"],
            "convolution_flops_per_second": convolution_flops
            / _timed(lambda: repeat(convolution))["seconds"],
        }

    return measure


def _step(row: str, size: int, width: int, batch_size: int) -> Callable[[], dict[str, float]]:
    import keras
    import tensorflow as tf

    from faceattr.models.residual_gan.model import ResidualGAN

    keras.utils.set_random_seed(0)
    model = ResidualGAN(size, width, dtype="mixed_bfloat16" if row == _BFLOAT16 else "float32")
    if row == _REFERENCE:
        step = _separate_updates(model)
    else:
        model.compile()
        step = model.train_step
    compiled = tf.function(step, jit_compile=row == _XLA)
    pair = tuple(tf.random.uniform([batch_size, size, size, 3], -1.0, 1.0) for _ in range(2))
    return lambda: _timed(lambda: [value.numpy() for value in compiled(pair).values()])


def _separate_updates(model: Any) -> Callable[[Any], dict[str, Any]]:
    """The reference: three players, each with passes and an optimizer of its own."""
    import tensorflow as tf

    from faceattr.models.optimizer import adam

    g0, g1, d = model.to_positive, model.to_negative, model.discriminator
    players = [(d, _discriminator_loss), (g0, _generator_loss), (g1, _generator_loss)]
    optimizers = [adam() for _ in players]
    for (network, _), optimizer in zip(players, optimizers, strict=True):
        optimizer.build(network.trainable_variables)

    def step(pair: tuple[Any, Any]) -> dict[str, Any]:
        found = {}
        for (network, loss), optimizer in zip(players, optimizers, strict=True):
            variables = network.trainable_variables
            values = [variable.value for variable in variables]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(values)
                found[network.name] = loss(model, *pair)
            optimizer.apply(tape.gradient(found[network.name], values), variables)
        return found

    return step


def _discriminator_loss(model: Any, x0: Any, x1: Any) -> Any:
    """Eq. 9, mean over the images that D classifies."""
    from keras import ops

    from faceattr.models.residual_gan import losses

    edited_0 = x0 + model.to_positive(x0, training=True)
    edited_1 = x1 + model.to_negative(x1, training=True)
    real, _ = model.discriminator(ops.concatenate([x0, x1]), training=True)
    edited, _ = model.discriminator(ops.concatenate([edited_0, edited_1]), training=True)
    negatives, positives = ops.split(real, 2)
    return (
        losses.classification_loss(negatives, losses.NEGATIVE)
        + losses.classification_loss(positives, losses.POSITIVE)
        + 2.0 * losses.classification_loss(edited, losses.GENERATED)
    ) / 4.0


def _generator_loss(model: Any, x0: Any, x1: Any) -> Any:
    """Eq. 8, both directions: D normalises them together, and the dual term joins them."""
    from keras import ops

    from faceattr.models.residual_gan import losses

    added, removed = model.to_positive(x0, training=True), model.to_negative(x1, training=True)
    edited_0, edited_1 = x0 + added, x1 + removed
    restored_0 = edited_0 + model.to_negative(edited_0, training=True)
    restored_1 = edited_1 + model.to_positive(edited_1, training=True)
    _, features = model.discriminator(ops.concatenate([x0, x1]), training=True)
    edited, edited_features = model.discriminator(
        ops.concatenate([edited_0, edited_1]), training=True
    )
    restored, _ = model.discriminator(ops.concatenate([restored_0, restored_1]), training=True)
    total = 2.0 * model.alpha * losses.pixel_loss(ops.concatenate([added, removed]))
    total += 2.0 * model.beta * losses.perceptual_loss(features, edited_features)
    for logits, wanted in (
        (edited, (losses.POSITIVE, losses.NEGATIVE)),
        (restored, (losses.NEGATIVE, losses.POSITIVE)),
    ):
        for half, label in zip(ops.split(logits, 2), wanted, strict=True):
            total += losses.classification_loss(half, label)
    return total


if __name__ == "__main__":
    main()
