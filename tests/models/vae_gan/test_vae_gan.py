import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from faceattr import pixels
from faceattr.attributes import find_attribute
from faceattr.models.vae_gan import losses
from faceattr.models.vae_gan.gradients import noise
from faceattr.models.vae_gan.model import VAEGAN, Terms
from faceattr.models.vae_gan.networks import Decoder, Encoder, RealnessDiscriminator

ADDING, REMOVING = find_attribute("glasses", ["Eyeglasses"]).edits


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    made = VAEGAN(image_size=32, width=2, latent=5)
    # At rate 1 the weights move by their gradients.
    made.compile(*(keras.optimizers.SGD(1.0) for _ in range(3)))
    return made


def faces(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 32, 32, 3)).astype(np.uint8)


def pair(count=3):
    return tuple(tf.constant(pixels.to_float(faces(count, seed))) for seed in (1, 2))


def moves(model, network, batch):
    """What one step does to a network's trainable weights."""
    before = [weight.numpy() for weight in network.trainable_weights]
    model.train_step(batch)
    return [
        first - weight.numpy()
        for first, weight in zip(before, network.trainable_weights, strict=True)
    ]


@pytest.fixture
def vivid(model):
    """The model with a decoder whose images depend on their codes as a trained one's do."""
    for layer in [*model.decoder.stack, model.decoder.to_image]:
        if hasattr(layer, "kernel"):
            layer.kernel.assign(20 * layer.kernel.numpy())
    return model


def channels(layers):
    return [layer.filters for layer in layers if hasattr(layer, "filters")]


def test_at_64_the_networks_are_those_of_the_papers_table():
    encoder, decoder, judge = Encoder(64, 64), Decoder(64, 64), RealnessDiscriminator(64, 64)
    assert channels(encoder.stack) == [64, 128, 256]
    assert channels([*decoder.stack, decoder.to_image]) == [256, 128, 32, 3]
    assert channels(judge.to_features) == [32, 128, 256, 256]
    units = [layer.units for layer in encoder.stack if hasattr(layer, "units")]
    assert units == [2048]


@pytest.mark.parametrize("size", [32, 64, 128, 256])
def test_images_of_every_size_have_codes_and_features_of_one_size(size):
    images = np.zeros((2, size, size, 3), np.float32)
    encoder = Encoder(size, 2, latent=7)
    mean, log_variance = encoder(images)
    assert mean.shape == log_variance.shape == (2, 7)
    decoder = Decoder(size, 2, latent=7)
    assert decoder(mean).shape == images.shape
    logits, features = RealnessDiscriminator(size, 2)(images)
    assert logits.shape == (2,)
    assert features.shape == (2, 8 * 8 * 8)


def test_a_size_or_a_width_that_is_none_is_refused():
    with pytest.raises(ValueError, match="image_size must be one of"):
        VAEGAN(image_size=48)
    with pytest.raises(ValueError, match="width must be at least 1"):
        VAEGAN(image_size=32, width=0)


def test_the_prior_loss_is_the_divergence_of_normal_distributions():
    mean, deviation = np.array([[0.5, -1.0], [0.0, 0.0]]), np.array([[2.0, 0.25], [1.0, 1.0]])
    # By its definition, on a fine grid, for each component of the first; the second has none.
    t = np.linspace(-30, 30, 200_001)
    wanted = 0.0
    for m, s in zip(mean[0], deviation[0], strict=True):
        log_q = -((t - m) ** 2) / (2 * s**2) - math.log(s)
        density = np.exp(log_q) / math.sqrt(2 * math.pi)
        wanted += np.sum(density * (log_q + t**2 / 2)) * (t[1] - t[0])
    found = losses.prior_loss(mean.astype(np.float32), 2 * np.log(deviation).astype(np.float32))
    assert float(found) == pytest.approx(wanted / 2, rel=1e-4)


