"""What one training step costs, worked out from the networks' own layers, before anything is run.

Convolutions are counted as Table 1 writes them, with the taps that fall on padding: a program that
computes the same numbers with fewer operations is only faster for it. The counts leave out the few
per cent of arithmetic that is no convolution, spectral normalisation, and the copies of weights
that averaging keeps.
"""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import keras

from faceattr.models.residual_gan.networks import Discriminator, TransformationNetwork

FLOAT32 = 4  # bytes
# A weight, its gradient and Adam's two moments.
COPIES_OF_A_WEIGHT = 4
# The gradients by a convolution's output, its activation and its input are alive at once.
_GRADIENT_MAPS = 3


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


class Layer(NamedTuple):
    """One convolution of Table 1 and what follows it, for one image.

    Attributes:
        multiply_adds: int, of the convolution, forward.
        weights: int, trainable parameters, those of batch normalisation included.
        channels: int, of batch normalisation; 0 where there is none.
        map_size: int, numbers in the convolution's output.
    """

    multiply_adds: int
    weights: int
    channels: int
    map_size: int


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
        image_size: int, one of `faceattr.models.residual_gan.networks.IMAGE_SIZES`.
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
    transformation = layers_of(TransformationNetwork(image_size, width))
    discriminator = layers_of(Discriminator(image_size, width))
    g_weights = sum(layer.weights for layer in transformation)
    d_weights = sum(layer.weights for layer in discriminator)
    trainable = 2 * g_weights + d_weights

    share = batch_size // replicas
    # Images that the two transformation networks see, and D, in one step.
    g_images = (4 if dual else 2) * share
    d_images = (6 if dual else 4) * share + (2 * share if r1 else 0)
    half = keras.dtype_policies.get(precision).compute_dtype != "float32"
    number = FLOAT32 // 2 if half else FLOAT32
    kept = g_images * _kept(transformation) + d_images * _kept(discriminator)
    largest = max(
        2 * share * layer.map_size for layer in itertools.chain(transformation, discriminator)
    )
    running = 2 * (2 * _channels(transformation) + _channels(discriminator))
    memory = (
        FLOAT32 * (COPIES_OF_A_WEIGHT * trainable + running)
        + number * (kept + _GRADIENT_MAPS * largest)
        # In half precision the convolutions read copies of the weights.
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
        all_reduce_bytes=FLOAT32 * exchanged * 2 * (replicas - 1) // replicas,
    )


def layers_of(network: Any) -> list[Layer]:
    """The layers of a network in the order they compute.

    Args:
        network: a `TransformationNetwork` or a `Discriminator`, which need not be built.
    """
    side, inputs = network.image_size, 3
    layers = []
    for convolution, normalized, upsampling in _convolutions(network):
        kernel = convolution.kernel_size[0]
        same = convolution.padding == "same"
        side = side // convolution.strides[0] if same else side - kernel + 1
        outputs, taps = convolution.filters, kernel**2 * inputs
        layers.append(
            Layer(
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
    transformation: list[Layer], discriminator: list[Layer], dual: bool, r1: bool
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


def _kept(layers: list[Layer]) -> int:
    """Numbers per image that a forward pass leaves for the backward ones.

    The convolution's output, for the slope of the leaky ReLU; that activation, for the statistics;
    and what is normalised, for the next convolution. The last layer's output is the loss's.
    """
    return sum((3 if layer.channels else 1) * layer.map_size for layer in layers)


def _channels(layers: list[Layer]) -> int:
    return sum(layer.channels for layer in layers)


def _synchronized(
    transformation: list[Layer], discriminator: list[Layer], dual: bool, r1: bool
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
