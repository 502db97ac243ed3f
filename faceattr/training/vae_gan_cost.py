"""What one training step of the VAE-GAN costs, worked out from its networks' own layers.

Counted as in `step_cost`: convolutions and fully connected layers, and no other arithmetic.
"""

import itertools
from collections.abc import Iterable
from typing import Any, NamedTuple

import keras
from keras import layers

from faceattr.models.vae_gan.networks import LATENT, Decoder, Encoder, RealnessDiscriminator
from faceattr.training.step_cost import COPIES_OF_A_WEIGHT, FLOAT32, StepCost


class _Layer(NamedTuple):
    """A convolution or a fully connected layer for one image, and what follows it.

    Attributes:
        multiply_adds: int, forward.
        weights: int, trainable parameters, those of batch normalisation included.
        channels: int, of batch normalisation; 0 where there is none.
        map_size: int, numbers in the output.
    """

    multiply_adds: int
    weights: int
    channels: int
    map_size: int


def vae_gan_cost(
    image_size: int,
    width: int,
    batch_size: int,
    replicas: int = 1,
    precision: str = "float32",
    synchronized: bool = False,
) -> StepCost:
    """What one step costs.

    Args:
        image_size: int, one of `faceattr.models.residual_gan.networks.IMAGE_SIZES`.
        width: int >= 1, channels of the encoder's first layer.
        batch_size: int, pairs per step over all replicas, a multiple of `replicas`.
        replicas: int >= 1, devices that share the batch. Defaults to 1.
        precision: `"float32"` or `"mixed_bfloat16"`.
        synchronized: bool. Whether replicas normalise together. Defaults to False.

    Raises:
        ValueError: if the batch is not equal shares for the replicas, or the networks cannot be
            made so.
    """
    if batch_size % replicas:
        raise ValueError(f"{batch_size} pairs are not equal shares for {replicas} replicas")
    encoder = Encoder(image_size, width)
    decoder = Decoder(image_size, width)
    judge = RealnessDiscriminator(image_size, width)
    image = (image_size, image_size, 3)
    coding, shape = _layers(encoder.stack, image)
    for head in (encoder.to_mean, encoder.to_log_variance):
        coding += _layers([head], shape)[0]
    painting, _ = _layers([*decoder.stack, decoder.to_image], (LATENT,))
    seeing, shape = _layers(judge.to_features, image)
    judging = seeing + _layers([*judge.stack, judge.to_logit], shape)[0]

    networks = {"encoder": coding, "decoder": painting, "discriminator": judging}
    parameters = {name: sum(one.weights for one in all_) for name, all_ in networks.items()}
    trainable = sum(parameters.values())
    e, d, f = _work(coding), _work(painting), _work(judging)
    # Of an image: its code, two images decoded (of its code and of one drawn), three judged. Each
    # layer is computed forward, and back once for its weights; back to its input so often as a
    # loss goes through it: D's and the features' through D, the decoder's and the encoder's through
    # the decoder. No gradient by a real image is wanted, and one by the codes only for the encoder.
    multiply_adds = (
        (3 * e - coding[0].multiply_adds)
        + 2 * (4 * d - painting[0].multiply_adds)
        + 3 * (3 * f + _work(seeing))
    )
    half = keras.dtype_policies.get(precision).compute_dtype != "float32"
    number = FLOAT32 // 2 if half else FLOAT32
    images = 2 * batch_size // replicas
    kept = images * (_kept(coding) + 2 * _kept(painting) + 3 * _kept(judging))
    largest = 3 * images * max(one.map_size for one in itertools.chain(*networks.values()))
    running = 2 * sum(_channels(all_) for all_ in networks.values())
    exchanged = trainable
    if synchronized:
        # Three numbers per channel forward (sum, sum of squares, count), two back.
        exchanged += 5 * _channels(coding) + 7 * _channels(painting)
        exchanged += 5 * _channels(judging) + 2 * _channels(seeing)
    return StepCost(
        parameters=parameters,
        flops=2 * 2 * batch_size * multiply_adds,
        memory_bytes=FLOAT32 * (COPIES_OF_A_WEIGHT * trainable + running + LATENT)
        # The gradients by a layer's output and by its input are alive at once.
        + number * (kept + 2 * largest)
        + (number * trainable if half else 0),
        all_reduce_bytes=FLOAT32 * exchanged * 2 * (replicas - 1) // replicas,
    )


def _layers(stack: Iterable[Any], shape: tuple[int, ...]) -> tuple[list[_Layer], tuple[int, ...]]:
    """The layers of a stack that compute, and the shape of what it makes of one of `shape`."""
    found: list[_Layer] = []
    for layer in stack:
        outputs = tuple(layer.compute_output_shape((None, *shape))[1:])
        size = 1
        for side in outputs:
            size *= side
        if isinstance(layer, layers.BatchNormalization):
            last = found.pop()
            channels = outputs[-1]
            # A scale and an offset.
            found.append(last._replace(weights=last.weights + 2 * channels, channels=channels))
        elif isinstance(layer, layers.Dense):
            work, bias = shape[0] * outputs[0], outputs[0] * layer.use_bias
            found.append(_Layer(work, work + bias, 0, size))
        elif isinstance(layer, (layers.Conv2D, layers.Conv2DTranspose)):
            kernel = layer.kernel_size[0] ** 2 * shape[-1] * outputs[-1]
            # Of a fractional stride, each pixel of the smaller map is spread by the kernel.
            smaller = min(shape[0], outputs[0])
            bias = outputs[-1] * layer.use_bias
            found.append(_Layer(smaller**2 * kernel, kernel + bias, 0, size))
        shape = outputs
    return found, shape


def _work(stack: list[_Layer]) -> int:
    return sum(layer.multiply_adds for layer in stack)


def _channels(stack: list[_Layer]) -> int:
    return sum(layer.channels for layer in stack)


def _kept(stack: list[_Layer]) -> int:
    """Numbers per image that a forward pass leaves for the backward ones.

    The layer's output, where it is normalised, and what the next layer reads.
    """
    return sum((2 if layer.channels else 1) * layer.map_size for layer in stack)
