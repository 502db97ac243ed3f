import math

import pytest
import tensorflow as tf
from graphs import convolution_flops, executed

from faceattr.models.vae_gan.model import VAEGAN
from faceattr.runs.settings import TrainConfig
from faceattr.training.cost import describe_cost
from faceattr.training.vae_gan_cost import vae_gan_cost

SETTINGS = [
    {"image_size": 32, "width": 4, "batch_size": 2},
    {"image_size": 64, "width": 3, "batch_size": 1},
]


def model(settings, **kwargs):
    made = VAEGAN(settings["image_size"], settings["width"], **kwargs)
    made.compile()
    return made


def traced_step(settings, **kwargs):
    size = settings["image_size"]
    pair = tuple(tf.zeros([settings["batch_size"], size, size, 3]) for _ in range(2))
    return tf.function(model(settings, **kwargs).train_step).get_concrete_function(pair).graph


def dense_flops(operation):
    if operation.type != "MatMul":
        return 0
    first, output = operation.inputs[0].shape, operation.outputs[0].shape
    inner = first[0] if operation.get_attr("transpose_a") else first[1]
    return 2 * output.num_elements() * inner


@pytest.mark.parametrize("settings", SETTINGS)
def test_flops_are_those_of_the_layers_in_the_graph(settings):
    operations = executed(traced_step(settings))
    counted = sum(map(convolution_flops, operations)) + sum(map(dense_flops, operations))
    assert vae_gan_cost(**settings).flops == counted


@pytest.mark.parametrize("settings", SETTINGS)
def test_parameters_and_what_belongs_to_them_are_those_of_the_model(settings):
    found, made = vae_gan_cost(**settings), model(settings)
    assert found.parameters == {
        name: sum(math.prod(variable.shape) for variable in network.trainable_variables)
        for name, network, _ in made.players
    }
    held = [
        *made.weights,
        *made.trainable_variables,  # their gradients
        *(variable for _, _, optimizer in made.players for variable in optimizer.variables),
    ]
    in_bytes = sum(4 * math.prod(variable.shape) for variable in held if len(variable.shape))
    of_a_batch = vae_gan_cost(**{**settings, "batch_size": 1}).memory_bytes
    of_two = vae_gan_cost(**{**settings, "batch_size": 2}).memory_bytes
    assert 2 * of_a_batch - of_two == in_bytes


@pytest.mark.parametrize("synchronized", [False, True])
def test_all_that_replicas_reduce_is_counted(synchronized, monkeypatch):
    """Gradients and statistics, forward and back; of two replicas each sends all of it once."""
    sizes = []

    def all_reduce(self, reduction, value, options=None):
        if isinstance(value, (list, tuple)):
            return [all_reduce(self, reduction, one) for one in value]

        @tf.custom_gradient
        def reduced(x):
            sizes.append(math.prod(x.shape))
            return tf.identity(x), lambda upstream: all_reduce(self, reduction, upstream)

        return reduced(value)

    monkeypatch.setattr(tf.distribute.ReplicaContext, "all_reduce", all_reduce)
    traced_step(SETTINGS[0], synchronized=synchronized)
    found = vae_gan_cost(**SETTINGS[0], replicas=2, synchronized=synchronized)
    assert found.all_reduce_bytes == 4 * sum(sizes)


def test_replicas_share_the_batch():
    alone, four = vae_gan_cost(64, 8, 16), vae_gan_cost(64, 8, 16, replicas=4)
    assert four.flops == alone.flops
    assert four.memory_bytes == vae_gan_cost(64, 8, 4).memory_bytes
    with pytest.raises(ValueError, match="6 pairs are not equal shares for 4"):
        vae_gan_cost(64, 8, 6, replicas=4)


def test_what_a_training_of_the_baseline_takes_is_told():
    config = TrainConfig(attr="glasses", model="vae_gan", image_size=32, width=4, batch_size=2)
    cost = vae_gan_cost(32, 4, 2)
    text = describe_cost(config, 1)
    assert f"decoder {cost.parameters['decoder']:,}" in text
    assert f"{cost.flops / 1e9:,.1f} GFLOP per step of 2 pairs" in text