def test_the_feature_loss_is_minus_the_log_of_a_normal_density_but_for_its_constant():
    features = np.array([[1.0, 2.0], [0.0, 0.0]], np.float32)
    reconstructed = np.array([[0.0, 4.0], [0.0, 1.0]], np.float32)
    assert float(losses.feature_loss(features, reconstructed)) == pytest.approx((5 / 2 + 1 / 2) / 2)


def test_the_gan_losses_are_minus_the_logs_of_probabilities():
    logits = np.array([1.0, -2.0], np.float32)
    real = 1 / (1 + np.exp(-logits))
    assert float(losses.real_loss(logits)) == pytest.approx(-np.log(real).mean())
    assert float(losses.generated_loss(logits)) == pytest.approx(-np.log(1 - real).mean())


def test_each_network_follows_its_own_loss_and_no_other(model):
    batch = pair()
    real = tf.concat(batch, axis=0)
    drawn = noise(model, (6, 5), tf.distribute.get_replica_context())
    with tf.GradientTape(persistent=True) as tape:
        mean, log_variance = model.encoder(real, training=True)
        codes = mean + tf.exp(log_variance / 2) * drawn[0]
        generated = model.decoder(tf.concat([codes, drawn[1]], axis=0), training=True)
        logits, features = model.discriminator(tf.concat([real, generated], 0), training=True)
        prior = losses.prior_loss(mean, log_variance)
        feature = losses.feature_loss(tf.stop_gradient(features[:6]), features[6:12])
        gan = (  # Larsen's Eq. 10
            -tf.reduce_mean(tf.nn.softplus(-logits[:6]))
            - tf.reduce_mean(tf.nn.softplus(logits[6:12])) / 2
            - tf.reduce_mean(tf.nn.softplus(logits[12:])) / 2
        )
        wanted = {
            "encoder": prior + feature,
            "decoder": model.gamma * feature + gan,
            "discriminator": -gan,
        }
    gradients = {
        name: tape.gradient(wanted[name], [w.value for w in network.trainable_weights])
        for name, (network,) in model.networks_of.items()
    }
    before = {
        name: [weight.numpy() for weight in network.trainable_weights]
        for name, (network,) in model.networks_of.items()
    }
    logs = model.train_step(batch)
    for name, (network,) in model.networks_of.items():
        assert float(logs[f"{name}_loss"]) == pytest.approx(float(wanted[name]), rel=1e-4)
        for first, weight, gradient in zip(
            before[name], network.trainable_weights, gradients[name], strict=True
        ):
            largest = max(1e-3, np.abs(gradient).max())
            moved = first - weight.numpy()
            np.testing.assert_allclose(moved, gradient, rtol=0, atol=1e-3 * largest, err_msg=name)
    assert set(logs) == set(Terms._fields)
    assert model.steps_done == 1


def test_a_discriminator_that_is_far_ahead_waits_for_the_others(model):
    certain = np.array([9.0, 9.0, -9.0, -9.0, -9.0, -9.0], np.float32)
    assert model.discriminator_waits(certain)
    assert not model.discriminator_waits(0 * certain)
    # It is far ahead as soon as it is so on real images, or on generated ones.
    assert model.discriminator_waits(np.array([9, 9, 0, 0, 0, 0], np.float32))
    assert model.discriminator_waits(np.array([0, 0, -9, -9, -9, -9], np.float32))

    model.discriminator_waits = lambda logits: tf.constant(True)
    assert not any(move.any() for move in moves(model, model.discriminator, pair()))
    model.discriminator_waits = lambda logits: tf.constant(False)
    assert any(move.any() for move in moves(model, model.discriminator, pair()))


def test_what_is_drawn_depends_on_the_step_alone(model):
    context = tf.distribute.get_replica_context()
    first, again = (noise(model, (4, 5), context).numpy() for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first[0] - first[1]).max() > 0.1
    model.steps.assign_add(1)
    assert np.abs(first - noise(model, (4, 5), context).numpy()).max() > 0.1


