"""What one training step costs, worked out from the networks' own layers, before anything is run.

Convolutions are counted as Table 1 writes them, with the taps that fall on padding: a program that
computes the same numbers with fewer operations is only faster for it. The counts leave out the few
per cent of arithmetic that is no convolution, spectral normalisation, and the copies of weights
that averaging keeps.
"""

import dataclasses
import itertools
import statistics
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import keras

from faceattr.errors import UserError
from faceattr.networks import IMAGE_SIZES, Discriminator, TransformationNetwork

if TYPE_CHECKING:
    from faceattr.training.config import TrainConfig

_FLOAT32 = 4  # bytes
# A weight, its gradient and Adam's two moments.
_COPIES_OF_A_WEIGHT = 4
# The gradients by a convolution's output, its activation and its input are alive at once.
_GRADIENT_MAPS = 3
_MEASURED_IMAGES = 4


@dataclasses.dataclass(frozen=True)
class StepCost:
    """What one step of the paper's objective costs.

    Attributes:
        parameters: trainable parameters of each network, by its name in `ResidualGAN`.
        flops: two per multiply-add of every convolution, forward and backward, of the whole batch
            over all replicas.
        memory_bytes: of one replica: weights, gradients, Adam's moments, the maps that the
            backward passes read, and those in flight.
        all_reduce_bytes: what one replica sends in a ring all-reduce of the gradients, and of the
            statistics of batch normalisation where these are synchronized.
    """

    parameters: dict[str, int]
    flops: int
    memory_bytes: int
    all_reduce_bytes: int


class Duration(NamedTuple):
    """How long a training takes: `step_seconds` for each step, `hours` for all."""

    step_seconds: float
    hours: float


class _Layer(NamedTuple):
    """One convolution of Table 1 and what follows it, for one image."""

    multiply_adds: int
    weights: int
    channels: int  # of batch normalisation; 0 where there is none
    map_size: int  # numbers in the convolution's output


def step_cost(
    image_size: int,
    width: int,
    batch_size: int,
    dual: bool = True,
    replicas: int = 1,
    precision: str = "float32",
    synchronized: bool = False,
    r1: bool = False,
) -> StepCost:
    """What one step costs.

    Args:
        image_size: int, one of `faceattr.networks.IMAGE_SIZES`.
        width: int >= 1, channels of the first layers.
        batch_size: int, pairs per step over all replicas, a multiple of `replicas`.
        dual: bool. Whether the objective has the dual term of Eq. 7. Defaults to True.
        replicas: int >= 1, devices that share the batch. Defaults to 1.
        precision: `"float32"`, `"mixed_bfloat16"` or `"mixed_float16"`.
        synchronized: bool. Whether replicas normalise together. Defaults to False.
        r1: bool. Whether D's loss has the R1 penalty. Defaults to False.

    Raises:
        ValueError: if the batch is not equal shares for the replicas, or the networks cannot be
            made so.
    """
    if batch_size % replicas:
        raise ValueError(f"{batch_size} pairs are not equal shares for {replicas} replicas")
    transformation = _layers(TransformationNetwork(image_size, width))
    discriminator = _layers(Discriminator(image_size, width))
    g_weights = sum(layer.weights for layer in transformation)
    d_weights = sum(layer.weights for layer in discriminator)
    trainable = 2 * g_weights + d_weights

    share = batch_size // replicas
    # Images that the two transformation networks see, and D, in one step.
    g_images = (4 if dual else 2) * share
    d_images = (6 if dual else 4) * share + (2 * share if r1 else 0)
    half = keras.dtype_policies.get(precision).compute_dtype != "float32"
    number = _FLOAT32 // 2 if half else _FLOAT32
    kept = g_images * _kept(transformation) + d_images * _kept(discriminator)
    largest = max(
        2 * share * layer.map_size for layer in itertools.chain(transformation, discriminator)
    )
    statistics = 2 * (2 * _channels(transformation) + _channels(discriminator))
    memory = (
        _FLOAT32 * (_COPIES_OF_A_WEIGHT * trainable + statistics)
        + number * (kept + _GRADIENT_MAPS * largest)
        # Adding to the convolutions' own is what half precision does to the weights they read.
        + (number * trainable if half else 0)
    )
    exchanged = trainable
    if synchronized:
        exchanged += _synchronized(transformation, discriminator, dual, r1)
    return StepCost(
        parameters={
            "to_positive": g_weights,
            "to_negative": g_weights,
            "discriminator": d_weights,
        },
        flops=2 * batch_size * _multiply_adds(transformation, discriminator, dual, r1),
        memory_bytes=memory,
        all_reduce_bytes=_FLOAT32 * exchanged * 2 * (replicas - 1) // replicas,
    )


