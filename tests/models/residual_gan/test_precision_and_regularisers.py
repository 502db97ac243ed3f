"""Precision, averaged weights and regularisers: what the paper does without."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from faceattr.attributes import find_attribute
from faceattr.models.adversarial import input_gradient
from faceattr.models.residual_gan import losses
from faceattr.models.residual_gan.model import Objective, ResidualGAN
from faceattr.runs.settings import TrainConfig
from faceattr.training.train import new_model

ADDING, REMOVING = find_attribute("glasses", ["Eyeglasses"]).edits

PAIR = tuple(np.random.default_rng(i).uniform(-1, 1, (4, 32, 32, 3)).astype("f") for i in (0, 1))


def gan(**kwargs):
    keras.utils.set_random_seed(1)
    model = ResidualGAN(**{"image_size": 32, "width": 4, "alpha": 1e-3, **kwargs})
    model.compile()
    return model


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dtype", "xla"),
    # float32 without XLA trains everywhere, and XLA compiles bfloat16 as it does float16.
    [
        pytest.param("float32", True, marks=pytest.mark.exhaustive),
        ("mixed_bfloat16", False),
        ("mixed_float16", False),
        pytest.param("mixed_float16", True, marks=pytest.mark.exhaustive),
    ],
)
def test_every_precision_trains_with_and_without_xla(dtype, xla):
    wanted = gan(width=2).objective(PAIR, training=True)
    model = gan(dtype=dtype, width=2)
    model.jit_compile = xla
    before = [weight.numpy() for weight in model.trainable_weights]
    first = []
    remember = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: first.append(logs) if batch == 0 else None
    )
    pairs = tf.data.Dataset.from_tensors(PAIR).repeat(3)
    terms = model.fit(pairs, verbose=0, shuffle=False, callbacks=[remember]).history
    for name in Objective._fields:
        if "accuracy" not in name:  # a single image on the fence is a quarter
            value = float(getattr(wanted, name))
            assert first[0][name] == pytest.approx(value, rel=0.03, abs=1e-3), name
    assert all(np.isfinite(values).all() for values in terms.values())
    after = [weight.numpy() for weight in model.trainable_weights]
    assert all(np.isfinite(weight).all() for weight in after)
    # Adam's steps are about 2e-4 each; one that overflows is skipped, not made.
    assert max(np.abs(a - b).max() for a, b in zip(before, after, strict=True)) > 3e-4
    assert model.steps_done == 3


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_keeps_weights_outputs_and_losses_whole(tmp_path, dtype):
    model = gan(dtype=dtype)
    assert model.to_positive.compute_dtype != "float32"
    assert all(weight.dtype in ("float32", "int32") for weight in model.weights)
    residual, _ = model(PAIR)
    assert residual.dtype == tf.float32
    assert all(value.dtype == tf.float32 for value in model.objective(PAIR, training=True))
    for optimizer in (model.generator_optimizer, model.discriminator_optimizer):
        scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        assert scaled == (dtype == "mixed_float16")
    model.train_step(PAIR)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.to_positive.compute_dtype == model.to_positive.compute_dtype
    assert type(loaded.generator_optimizer) is type(model.generator_optimizer)
    np.testing.assert_array_equal(loaded(PAIR)[0], model(PAIR)[0])


def test_averages_follow_the_weights_and_make_the_edits(tmp_path):
    model = gan(ema_decay=0.5)
    network, average = model.to_positive, model.averages["to_positive"]
    assert model.editing_network(ADDING) is average
    expected = [weight.numpy() for weight in network.weights]
    for step in (1, 2, 3, 4, 5, 6, 7, 8, 9):
        model.train_step(PAIR)
        decay = min(0.5, (1 + step) / (10 + step))  # 2/11 at first, 1/2 from step 8
        expected = [
            decay * mean + (1 - decay) * weight.numpy()
            for mean, weight in zip(expected, network.weights, strict=True)
        ]
    for mean, wanted in zip(average.weights, expected, strict=True):
        np.testing.assert_allclose(mean.numpy(), wanted, rtol=1e-4, atol=1e-6)
    edited = np.asarray(model.edit(PAIR[0], ADDING))
    residual = np.asarray(average(PAIR[0]))
    np.testing.assert_allclose(edited, np.clip(PAIR[0] + residual, -1, 1), atol=1e-6)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.edit(PAIR[0], ADDING), edited)
    assert len(model.trainable_weights) == len(gan().trainable_weights), "averages do not train"


def test_without_averaging_there_are_no_averages():
    model = gan()
    assert not model.averages
    assert model.editing_network(REMOVING) is model.to_negative


def test_realness_is_the_log_odds_of_real_against_generated():
    logits = np.random.default_rng(0).normal(size=(5, 3)).astype("f")
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    wanted = np.log((p[:, 0] + p[:, 1]) / p[:, 2])
    np.testing.assert_allclose(losses.realness(logits), wanted, rtol=1e-5)


def test_r1_is_half_the_squared_gradient_at_real_images():
    gradient = np.full((2, 4, 4, 3), 0.5, "f")
    gradient[1] = 0
    # 48 numbers of 0.25 for one image, none for the other: half the mean of 12 and 0.
    assert float(losses.r1_penalty(gradient)) == pytest.approx(3.0)
    model = gan(r1=0.7)
    images = tf.constant(np.concatenate(PAIR))
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(losses.realness(model.discriminator(images, training=True)[0]))
    wanted = np.square(np.asarray(tape.gradient(total, images))).sum(axis=(1, 2, 3)).mean() / 2
    terms = model.objective(PAIR, training=True)
    assert float(terms.r1_penalty) == pytest.approx(float(wanted), rel=1e-4)
    without = gan().objective(PAIR, training=True)
    assert float(without.r1_penalty) == 0
    added = float(terms.discriminator_loss) - float(without.discriminator_loss)
    assert added == pytest.approx(0.7 * float(wanted), rel=1e-3)
    assert float(terms.generator_loss) == pytest.approx(float(without.generator_loss), rel=1e-5)


def test_r1_brings_the_gradient_down():
    steep = []
    for r1 in (0.0, 100.0):
        model = gan(r1=r1)
        for _ in range(8):
            model.train_step(PAIR)
        gradient = input_gradient(model._realness, tf.constant(np.concatenate(PAIR)))
        steep.append(float(losses.r1_penalty(gradient)))
    assert steep[1] < 0.8 * steep[0]


def test_spectral_normalisation_holds_d_to_one():
    model = gan(spectral_norm=True)
    for _ in range(12):
        model.train_step(PAIR)
    model.discriminator(PAIR[0], training=True)
    for convolution in (*(block[0] for block in model.discriminator.blocks),):
        kernel = convolution.layer.kernel.numpy()
        largest = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]
        assert largest == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(
    ("decay", "rates"),
    [
        ("constant", (2e-4, 2e-4, 2e-4)),
        ("linear", (2e-4, 1e-4, 0.0)),
        ("cosine", (2e-4, 1e-4, 0.0)),
    ],
)
def test_the_learning_rate_falls_over_the_run(decay, rates):
    config = TrainConfig.of(attr="glasses", image_size=32, width=4, steps=100)
    config = dataclasses.replace(config, learning_rate_decay=decay, clip_norm=0.5)
    model = new_model(config, (find_attribute("glasses", ("Eyeglasses",)),))
    for optimizer in (model.generator_optimizer, model.discriminator_optimizer):
        assert optimizer.clipnorm == 0.5
        for step, rate in zip((0, 50, 100), rates, strict=True):
            optimizer.iterations.assign(step)
            assert float(optimizer.learning_rate) == pytest.approx(rate, abs=1e-9)


def test_settings_reach_the_model():
    config = TrainConfig.of(
        attr="glasses",
        image_size=32,
        width=4,
        precision="mixed_bfloat16",
        batchnorm="synchronized",
        r1=2.0,
        ema_decay=0.9,
        spectral_norm=True,
    )
    model = new_model(config, (find_attribute("glasses", ("Eyeglasses",)),))
    assert model.dtype_policy.name == "mixed_bfloat16"
    assert model.to_positive.blocks[0][2].synchronized
    assert (model.r1, model.ema_decay, model.spectral_norm) == (2.0, 0.9, True)
    assert model.alpha == 5e-4
