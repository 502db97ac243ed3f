import itertools

import h5py
import keras
import numpy as np
import pytest
from keras import ops

from faceattr.models.residual_gan.networks import IMAGE_SIZES, Discriminator, TransformationNetwork


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


def in_table_order(network, images, training):
    """Table 1 row by row, with Keras's own operations: convolution, leaky ReLU, upsampling,
    normalisation.
    """
    x = images
    for (convolution, activation, normalization), upsampling in zip(
        network.blocks, network.upsampling, strict=True
    ):
        x = activation(convolve(convolution, x))
        if upsampling > 1:
            x = keras.layers.UpSampling2D(upsampling)(x)
        x = keras.layers.BatchNormalization.call(normalization, x, training=training)
    return np.asarray(convolve(network.to_residual, x))


def convolve(layer, x):
    return ops.conv(x, layer.kernel, layer.strides, layer.padding) + layer.bias


@pytest.mark.parametrize("training", [True, False])
def test_faster_layers_give_table_1s_numbers(training):
    """Upsampling left to the next convolution, and normalisation in one operation."""
    network = build(TransformationNetwork(32, 4), 32)
    rng = np.random.default_rng(0)
    for weight in network.trainable_weights:  # of new networks all biases are nought
        weight.assign(weight + 0.1 * rng.normal(size=weight.shape))
    images = rng.uniform(-1, 1, (3, 32, 32, 3)).astype(np.float32)
    averages = [weight.numpy() for weight in network.non_trainable_weights]
    expected = in_table_order(network, images, training)
    moved = [weight.numpy() for weight in network.non_trainable_weights]
    for weight, value in zip(network.non_trainable_weights, averages, strict=True):
        weight.assign(value)
    found = np.asarray(network(images, training=training))
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())
    for weight, value in zip(network.non_trainable_weights, moved, strict=True):
        np.testing.assert_allclose(weight.numpy(), value, rtol=1e-5, atol=1e-6)


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


def test_weights_are_filed_as_of_keras_own_layers(tmp_path):
    network = TransformationNetwork(image_size=32, width=2)
    network.build((None, 32, 32, 3))
    network.save_weights(tmp_path / "network.weights.h5")

    names = []
    with h5py.File(tmp_path / "network.weights.h5") as file:
        file.visit(names.append)
    kinds = {name.split("/")[-2].rstrip("_0123456789") for name in names if name.endswith("/vars")}
    assert {"conv2d", "batch_normalization"} <= kinds
    assert not any("upsampled" in kind for kind in kinds)
