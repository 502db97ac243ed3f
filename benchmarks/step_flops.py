"""How many operations one step of the paper's objective is, worked out from the networks' layers.

Convolutions are counted as Table 1 writes them, with the taps that fall on padding: a program that
computes the same numbers with fewer operations is only faster for it. The few per cent of
arithmetic that is no convolution is left out.
"""

from typing import Any, NamedTuple

from faceattr.models.residual_gan.networks import Discriminator, TransformationNetwork


class Layers(NamedTuple):
    """Multiply-adds of a network's convolutions for one image, forward: all, and the first's."""

    every: int
    first: int


def step_flops(
    image_size: int, width: int, batch_size: int, dual: bool = True, r1: bool = False
) -> int:
    """Operations of one step, two per multiply-add, forward and backward, of the whole batch.

    A convolution's two gradients, by its weights and by its input, cost as much as its forward
    pass each. The first layer's input is an image, and a gradient by it is wanted only where
    something that is trained has made the image.

    Args:
        image_size: int, one of `faceattr.models.family.IMAGE_SIZES`.
        width: int >= 1, channels of the first layers.
        batch_size: int, pairs per step.
        dual: bool. Whether the objective has the dual term of Eq. 7. Defaults to True.
        r1: bool. Whether D's loss has the R1 penalty. Defaults to False.
    """
    g, g_first = transformation_layers(image_size, width)
    d, d_first = _discriminator_layers(image_size, width)
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
    return 2 * batch_size * (edits + judged)


def transformation_layers(image_size: int, width: int) -> Layers:
    """Of G0 or G1."""
    network = TransformationNetwork(image_size, width)
    convolutions = [block[0] for block in network.blocks] + [network.to_residual]
    return _counted(convolutions, image_size, [*network.upsampling, 1])


def _discriminator_layers(image_size: int, width: int) -> Layers:
    network = Discriminator(image_size, width)
    convolutions = [block[0] for block in network.blocks] + [network.to_logits]
    return _counted(convolutions, image_size, [1] * len(convolutions))


def _counted(convolutions: list[Any], side: int, upsampling: list[int]) -> Layers:
    inputs, counts = 3, []
    for convolution, enlarged in zip(convolutions, upsampling, strict=True):
        kernel = convolution.kernel_size[0]
        same = convolution.padding == "same"
        side = side // convolution.strides[0] if same else side - kernel + 1
        counts.append(side**2 * convolution.filters * kernel**2 * inputs)
        side, inputs = side * enlarged, convolution.filters
    return Layers(sum(counts), counts[0])
