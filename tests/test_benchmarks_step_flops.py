import pathlib

import pytest
import tensorflow as tf
from graphs import convolution_flops, executed
from keras import ops

from faceattr.models.residual_gan.model import ResidualGAN
from faceattr.models.residual_gan.networks import TransformationNetwork

SETTINGS = [
    {"image_size": 32, "width": 4, "batch_size": 2},
    {"image_size": 32, "width": 4, "batch_size": 2, "dual": False},
    {"image_size": 32, "width": 4, "batch_size": 2, "r1": True},
    {"image_size": 32, "width": 4, "batch_size": 2, "dual": False, "r1": True},
    {"image_size": 64, "width": 6, "batch_size": 3},
]


@pytest.fixture(scope="module")
def step_flops():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(pathlib.Path(__file__).parents[1] / "benchmarks")
        from step_flops import step_flops

        yield step_flops


def model(settings, **kwargs):
    made = ResidualGAN(
        settings["image_size"],
        settings["width"],
        dual=settings.get("dual", True),
        r1=10.0 * settings.get("r1", False),
        **kwargs,
    )
    made.compile()
    return made


def traced_step(settings, **kwargs):
    size = settings["image_size"]
    pair = tuple(tf.zeros([settings["batch_size"], size, size, 3]) for _ in range(2))
    return tf.function(model(settings, **kwargs).train_step).get_concrete_function(pair).graph


def as_table_1_writes_it(self, images, training=False):
    x = images
    for (convolution, activation, normalization), upsampling in zip(
        self.blocks, self.upsampling, strict=True
    ):
        x = ops.conv(x, convolution.kernel, convolution.strides, "same") + convolution.bias
        x = normalization(activation(x), training=training)
        if upsampling > 1:
            x = ops.repeat(ops.repeat(x, upsampling, axis=1), upsampling, axis=2)
    return ops.conv(x, self.to_residual.kernel, padding="same") + self.to_residual.bias


@pytest.mark.parametrize("settings", SETTINGS)
def test_they_are_those_of_the_convolutions_in_the_graph(settings, step_flops, monkeypatch):
    monkeypatch.setattr(TransformationNetwork, "call", as_table_1_writes_it)
    counted = sum(map(convolution_flops, executed(traced_step(settings))))
    assert step_flops(**settings) == counted


def test_the_papers_networks_take_63_gflop_per_pair(step_flops):
    assert step_flops(128, 64, 1) == pytest.approx(63e9, rel=0.01)
    assert step_flops(128, 64, 64) == 64 * step_flops(128, 64, 1)
