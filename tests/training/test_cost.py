import dataclasses
import itertools
import math
import os
import subprocess
import sys
import types

import keras
import pytest
import tensorflow as tf
from graphs import convolution_flops, executed
from keras import ops

from faceattr.errors import UserError
from faceattr.models.residual_gan.model import ResidualGAN
from faceattr.models.residual_gan.networks import TransformationNetwork
from faceattr.runs.settings import TrainConfig
from faceattr.training import cost
from faceattr.training.cost import cost_table, describe_cost, estimate
from faceattr.training.step_cost import step_cost

SETTINGS = [
    {"image_size": 32, "width": 4, "batch_size": 2},
    {"image_size": 32, "width": 4, "batch_size": 2, "dual": False},
    {"image_size": 32, "width": 4, "batch_size": 2, "r1": True},
    {"image_size": 32, "width": 4, "batch_size": 2, "dual": False, "r1": True},
    {"image_size": 64, "width": 6, "batch_size": 3},
]


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
def test_flops_are_those_of_the_convolutions_in_the_graph(settings, monkeypatch):
    monkeypatch.setattr(TransformationNetwork, "call", as_table_1_writes_it)
    counted = sum(map(convolution_flops, executed(traced_step(settings))))
    assert step_cost(**settings).flops == counted


def test_the_papers_networks_take_63_gflop_per_pair():
    assert step_cost(128, 64, 1).flops == pytest.approx(63e9, rel=0.01)
    assert step_cost(128, 64, 64).flops == 64 * step_cost(128, 64, 1).flops


@pytest.mark.parametrize("settings", SETTINGS)
def test_parameters_and_what_belongs_to_them_are_those_of_the_model(settings):
    found, made = step_cost(**settings), model(settings)
    assert found.parameters == {
        name: sum(math.prod(variable.shape) for variable in getattr(made, name).trainable_variables)
        for name in ("to_positive", "to_negative", "discriminator")
    }
    held = [
        *made.weights,
        *made.trainable_variables,  # their gradients
        *made.generator_optimizer.variables,
        *made.discriminator_optimizer.variables,
    ]
    in_bytes = sum(4 * math.prod(variable.shape) for variable in held if len(variable.shape))
    of_a_batch = step_cost(**{**settings, "batch_size": 1}).memory_bytes
    of_two = step_cost(**{**settings, "batch_size": 2}).memory_bytes
    assert 2 * of_a_batch - of_two == in_bytes


@pytest.mark.parametrize("settings", SETTINGS[:2])
def test_memory_grows_with_the_batch_by_the_maps_that_gradients_read(settings):
    """And by those in flight, which are less than half as much again.

    How many are read depends on how the layers are computed, by up to a sixth.
    """
    graph, pairs = traced_step(settings), settings["batch_size"]
    backward = set()
    for operation in graph.get_operations():  # in the order they were made
        sums_gradients = any(tensor.op in backward for tensor in operation.inputs)
        if operation.name.startswith("gradient_tape") or sums_gradients:
            backward.add(operation)
    kept = {}
    for operation in executed(graph) & backward:
        for tensor in operation.inputs:
            if operation.type in ("Shape", "ShapeN"):
                continue
            while tensor.op.type in ("Identity", "Reshape"):
                tensor = tensor.op.inputs[0]
            if tensor.op not in backward and tensor.shape.rank == 4:
                kept[tensor.name] = tensor
    maps = [tensor for tensor in kept.values() if tensor.shape[0] in (pairs, 2 * pairs)]
    per_pair = sum(4 * tensor.shape.num_elements() for tensor in maps) / pairs
    more = {**settings, "batch_size": pairs + 1}
    growth = step_cost(**more).memory_bytes - step_cost(**settings).memory_bytes
    assert 5 / 6 * per_pair < growth < 1.5 * per_pair


def test_half_precision_halves_the_maps():
    def growth(precision):
        one, two = (step_cost(64, 8, n, precision=precision).memory_bytes for n in (1, 2))
        return two - one

    assert growth("mixed_bfloat16") == growth("mixed_float16") == growth("float32") / 2


def test_replicas_share_the_batch_and_send_two_gradients_less_what_they_keep():
    alone, four = step_cost(64, 8, 16), step_cost(64, 8, 16, replicas=4)
    assert four.flops == alone.flops
    assert four.parameters == alone.parameters
    assert four.memory_bytes == step_cost(64, 8, 4).memory_bytes
    assert alone.all_reduce_bytes == 0
    # Round the ring each replica passes on three quarters of the sums, then of the results.
    assert four.all_reduce_bytes == 2 * 3 * sum(four.parameters.values())
    with pytest.raises(ValueError, match="6 pairs are not equal shares for 4"):
        step_cost(64, 8, 6, replicas=4)


@pytest.mark.parametrize(
    ("settings", "synchronized"),
    [(SETTINGS[0], False), *((settings, True) for settings in SETTINGS[:4])],
)
def test_all_that_replicas_reduce_is_counted(settings, synchronized, monkeypatch):
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
    traced_step(settings, synchronized=synchronized)
    found = step_cost(**settings, replicas=2, synchronized=synchronized)
    assert found.all_reduce_bytes == 4 * sum(sizes)


