"""A model that begins as a trained one of half its size does on halved pictures.

Its first layers halve the picture. Every layer after them does in the first of its channels what
the layer before it did in the smaller network, and reads nothing else for these; the other channels
are new. The last step up repeats pixels. As in progressive growing (Karras et al., 2018), but
without fading in.
"""

import numpy as np

from faceattr.models.shared_gan.discriminator import SharedDiscriminator
from faceattr.models.shared_gan.gate import Gate
from faceattr.models.shared_gan.model import SharedGAN
from faceattr.models.shared_gan.networks import Block, SharedTransformation

_COLOURS = 3
_LAST_MAP = 4  # side of the discriminator's smallest map, at every size
# Of the pixels of faces, so that normalisation leaves a halved picture about as it is.
_MEAN, _SPREAD = -0.1, 0.5


def grow(trained: SharedGAN, larger: SharedGAN) -> None:
    """Gives a new model the weights of a trained one of half its size.

    Args:
        trained: whose edits are made with averaged weights, if it has them; these are taken over.
        larger: of the same edits and width.
    """
    assert larger.image_size == 2 * trained.image_size
    _grow_transformation(trained.finished("transformation"), larger.transformation)
    _grow_gate(trained.finished("gate"), larger.gate)
    _grow_discriminator(trained.discriminator, larger.discriminator)
    larger.begin_averages()


def _grow_transformation(small: SharedTransformation, large: SharedTransformation) -> None:
    _halve(large.down[0])
    blocks = [
        *zip(small.down, large.down[1:], strict=True),
        *zip(small.middle, large.middle, strict=True),
        *zip(small.up, large.up[:-1], strict=True),
        (small.wide, large.wide),
    ]
    for one, other in blocks:
        _embed_block(one, other)
    _repeat(large.up[-1])
    for name in ("own", "to_colour_and_mask"):
        getattr(large, name).set_weights(getattr(small, name).get_weights())


def _grow_gate(small: Gate, large: Gate) -> None:
    for one, other in zip(small.blocks, large.blocks, strict=True):
        _embed_block(one, other)
    large.to_attributes.set_weights(small.to_attributes.get_weights())


def _grow_discriminator(small: SharedDiscriminator, large: SharedDiscriminator) -> None:
    _halve(large.trunk[0])
    for one, other in zip(small.trunk, large.trunk[1:], strict=True):
        _embed_block(one, other)
    # From 32 to 64 patches are of other pixels than they were.
    if large.patches_from == small.patches_from + 1:
        _embed_block(small.patch, large.patch)
        large.to_patches.set_weights(small.to_patches.get_weights())
    kernel, bias = small.to_faces.get_weights()
    of_places = [
        each.reshape(_LAST_MAP**2, -1, each.shape[-1])
        for each in (kernel, large.to_faces.get_weights()[0])
    ]
    large.to_faces.set_weights([_embedded(*of_places).reshape(-1, len(bias)), bias])


def _embed_block(small: Block, large: Block) -> None:
    for name in ("convolution", "normalization", "own"):
        one, other = getattr(small, name), getattr(large, name)
        if one is not None:
            pairs = zip(one.get_weights(), other.get_weights(), strict=True)
            other.set_weights([_embedded(*pair) for pair in pairs])


def _embedded(small: np.ndarray, large: np.ndarray) -> np.ndarray:
    """The large weights with the small ones in the first channels, which read no others.

    Args:
        small, large: kernels [..., channels in, channels out], or [..., channels] of vectors and of
            tables of edits, whose axes but for channels are alike.
    """
    embedded = large.copy()
    embedded[..., : small.shape[-1]] = 0
    embedded[tuple(slice(size) for size in small.shape)] = small
    return embedded


def _halve(block: Block) -> None:
    """A convolution of 4x4 with stride 2 has the picture, halved, in its first channels."""
    kernel, bias = block.convolution.get_weights()
    kernel[..., :_COLOURS] = 0
    for colour in range(_COLOURS):
        kernel[1:3, 1:3, colour, colour] = 0.25
    bias[:_COLOURS] = 1  # above 0, where leaky ReLU leaves it alone
    block.convolution.set_weights([kernel, bias])
    gamma, beta, mean, variance = block.normalization.get_weights()
    gamma[:_COLOURS], beta[:_COLOURS] = _SPREAD, _MEAN
    mean[:_COLOURS], variance[:_COLOURS] = 1 + _MEAN, _SPREAD**2
    block.normalization.set_weights([gamma, beta, mean, variance])


def _repeat(block: Block) -> None:
    """A step up passes the first of its channels on, each pixel to a square of two."""
    kernel, bias = block.convolution.get_weights()
    channels = np.arange(min(kernel.shape[2:]))
    kernel[:] = 0
    kernel[1, 1, channels, channels] = 1
    block.convolution.set_weights([kernel, bias])
