import keras
import numpy as np
import pytest
import tensorflow as tf

from faceattr.attributes import find_attribute
from faceattr.models.residual_gan import losses
from faceattr.models.residual_gan.model import Objective, ResidualGAN

ADDING, REMOVING = find_attribute("glasses", ["Eyeglasses"]).edits

RNG = np.random.default_rng(0)


def pair(batch=3, size=32):
    return tuple(RNG.uniform(-1, 1, (batch, size, size, 3)).astype(np.float32) for _ in range(2))


def gan(**kwargs):
    keras.utils.set_random_seed(1)
    model = ResidualGAN(**{"image_size": 32, "width": 4, "alpha": 1e-3, **kwargs})
    model.compile()
    return model


def test_the_objective_is_eq_8_and_9():
    """Worked out again from the networks' own outputs, term by term, direction by direction."""
    # A beta of half, because phi of a new network is small.
    model, (x0, x1) = gan(beta=0.5), pair()
    g0, g1, d = model.to_positive, model.to_negative, model.discriminator
    # New networks change nothing and D finds all classes alike, which would hide a wrong label.
    rng = np.random.default_rng(2)
    for network, last in ((g0, g0.to_residual), (g1, g1.to_residual), (d, d.to_logits)):
        outputs = network(x0)
        spread = float(np.std(np.asarray(outputs[0] if network is d else outputs)))
        last.kernel.assign(last.kernel * (1.0 / spread))
        last.bias.assign(rng.normal(size=3).astype("f"))
    terms = model.objective((x0, x1), training=False)
    r0, r1 = np.asarray(g0(x0)), np.asarray(g1(x1))
    e0, e1 = x0 + r0, x1 + r1
    restored0, restored1 = e0 + np.asarray(g1(e0)), e1 + np.asarray(g0(e1))

    def cross_entropy(images, label):
        logits = np.asarray(d(images)[0], np.float64)
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        return -np.log(p[:, label]).mean()

    def l1(x):
        return np.abs(x).sum(axis=(1, 2, 3)).mean() * 16  # 32x32 against 128x128

    gan_loss = cross_entropy(e0, 1) + cross_entropy(e1, 0)
    dual = cross_entropy(restored0, 0) + cross_entropy(restored1, 1)
    pixel = l1(r0) + l1(r1)
    phi = [np.asarray(d(images)[1]) for images in (x0, e0, x1, e1)]
    perceptual = l1(phi[0] - phi[1]) + l1(phi[2] - phi[3])
    expected = {
        "gan_loss": gan_loss,
        "dual_loss": dual,
        "pixel_loss": pixel,
        "perceptual_loss": perceptual,
        "generator_loss": gan_loss + dual + 1e-3 * pixel + 0.5 * perceptual,
        "discriminator_loss": (
            cross_entropy(x0, 0)
            + cross_entropy(x1, 1)
            + cross_entropy(e0, 2)
            + cross_entropy(e1, 2)
        )
        / 4,
        "residual_to_positive": np.abs(r0).mean(),
        "residual_to_negative": np.abs(r1).mean(),
    }
    for name, value in expected.items():
        assert float(getattr(terms, name)) == pytest.approx(value, rel=1e-4), name


def test_beta_is_a_tenth_of_alpha_unless_given():
    assert gan(alpha=2e-3).beta == pytest.approx(2e-4)
    assert gan(alpha=2e-3, beta=0.5).beta == 0.5


def test_a_step_moves_each_player_down_its_own_gradient():
    """Against gradients taken anew, one player at a time, and Adam's first step by hand."""
    model, images = gan(), pair()
    # Normalisation averages move in training passes, but its batch statistics do not use them.
    with tf.GradientTape(persistent=True) as tape:
        terms = model.objective(images, training=True)
    players = (
        (model.players[0].variables, terms.generator_loss),
        (model.discriminator.trainable_variables, terms.discriminator_loss),
    )
    gradients = [
        tape.gradient(loss, [variable.value for variable in variables])
        for variables, loss in players
    ]
    before = [[variable.numpy() for variable in variables] for variables, _ in players]
    model.train_step(images)
    for (variables, _), starts, slopes in zip(players, before, gradients, strict=True):
        for variable, start, slope in zip(variables, starts, slopes, strict=True):
            slope = slope.numpy()
            sure = np.abs(slope) > 1e-4  # smaller ones drown in float32
            # After one step Adam's moments are the gradient and its square; epsilon is 1e-7.
            wanted = -2e-4 * slope / (np.abs(slope) + 1e-7 / np.sqrt(1 - 0.999))
            moved = variable.numpy() - start
            np.testing.assert_allclose(moved[sure], wanted[sure], rtol=5e-3, atol=2e-7)
    assert int(model.generator_optimizer.iterations) == 1
    assert int(model.discriminator_optimizer.iterations) == 1