CONFIG = TrainConfig(attr="glasses", image_size=64, width=8, batch_size=16, steps=7200)


def test_an_estimate_is_the_work_over_the_rate():
    step = step_cost(64, 8, 16)
    assert estimate(CONFIG, step.flops / 3) == (3, 6)
    assert estimate(CONFIG, step.flops / 3, replicas=2) == (1.5, 3)
    # Each of the settings that change the work does.
    for changed in (
        {"image_size": 32},
        {"width": 16},
        {"batch_size": 32},
        {"dual": False},
        {"r1": 1.0},
    ):
        other = dataclasses.replace(CONFIG, **changed)
        assert estimate(other, 1e9).step_seconds != estimate(CONFIG, 1e9).step_seconds


def test_the_table_tells_how_each_setting_changes_the_cost():
    lines = cost_table(CONFIG, 1e9, replicas=2).splitlines()
    assert len({len(line) for line in lines}) == 1, "columns are lined up"
    # A cell may hold single spaces.
    rows = {name: cells for name, *cells in (map(str.strip, line.split("  ")) for line in lines)}
    rows = {name: [cell for cell in cells if cell] for name, cells in rows.items()}
    assert list(rows) == [
        "",
        "as set",
        *("batch_size 8", "batch_size 32", "batch_size 64"),
        *("image_size 32", "image_size 128", "image_size 256"),
        *("width 4", "width 16"),
        *("1 device", "4 devices", "8 devices"),
    ]
    flops = {name: float(cells[0].replace(",", "")) for name, cells in rows.items() if name}
    assert flops["as set"] == pytest.approx(step_cost(64, 8, 16).flops / 1e9, abs=0.05)
    assert flops["batch_size 64"] == pytest.approx(4 * flops["as set"], rel=0.01)
    assert flops["8 devices"] == flops["as set"]
    seconds = {name: float(cells[3].split()[0]) for name, cells in rows.items() if name}
    assert seconds["1 device"] == pytest.approx(2 * seconds["as set"], rel=0.01)
    assert seconds["as set"] == pytest.approx(flops["as set"] / 2, rel=0.01)


def test_the_table_leaves_out_shares_that_are_not_equal():
    config = dataclasses.replace(CONFIG, batch_size=3, width=1)
    names = [line[:14].strip() for line in cost_table(config, 1e9, replicas=3).splitlines()]
    assert "1 device" in names
    assert not {"batch_size 1", "batch_size 2", "width 0", "2 devices", "4 devices"} & set(names)


def test_a_description_has_every_number_of_the_cost(monkeypatch):
    monkeypatch.setattr(cost, "measured_conv_rate", lambda precision: 2e9)
    config = dataclasses.replace(CONFIG, precision="mixed_bfloat16", batchnorm="synchronized")
    text = describe_cost(config, 2)
    found = step_cost(64, 8, 16, replicas=2, precision="mixed_bfloat16", synchronized=True)
    for name, count in found.parameters.items():
        assert f"{name} {count:,}" in text
    assert f"{found.memory_bytes / 2**20:,.1f} MiB on each of 2 devices" in text
    assert f"{found.flops / 1e9:,.1f} GFLOP per step of 16 pairs" in text
    assert f"{found.all_reduce_bytes / 2**20:,.1f} MiB" in text
    assert f"{found.flops / 4e9:.3g} s per step" in text
    assert "2 GFLOP/s" in text
    assert "mixed_bfloat16" in text
    assert cost_table(config, 2e9, 2) in text


def test_a_batch_that_cannot_be_shared_is_the_users_mistake():
    with pytest.raises(UserError, match=r"batch_size 16: 3 devices need equal shares") as error:
        describe_cost(CONFIG, 3)
    assert "\n" not in str(error.value)


def test_the_measured_rate_counts_what_is_computed(monkeypatch):
    """On a clock that ticks once a look, a pass takes one second."""
    clock = itertools.count()
    monkeypatch.setattr(cost, "time", types.SimpleNamespace(perf_counter=lambda: next(clock)))
    passes = []
    original = keras.Sequential.train_on_batch
    monkeypatch.setattr(
        keras.Sequential,
        "train_on_batch",
        lambda self, x, y: passes.append((self, x, y)) or original(self, x, y),
    )
    rate = cost.measured_conv_rate(seconds=5.0)
    trained, images, target = passes[0]
    graph = (
        tf.function(lambda x, y: gradients(trained, x, y))
        .get_concrete_function(images, target)
        .graph
    )
    assert rate == sum(map(convolution_flops, executed(graph)))
    assert len(passes) > 2, "one to compile, and several that are measured"


def gradients(trained, images, target):
    values = [variable.value for variable in trained.trainable_variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        loss = tf.reduce_mean(tf.square(trained(images, training=True) - target))
    return tape.gradient(loss, values)


@pytest.mark.slow
def test_no_tensorflow_is_needed():
    pytest.importorskip("jax")
    program = """
import sys
sys.modules["tensorflow"] = None
from faceattr.training.cost import measured_conv_rate
from faceattr.training.step_cost import step_cost
assert measured_conv_rate(seconds=0.001) > 0
print(step_cost(64, 8, 2).flops)
"""
    process = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    assert int(process.stdout) == step_cost(64, 8, 2).flops
