"""What a training takes in memory, computation, exchange and time, before it is started."""

import dataclasses
import statistics
import time
from typing import TYPE_CHECKING, NamedTuple

import keras

from faceattr.errors import UserError
from faceattr.models.residual_gan.networks import IMAGE_SIZES, TransformationNetwork
from faceattr.pictures.words import figures, memory
from faceattr.training.step_cost import StepCost, layers_of, step_cost
from faceattr.training.vae_gan_cost import vae_gan_cost

if TYPE_CHECKING:
    from faceattr.runs.settings import TrainConfig

_MEASURED_IMAGES = 4


class Duration(NamedTuple):
    """How long a training takes: `step_seconds` for each step, `hours` for all."""

    step_seconds: float
    hours: float


def estimate(config: "TrainConfig", flops_per_second: float, replicas: int = 1) -> Duration:
    """How long a training takes where convolutions run at a given rate.

    Args:
        config: the settings.
        flops_per_second: float > 0, of one replica.
        replicas: int >= 1, devices as fast as that one. Defaults to 1.

    Raises:
        ValueError: see `step_cost`.
    """
    seconds = _cost_of(config, replicas).flops / (flops_per_second * replicas)
    return Duration(seconds, seconds * config.steps / 3600)


def _cost_of(config: "TrainConfig", replicas: int) -> StepCost:
    if config.model == "vae_gan":
        return vae_gan_cost(
            config.image_size,
            config.width,
            config.batch_size,
            replicas,
            config.precision,
            config.batchnorm == "synchronized",
        )
    return step_cost(
        config.image_size,
        config.width,
        config.batch_size,
        config.dual,
        replicas,
        config.precision,
        config.batchnorm == "synchronized",
        config.r1 > 0,
    )


def describe_cost(config: "TrainConfig", replicas: int) -> str:
    """What a training with these settings takes on this machine, as lines of text.

    Measures for about a second how fast this machine's convolutions are.

    Args:
        config: the settings.
        replicas: int >= 1, devices that share the batch.

    Raises:
        UserError: if the batch is not equal shares for the replicas.
    """
    if config.batch_size % replicas:
        raise UserError(
            f"--batch_size {config.batch_size}: {replicas} devices need equal shares; choose a "
            f"multiple of {replicas}"
        )
    cost = _cost_of(config, replicas)
    rate = measured_conv_rate(precision=config.precision)
    time_ = estimate(config, rate, replicas)
    parameters = ", ".join(f"{name} {count:,}" for name, count in cost.parameters.items())
    on = "on one device" if replicas == 1 else f"on each of {replicas} devices"
    return "\n".join(
        [
            f"parameters   {parameters}",
            f"memory       {memory(cost.memory_bytes)} {on}",
            f"computation  {cost.flops / 1e9:,.1f} GFLOP per step of {config.batch_size} pairs",
            f"all-reduce   {memory(cost.all_reduce_bytes)} per step that each device sends",
            f"time         {figures(time_.step_seconds)} s per step, {figures(time_.hours)} hours "
            f"for {config.steps:,} steps, if a device computes at "
            f"{rate / 1e9:,.0f} GFLOP/s, as layers of Table 1 do here in {config.precision}",
            "",
            cost_table(config, rate, replicas),
        ]
    )


def cost_table(config: "TrainConfig", flops_per_second: float, replicas: int = 1) -> str:
    """How the cost grows around a setting: one line for each that differs in one thing.

    Args:
        config: the settings.
        flops_per_second: float > 0, of one replica.
        replicas: int >= 1, of the settings. Defaults to 1.

    Returns:
        a table with a title line, without a newline at its end. Numbers of replicas that the batch
        is not equal shares for are left out.
    """
    settings: list[tuple[str, TrainConfig, int]] = [("as set", config, replicas)]
    for batch in (config.batch_size / 2, config.batch_size * 2, config.batch_size * 4):
        if batch % replicas == 0:
            changed = dataclasses.replace(config, batch_size=int(batch))
            settings.append((f"batch_size {batch:.0f}", changed, replicas))
    settings += [
        (f"image_size {size}", dataclasses.replace(config, image_size=size), replicas)
        for size in IMAGE_SIZES
        if size != config.image_size
    ]
    settings += [
        (f"width {width}", dataclasses.replace(config, width=width), replicas)
        for width in (config.width // 2, 2 * config.width)
        if width
    ]
    settings += [
        (f"{number} device{'s' if number > 1 else ''}", config, number)
        for number in (1, 2, 4, 8)
        if number != replicas and config.batch_size % number == 0
    ]
    rows = [("", "GFLOP per step", "memory each", "all-reduce each", "step", "training")]
    for name, changed, number in settings:
        cost = _cost_of(changed, number)
        duration = estimate(changed, flops_per_second, number)
        rows.append(
            (
                name,
                f"{cost.flops / 1e9:,.1f}",
                memory(cost.memory_bytes),
                memory(cost.all_reduce_bytes),
                f"{figures(duration.step_seconds)} s",
                f"{figures(duration.hours)} h",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0])]
            + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        )
        for row in rows
    )


def measured_conv_rate(seconds: float = 1.0, precision: str = "float32") -> float:
    """Operations per second that this machine's first device reaches in layers of Table 1.

    The layers are G's second and third with their leaky ReLUs and normalisations, trained on a few
    images: where a step spends most of its time. Only the convolutions are counted.

    Args:
        seconds: float > 0, how long to measure. Defaults to 1. The first pass, which compiles, is
            not measured and comes on top.
        precision: `"float32"`, `"mixed_bfloat16"` or `"mixed_float16"`.
    """
    network = TransformationNetwork(dtype=precision)
    model = keras.Sequential([layer for block in network.blocks[1:3] for layer in block])
    model.compile("adam", "mean_squared_error")
    side, channels = network.image_size, network.blocks[0][0].filters
    images = keras.random.normal((_MEASURED_IMAGES, side, side, channels))
    # Normalised maps have the same mean and spread whatever the kernel: they need a target.
    target = keras.random.normal(model.compute_output_shape(images.shape))
    model.train_on_batch(images, target)
    times: list[float] = []
    end = time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        model.train_on_batch(images, target)
        times.append(time.perf_counter() - start)
    second, third = layers_of(network)[1:3]
    # Nothing is learned from the gradient by the images, so it is not computed.
    multiply_adds = 2 * second.multiply_adds + 3 * third.multiply_adds
    return 2 * _MEASURED_IMAGES * multiply_adds / statistics.median(times)
