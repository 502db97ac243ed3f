"""Two replicas on one CPU, in processes of their own: TensorFlow splits devices at its start."""

import pathlib
import subprocess
import sys

import pytest
import tensorflow as tf

from faceattr.errors import UserError
from faceattr.training.strategy import check_shares, make_strategy

ROOT = pathlib.Path(__file__).parents[2]

TWO_REPLICAS = """
import tensorflow as tf

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
"""

SAME_UPDATES = (
    TWO_REPLICAS
    + """
import keras
import numpy as np

from faceattr.residual_gan import ResidualGAN

# Each replica gets the same half, so that its batch statistics are those of the whole batch.
half = [np.random.default_rng(i).uniform(-1, 1, (2, 32, 32, 3)).astype("f") for i in (0, 1)]
pair = tuple(np.concatenate([images, images]) for images in half)
models = []
for scope in (tf.distribute.get_strategy(), strategy):
    with scope.scope():
        keras.utils.set_random_seed(1)
        models.append(ResidualGAN(32, 4, alpha=1e-3))
        models[-1].compile()
    before = [weight.numpy() for weight in models[-1].weights]
    pairs = tf.data.Dataset.from_tensors(pair).repeat(3)
    models[-1].fit(pairs, steps_per_epoch=3, verbose=0, shuffle=False)
for first, one, two in zip(before, models[0].weights, models[1].weights, strict=True):
    np.testing.assert_allclose(one.numpy(), two.numpy(), atol=1e-5)
moved = max(np.abs(first - two.numpy()).max() for first, two in zip(before, models[1].weights))
assert moved > 1e-4, "nothing was learned"
"""
)

WHOLE_RUN = (
    TWO_REPLICAS
    + """
import dataclasses
import pathlib

from faceattr.training.config import TrainConfig
from faceattr.training.fit import train

config = TrainConfig(
    attr="glasses", image_size=32, width=4, batch_size=4, steps=2, synthetic_faces=40
)
run = train(config, pathlib.Path(FOLDER), strategy=strategy)
train(dataclasses.replace(config, steps=3), run.folder, resume=True, strategy=strategy)
"""
)


def run(program):
    process = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert process.returncode == 0, process.stderr[-3000:]


@pytest.mark.slow
def test_two_replicas_make_the_updates_of_one_device():
    run(SAME_UPDATES)


@pytest.mark.slow
def test_a_run_on_two_replicas_is_resumed_and_exported_as_any_other(tmp_path):
    import json

    import keras

    from faceattr.exporting.export import export
    from faceattr.training.run import Run

    run(WHOLE_RUN.replace("FOLDER", repr(str(tmp_path / "run"))))
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert all(value == value for value in results["objective"].values()), "NaN"
    model = keras.models.load_model(Run(tmp_path / "run").model_path)
    assert model.steps_done == 3
    assert len(export(tmp_path / "run", tmp_path / "bundles")) == 2


def test_one_device_needs_no_strategy():
    strategy = make_strategy()
    assert strategy.num_replicas_in_sync == 1
    check_shares(strategy, 7)


def test_a_batch_that_cannot_be_shared_is_refused():
    class Three(tf.distribute.OneDeviceStrategy):
        num_replicas_in_sync = 3

    with pytest.raises(UserError, match=r"--batch_size 16: 3 devices.*such as 15"):
        check_shares(Three("CPU:0"), 16)