def _layers(network: Any) -> list[_Layer]:
    """The layers of a network, which need not be built, in the order they compute."""
    side, inputs = network.image_size, 3
    layers = []
    for convolution, normalized, upsampling in _convolutions(network):
        kernel = convolution.kernel_size[0]
        same = convolution.padding == "same"
        side = side // convolution.strides[0] if same else side - kernel + 1
        outputs, taps = convolution.filters, kernel**2 * inputs
        layers.append(
            _Layer(
                multiply_adds=side**2 * outputs * taps,
                # A bias each, and a scale and an offset where they are normalised.
                weights=outputs * (taps + (3 if normalized else 1)),
                channels=outputs if normalized else 0,
                map_size=side**2 * outputs,
            )
        )
        side, inputs = side * upsampling, outputs
    return layers


def _convolutions(network: Any) -> Iterator[tuple[Any, bool, int]]:
    """(convolution, whether it is normalised, by how much its output is enlarged) in turn."""
    if isinstance(network, TransformationNetwork):
        for block, upsampling in zip(network.blocks, network.upsampling, strict=True):
            yield block[0], True, upsampling
        yield network.to_residual, False, 1
    else:
        for block in network.blocks:
            yield block[0], True, 1
        yield network.to_logits, False, 1


def _multiply_adds(
    transformation: list[_Layer], discriminator: list[_Layer], dual: bool, r1: bool
) -> int:
    """Multiply-adds of the convolutions of one step, per pair.

    A convolution's two gradients, by its weights and by its input, cost as much as its forward
    pass each. The first layer's input is an image, and a gradient by it is wanted only where
    something that is trained has made the image.
    """
    g, g_first = sum(layer.multiply_adds for layer in transformation), transformation[0][0]
    d, d_first = sum(layer.multiply_adds for layer in discriminator), discriminator[0][0]
    # Two images, one by each network: forward, and the generator's loss back to the weights.
    edits = 2 * (g + g + (g - g_first))
    # D's loss goes back through real and edited images to D's weights, the generator's through
    # edited ones to their pixels.
    judged = 4 * (d + d + (d - d_first)) + 2 * d
    if dual:
        # The gradient of restored images goes on to the edits that they were made of.
        edits += 2 * (g + g + g)
        judged += 2 * (d + d)
    if r1:
        # A pass and its gradient by the images; back through both, to the weights.
        judged += 2 * (d + d) + 2 * (d + d) + 2 * (d + (d - d_first))
    return edits + judged


def _kept(layers: list[_Layer]) -> int:
    """Numbers per image that a forward pass leaves for the backward ones.

    The convolution's output, for the slope of the leaky ReLU; that activation, for the statistics;
    and what is normalised, for the next convolution. The last layer's output is the loss's.
    """
    return sum((3 if layer.channels else 1) * layer.map_size for layer in layers)


def _channels(layers: list[_Layer]) -> int:
    return sum(layer.channels for layer in layers)


def _synchronized(
    transformation: list[_Layer], discriminator: list[_Layer], dual: bool, r1: bool
) -> int:
    """Numbers that synchronized normalisation exchanges: three per channel of a forward pass (sum,
    sum of squares, count), two of a backward one.
    """
    g_passes = 4 if dual else 2
    # Forward, and back: D's loss through real and edited images, the generator's through the rest.
    d_forward, d_backward = (3, 4) if dual else (2, 3)
    if r1:
        d_forward, d_backward = d_forward + 1, d_backward + 3
    return 5 * g_passes * _channels(transformation) + (3 * d_forward + 2 * d_backward) * _channels(
        discriminator
    )


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
            f"memory       {_bytes(cost.memory_bytes)} {on}",
            f"computation  {cost.flops / 1e9:,.1f} GFLOP per step of {config.batch_size} pairs",
            f"all-reduce   {_bytes(cost.all_reduce_bytes)} per step that each device sends",
            f"time         {_duration(time_)} for {config.steps:,} steps, if a device computes at "
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
                _bytes(cost.memory_bytes),
                _bytes(cost.all_reduce_bytes),
                f"{_figures(duration.step_seconds)} s",
                f"{_figures(duration.hours)} h",
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
    second, third = _layers(network)[1:3]
    # Nothing is learned from the gradient by the images, so it is not computed.
    multiply_adds = 2 * second.multiply_adds + 3 * third.multiply_adds
    return 2 * _MEASURED_IMAGES * multiply_adds / statistics.median(times)


def _bytes(count: int) -> str:
    return f"{count / 2**30:,.2f} GiB" if count >= 2**30 else f"{count / 2**20:,.1f} MiB"


def _duration(duration: Duration) -> str:
    return f"{_figures(duration.step_seconds)} s per step, {_figures(duration.hours)} hours"


def _figures(value: float) -> str:
    """At least three significant figures, and all before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
