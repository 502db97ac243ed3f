import itertools

import keras
import numpy as np
import pytest

from faceattr.networks import IMAGE_SIZES, Discriminator, TransformationNetwork


def build(network, size):
    network.build((None, size, size, 3))
    return network


def test_the_transformation_network_has_table_1s_parameters():
    assert build(TransformationNetwork(), 128).count_params() == 1_035_075


def test_the_discriminator_has_table_1s_parameters():
    # 4x4 convolutions with biases, a scale, offset, mean and variance per channel, three logits.
    channels = [3, 64, 128, 256, 512, 1024]
    rows = sum(
        16 * inputs * outputs + outputs + 4 * outputs
        for inputs, outputs in itertools.pairwise(channels)
    )
    assert build(Discriminator(), 128).count_params() == rows + 16 * 1024 * 3 + 3


@pytest.mark.parametrize("size", IMAGE_SIZES)
def test_every_size_gives_a_residual_three_logits_and_phi(size):
    images = np.zeros((2, size, size, 3), np.float32)
    assert build(TransformationNetwork(size, 2), size)(images).shape == (2, size, size, 3)
    discriminator = build(Discriminator(size, 2), size)
    logits, features = discriminator(images)
    assert logits.shape == (2, 3)
    assert features.shape == (2, size // 8, size // 8, 8)
    # The last map is 4x4 whatever the size, so the last layer sees the whole image.
    assert discriminator.to_logits.kernel.shape[:2] == (4, 4)
    assert (size // 2 ** len(discriminator.blocks)) == 4


def test_weights_start_as_the_paper_says():
    kernel = build(Discriminator(), 128).blocks[3][0].kernel.numpy()
    assert abs(kernel.mean()) < 1e-4
    assert kernel.std() == pytest.approx(0.02, rel=0.01)


def test_normalising_before_upsampling_is_table_1s_order():
    """A quarter of the work for the same numbers, in training and inference."""
    network = build(TransformationNetwork(32, 4), 32)
    images = np.random.default_rng(0).uniform(-1, 1, (3, 32, 32, 3)).astype(np.float32)
    for training in (True, False):
        x = images
        for (convolution, activation, normalization), upsampling in zip(
            network.blocks, network.upsampling, strict=True
        ):
            x = activation(convolution(x))
            if upsampling > 1:
                x = keras.layers.UpSampling2D(upsampling)(x)
            # Batch statistics move the averages, so the network's own pass comes second.
            x = normalization(x, training=training)
        in_table_order = np.asarray(network.to_residual(x))
        np.testing.assert_allclose(network(images, training=training), in_table_order, atol=2e-5)


def test_inference_uses_the_averages_and_not_the_batch():
    network = build(TransformationNetwork(32, 4), 32)
    images = np.random.default_rng(0).uniform(-1, 1, (4, 32, 32, 3)).astype(np.float32)
    network(images, training=True)
    alone = np.asarray(network(images[:1]))
    np.testing.assert_allclose(alone, np.asarray(network(images))[:1], atol=1e-5)
    together = np.asarray(network(images, training=True))[:1]
    assert np.abs(together - alone).max() > 1e-3


@pytest.mark.parametrize("size", [0, 16, 48, 100, 512])
@pytest.mark.parametrize("network", [TransformationNetwork, Discriminator])
def test_other_sizes_are_refused(network, size):
    with pytest.raises(ValueError, match="image_size must be one of"):
        network(size)