def test_graph_and_eager_steps_agree():
    images = pair()
    eager, in_graph = gan(), gan()
    in_eager = eager.train_step(images)
    compiled = tf.function(in_graph.train_step)(images)
    for name in Objective._fields:
        assert float(in_eager[name]) == pytest.approx(float(compiled[name]), rel=1e-3), name


def test_each_forward_pass_is_computed_once(monkeypatch):
    calls = []
    model, images = gan(), pair()
    for name in ("to_positive", "to_negative", "discriminator"):
        network = getattr(model, name)
        original = network.call
        monkeypatch.setattr(
            network,
            "call",
            lambda *args, original=original, name=name, **kwargs: (
                calls.append(name) or original(*args, **kwargs)
            ),
        )
    model.train_step(images)
    # Each network on its own class and on the other's edits; D on real, edited, restored.
    assert sorted(calls) == ["discriminator"] * 3 + ["to_negative"] * 2 + ["to_positive"] * 2


def test_without_dual_learning_the_term_is_absent():
    model, images = gan(dual=False), pair()
    terms = model.objective(images, training=False)
    assert float(terms.dual_loss) == 0
    expected = terms.gan_loss + 1e-3 * terms.pixel_loss + 1e-4 * terms.perceptual_loss
    assert float(terms.generator_loss) == pytest.approx(float(expected), rel=1e-5)


def test_without_residual_the_networks_paint_the_whole_image():
    model, (x0, _) = gan(residual=False), pair()
    painted = np.asarray(model.to_positive(x0))
    edited = np.asarray(model.edit(x0, ADDING))
    np.testing.assert_allclose(edited, np.clip(painted, -1, 1), atol=1e-5)
    # The pixel term still weighs the change.
    residual, _ = model((x0, x0))
    np.testing.assert_allclose(np.asarray(residual), painted - x0, atol=1e-5)


@pytest.mark.parametrize("adds", [True, False])
@pytest.mark.parametrize("strength", [0.0, 0.5, -1.0, 3.0])
def test_an_edit_is_the_clipped_sum(adds, strength):
    model, (x0, _) = gan(), pair()
    residual = np.asarray((model.to_positive if adds else model.to_negative)(x0))
    edited = np.asarray(model.edit(x0, ADDING if adds else REMOVING, strength))
    np.testing.assert_allclose(edited, np.clip(x0 + strength * residual, -1, 1), atol=1e-6)
    if strength == 0:
        np.testing.assert_array_equal(edited, x0)


def test_save_and_load_keep_weights_settings_and_optimizers(tmp_path):
    model, images = gan(residual=False, dual=False, alpha=0.25, beta=0.5), pair()
    for _ in range(2):
        model.train_step(images)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.get_config() == model.get_config()
    for residual, same in zip(model(images), loaded(images), strict=True):
        np.testing.assert_array_equal(residual, same)
    for name in ("generator_optimizer", "discriminator_optimizer"):
        variables = getattr(model, name).variables
        for variable, same in zip(variables, getattr(loaded, name).variables, strict=True):
            np.testing.assert_array_equal(variable.numpy(), same.numpy())
    # So training goes on exactly as it would have.
    model.train_step(images)
    loaded.train_step(images)
    np.testing.assert_allclose(model(images)[0], loaded(images)[0], atol=1e-6)


def test_loading_skips_nothing(tmp_path, recwarn):
    model = gan()
    for _ in range(2):
        model.train_step(pair())
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert not [warning for warning in recwarn if "Skipping" in str(warning.message)]
    assert loaded.optimizer is loaded.generator_optimizer
    assert loaded.steps_done == 2


def test_fit_and_evaluate_report_every_term():
    model = gan()
    dataset = tf.data.Dataset.from_tensors(pair()).repeat(2)
    history = model.fit(dataset, verbose=0, shuffle=False).history
    assert set(history) == set(Objective._fields)
    measured = model.evaluate(dataset, return_dict=True, verbose=0)
    assert set(measured) == set(Objective._fields)
    assert all(np.isfinite(value) for value in measured.values())


def test_evaluation_changes_no_weight():
    model, images = gan(), pair()
    before = [weight.numpy() for weight in model.to_positive.weights + model.discriminator.weights]
    model.test_step(images)
    after = [weight.numpy() for weight in model.to_positive.weights + model.discriminator.weights]
    for weight, same in zip(before, after, strict=True):
        np.testing.assert_array_equal(weight, same)


def test_d_classes_are_counted_separately():
    model, (x0, x1) = gan(), pair(batch=4)
    terms = model.objective((x0, x1), training=False)
    logits, _ = model.discriminator(x0)
    chosen = np.argmax(np.asarray(logits), axis=1)
    measured = float(terms.discriminator_accuracy_negative)
    assert measured == pytest.approx((chosen == losses.NEGATIVE).mean())
