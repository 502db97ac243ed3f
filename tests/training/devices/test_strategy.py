"""Two replicas on one CPU, in processes of their own: TensorFlow splits devices at its start."""

import json
import math
import os
import pathlib

import pytest
import tensorflow as tf
import warm_start

from faceattr.errors import UserError
from faceattr.training.devices.gpus import chosen_gpus
from faceattr.training.devices.strategy import check_shares, compiles, make_strategy

DUMMY = pathlib.Path(__file__).parents[2] / "models/dummy"

TWO_REPLICAS = """
import tensorflow as tf

from faceattr.training.devices.strategy import make_strategy

strategy = make_strategy(logical_devices=2)
assert strategy.num_replicas_in_sync == 2
"""

SAME_GRADIENTS = (
    TWO_REPLICAS
    + """
import keras
import numpy as np

from faceattr.models.residual_gan.model import ResidualGAN

pair = tuple(np.random.default_rng(i).uniform(-1, 1, (4, 32, 32, 3)).astype("f") for i in (0, 1))
models = []
for scope in (tf.distribute.get_strategy(), strategy):
    with scope.scope():
        keras.utils.set_random_seed(1)
        models.append(ResidualGAN(32, 4, alpha=1e-3, synchronized=True))
        # At rate 1 the weights move by their gradients.
        models[-1].compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(1.0))
    before = [weight.numpy() for weight in models[-1].weights]
    models[-1].fit(tf.data.Dataset.from_tensors(pair), verbose=0, shuffle=False)
for first, one, two in zip(before, models[0].weights, models[1].weights, strict=True):
    largest = max(1.0, np.abs(first - one.numpy()).max())
    np.testing.assert_allclose(one.numpy(), two.numpy(), rtol=0, atol=1e-5 * largest)
moved = max(np.abs(first - two.numpy()).max() for first, two in zip(before, models[1].weights))
assert moved > 0.1, "nothing was learned"

# The second replica alone overflows: the step is skipped on both, and the scale halved.
for images in pair:
    images[2:] = 1e30
with strategy.scope():
    model = ResidualGAN(32, 4, alpha=1e-3, dtype="mixed_float16")
    model.compile()
before = [weight.numpy() for weight in model.trainable_weights]
model.fit(tf.data.Dataset.from_tensors(pair), verbose=0, shuffle=False)
for first, weight in zip(before, model.trainable_weights, strict=True):
    np.testing.assert_array_equal(first, weight.numpy())
assert float(model.generator_optimizer.dynamic_scale.numpy()) == 2**14
assert model.steps_done == 1
"""
)

WHOLE_RUN = (
    TWO_REPLICAS
    + """
import dataclasses
import pathlib

from faceattr.runs.settings import TrainConfig
from faceattr.training.train import train

config = TrainConfig.of(
    attr="glasses", model="dummy", image_size=32, width=4, batch_size=4, steps=2,
    synthetic_faces=40,
)
run = train(config, pathlib.Path(FOLDER), strategy=strategy)
train(dataclasses.replace(config, steps=3), run.folder, resume=True, strategy=strategy)
"""
)


def run(program, **environment):
    process = warm_start.run(["-c", program], **environment)
    assert process.returncode == 0, process.stderr[-3000:]


@pytest.mark.slow
def test_two_replicas_find_the_gradients_of_one_device():
    """With statistics over the whole batch; the mean over it is what both minimise."""
    run(SAME_GRADIENTS)


@pytest.mark.slow
def test_a_run_on_two_replicas_is_resumed_as_any_other(tmp_path):
    """Of a family that is traced sooner than the paper's."""
    program = WHOLE_RUN.replace("FOLDER", repr(str(tmp_path / "run")))
    run(program, PYTHONPATH=os.pathsep.join([str(DUMMY), os.environ.get("PYTHONPATH", "")]))
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert all(math.isfinite(value) for value in results["objective"].values())
    rows = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(row)["step"] for row in rows] == [2, 3]


def test_one_device_needs_no_strategy():
    strategy = make_strategy()
    assert strategy.num_replicas_in_sync == 1
    check_shares(strategy, 7)


def test_a_batch_that_cannot_be_shared_is_refused():
    class Three(tf.distribute.OneDeviceStrategy):
        num_replicas_in_sync = 3

    with pytest.raises(UserError, match=r"batch_size 16: 3 devices.*such as 15"):
        check_shares(Three("CPU:0"), 16)


@pytest.mark.parametrize(
    ("devices", "message"),
    [
        ("0,2", "devices 0,2: this machine has no GPU 2; its GPUs are 0 to 1"),
        ("gpu", "devices gpu: give GPUs by number, such as 0,1, or cpu"),
        ("1,1", "devices 1,1: a GPU is named twice"),
    ],
)
def test_devices_that_are_not_there_are_named(devices, message):
    with pytest.raises(UserError, match=message):
        chosen_gpus(devices, 2)
    assert chosen_gpus("1,0", 2) == [1, 0]


def test_without_a_gpu_none_can_be_chosen():
    with pytest.raises(UserError, match="has no GPU 0; it has no GPU"):
        make_strategy(devices="0")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"logical_devices": 0}, "logical_devices 0: must be at least 1"),
        ({"devices": "0", "logical_devices": 2}, "leave devices out, or say cpu"),
    ],
)
def test_logical_devices_split_the_cpu_alone(settings, message):
    with pytest.raises(UserError, match=message):
        make_strategy(**settings)


def test_devices_are_chosen_before_tensorflow_is_used():
    tf.constant(1)
    with pytest.raises(UserError, match="before TensorFlow is first used"):
        make_strategy(logical_devices=2)


@pytest.mark.parametrize(
    "text",
    [
        "two machines",
        "{}",
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
        '{"cluster": {"worker": ["a:1"], "ps": ["b:1"]}, "task": {"type": "ps", "index": 0}}',
    ],
)
def test_a_cluster_that_is_none_is_said_so(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(UserError, match="TF_CONFIG in the environment is not a worker"):
        make_strategy()


def test_xla_is_for_gpus_unless_asked_for():
    assert compiles("on")
    assert not compiles("off")
    assert compiles("auto") == bool(tf.config.list_logical_devices("GPU"))
