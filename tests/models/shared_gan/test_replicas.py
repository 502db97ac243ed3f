"""The shared model on two replicas of one CPU, in a process of its own."""

import pytest
import warm_start

SAME_GRADIENTS = """
import keras
import numpy as np
import tensorflow as tf

from faceattr.models.shared_gan.model import SharedGAN
from faceattr.training.devices.strategy import make_strategy

strategy = make_strategy(logical_devices=2)
rng = np.random.default_rng(0)
edits = np.array([0, 1, 1, 0], np.int32)
group = rng.uniform(-1, 1, (4, 32, 32, 3)).astype("f"), (2 * edits - 1)[:, None], edits
batch = tuple((each, each[::-1].copy(), each) for each in group)
models = []
for scope in (tf.distribute.get_strategy(), strategy):
    with scope.scope():
        keras.utils.set_random_seed(1)
        # R1 asks every eighth row of a replica's own.
        models.append(
            SharedGAN(
                [("add", "Hat", True), ("remove", "Hat", False)], [0.7], 32, 4, r1=0.0,
                synchronized=True,
            )
        )
        # At rate 1 the weights move by their gradients.
        models[-1].compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(1.0))
    before = [weight.numpy() for weight in models[-1].weights]
    models[-1].fit(tf.data.Dataset.from_tensors(batch), verbose=0, shuffle=False)
for first, one, two in zip(before, models[0].weights, models[1].weights, strict=True):
    largest = max(1.0, np.abs(first - one.numpy()).max())
    np.testing.assert_allclose(one.numpy(), two.numpy(), rtol=0, atol=1e-5 * largest)
moved = max(np.abs(first - two.numpy()).max() for first, two in zip(before, models[1].weights))
assert moved > 0.1, "nothing was learned"
"""


@pytest.mark.exhaustive
@pytest.mark.slow
def test_two_replicas_find_the_gradients_of_one_device():
    process = warm_start.run(["-c", SAME_GRADIENTS])
    assert process.returncode == 0, process.stderr[-3000:]
