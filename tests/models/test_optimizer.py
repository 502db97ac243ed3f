"""Adam as every network is trained: Keras's own, in fewer operations."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from faceattr.models.optimizer import Adam, adam, learning_rate


def steps(optimizer, traced):
    """Two variables after ten steps."""
    rng = np.random.default_rng(0)
    variables = [keras.Variable(rng.normal(size=size).astype("f")) for size in ((3, 2), (4,))]
    optimizer.build(variables)

    def step(*gradients):
        optimizer.apply(gradients, variables)

    step = tf.function(step) if traced else step
    for _ in range(10):
        step(*(tf.constant(rng.normal(size=each.shape).astype("f")) for each in variables))
    return [variable.numpy() for variable in (*variables, *optimizer.variables)]


@pytest.mark.parametrize("traced", [True, False])
@pytest.mark.parametrize("settings", [{}, {"clipnorm": 0.5, "beta_2": 0.9}])
def test_it_takes_the_steps_of_keras(settings, traced):
    rate = 1e-2, "late", 10
    ours = adam(learning_rate(*rate), **settings)
    keras_own = keras.optimizers.Adam(learning_rate(*rate), beta_1=0.5, **settings)
    for one, other in zip(steps(ours, traced), steps(keras_own, traced), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_gradients_of_rows_alone_move_what_keras_moves():
    moved = []
    for optimizer in (adam(), keras.optimizers.Adam(2e-4, beta_1=0.5)):
        variable = keras.Variable(np.ones((3, 2), "f"))
        rows = tf.IndexedSlices(tf.ones((1, 2)), tf.constant([1]), tf.constant([3, 2]))
        optimizer.build([variable])
        optimizer.apply([rows], [variable])
        moved.append(variable.numpy())
    np.testing.assert_allclose(*moved, rtol=1e-6)
    assert (moved[0] != 1).any(axis=1).tolist() == [False, True, False]


def test_it_is_saved_as_what_it_is():
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(adam()))
    assert isinstance(again, Adam)
    assert again.beta_1 == 0.5