def test_the_residual_is_what_is_decoded_of_the_moved_code_less_the_image(vivid):
    model = vivid
    x = pixels.to_float(faces(2))
    vector = np.arange(5, dtype=np.float32)
    model.set_vector(vector)
    code = np.asarray(model.encoder(x)[0])
    for edit, sign in ((ADDING, 1), (REMOVING, -1)):
        wanted = np.asarray(model.decoder(code + sign * vector)) - x
        residual = np.asarray(model.residual_image(x, edit))
        np.testing.assert_allclose(residual, wanted, atol=1e-6)
        for strength in (0.0, 0.5, 3.0):
            edited = np.asarray(model.edit(x, edit, strength))
            np.testing.assert_allclose(edited, np.clip(x + strength * wanted, -1, 1), atol=1e-5)
    np.testing.assert_allclose(np.asarray(model.reconstruct(x)), np.asarray(model.decoder(code)))


def test_one_model_edits_any_attribute(vivid):
    model = vivid
    x = pixels.to_float(faces(2))
    vector = np.full(5, 3, np.float32)
    own = np.asarray(model.residual_image(x, ADDING))
    other = model.with_vector(vector)
    assert other.image_size == 32
    residual = np.asarray(other.residual_image(x, ADDING))
    assert np.abs(residual - own).max() > 1e-3
    np.testing.assert_array_equal(np.asarray(model.residual_image(x, ADDING)), own)
    model.set_vector(vector)
    np.testing.assert_array_equal(np.asarray(model.residual_image(x, ADDING)), residual)


def test_an_attribute_vector_is_the_difference_of_mean_codes_however_images_come(model):
    negatives, positives = faces(130, 3), faces(2, 4)
    codes = [np.asarray(model.encoder(pixels.to_float(x))[0]) for x in (negatives, positives)]
    wanted = codes[1].mean(axis=0) - codes[0].mean(axis=0)
    for convert in (
        lambda x: x,
        pixels.to_float,
        lambda x: iter([x[:1], x[1:]]),
    ):
        found = model.attribute_vector(convert(negatives), convert(positives))
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, wanted, atol=1e-5)
    with pytest.raises(ValueError, match="with and without"):
        model.attribute_vector([], positives)


def test_the_vector_follows_the_batches_until_it_is_computed(model):
    # What a step adds to, and the mean codes that it sees.
    mean = np.asarray(model.encoder(np.concatenate(pair()), training=True)[0])
    model.train_step(pair())
    difference = mean[3:].mean(axis=0) - mean[:3].mean(axis=0)
    np.testing.assert_allclose(model.vector.numpy(), 0.9 * difference, atol=1e-5)


def test_a_saved_model_edits_and_goes_on_as_it_would_have(model, tmp_path):
    model.compile()
    model.train_step(pair())
    model.set_vector(np.ones(5, np.float32))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.steps_done == 1
    x = pixels.to_float(faces(2))
    for one in (model, again):
        one.residual = np.asarray(one.residual_image(x, REMOVING))
    np.testing.assert_array_equal(model.residual, again.residual)
    for one in (model, again):
        one.train_step(pair())
    for weight, same in zip(model.weights, again.weights, strict=True):
        np.testing.assert_allclose(weight.numpy(), same.numpy(), atol=1e-5)


def test_measuring_changes_nothing_and_gives_every_term(model):
    before = [weight.numpy() for weight in model.weights]
    terms = model.objective(pair(), training=False)
    again = model.objective(pair(), training=False)
    for name, value in terms._asdict().items():
        assert float(value) == float(getattr(again, name)), name
    for first, weight in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(first, weight.numpy())
    real = np.concatenate(pair())
    error = np.abs(np.asarray(model.reconstruct(real)) - real).mean()
    assert float(terms.reconstruction_error) == pytest.approx(error, rel=1e-5)


def test_half_precision_returns_float32_and_trains():
    model = VAEGAN(image_size=32, width=2, latent=5, dtype="mixed_bfloat16")
    model.compile()
    logs = model.train_step(pair())
    assert all(np.isfinite(float(value)) for value in logs.values())
    x = pixels.to_float(faces(2))
    assert model.residual_image(x, ADDING).dtype == tf.float32
    assert model.encoder.stack[0].compute_dtype == "bfloat16"
