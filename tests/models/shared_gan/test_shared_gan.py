"""The shared model: its networks, its objective, its phases, and one edit by itself."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from faceattr.attributes import find_attribute
from faceattr.models import adversarial
from faceattr.models.family import Phase, Task
from faceattr.models.optimizer import LateDecay, learning_rate
from faceattr.models.registry import family
from faceattr.models.shared_gan import losses
from faceattr.models.shared_gan.gate import opened
from faceattr.models.shared_gan.painted_pairs import painted_pairs, pairs_loss
from faceattr.models.shared_gan.views import view_of_step

FAMILY = family("shared_gan")
ATTRIBUTES = tuple(find_attribute(name, ["Eyeglasses", "Smiling"]) for name in ("glasses", "smile"))
ADD_GLASSES, REMOVE_GLASSES, ADD_SMILE, REMOVE_SMILE = EDITS = [
    edit for attribute in ATTRIBUTES for edit in attribute.edits
]
OFF = {"ema_decay": 0.0, "r1": 0.0}


def model_of(size=32, width=6, precision="float32", seed=0, **options):
    keras.utils.set_random_seed(seed)
    task = Task(ATTRIBUTES, FAMILY.options(**options), size, width, precision)
    return FAMILY.build(task)


def batch_of(count=4, size=32, seed=0):
    """Three groups whose rows are of all edits in turn; every label is known."""
    rng = np.random.default_rng(seed)
    edits = np.arange(count, dtype=np.int32) % 4
    groups = []
    for group in range(3):
        labels = rng.choice([-1, 1], (count, 2)).astype(np.int8)
        labels[np.arange(count), edits // 2] = 2 * (edits % 2) - 1
        # Whose edit takes glasses off that are painted on first.
        labels[(edits == 1) & (group == 2), 0] = -1
        images = rng.uniform(-1, 1, (count, size, size, 3)).astype(np.float32)
        groups.append((images, labels, edits))
    return tuple(zip(*groups, strict=True))


def scatter(network, seed=1):
    """Gives edits and normalisations something of their own, as training does."""
    rng = np.random.default_rng(seed)
    for weight in network.weights:
        if weight.name in ("scale", "shift", "beta", "moving_mean", "bias"):
            weight.assign(rng.normal(0, 0.2, weight.shape))
        elif weight.name in ("gamma", "moving_variance"):
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))


def scatter_extents(model):
    model.extents.assign(np.random.default_rng(4).uniform(0, 1.6, model.extents.shape))


def log_softmax(logits):
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


@pytest.mark.parametrize("size", [32, 64, 128, 256])
def test_sizes_share_a_bottleneck_and_the_map_of_patches(size):
    model = model_of(size, width=2, ema_decay=0.0)
    images = np.zeros((2, size, size, 3), np.float32)
    residual = model(images, np.array([0, 3], np.int32))
    assert residual.shape == images.shape
    assert residual.dtype == "float32"
    assert size >> len(model.transformation.down) == 8
    assert len(model.transformation.up) == len(model.transformation.down) - 1
    faces, patches = model.discriminator(images)
    assert faces.shape == (2, 1, 2, 3)
    assert patches.shape == (2, 64 if size == 32 else 256, 2, 3)


@pytest.mark.parametrize("size", [32, 64])
def test_one_edit_alone_is_the_same_to_the_rounding(size):
    model = model_of(size)
    scatter(model.finished("transformation"))
    scatter(model.finished("gate"))
    images = np.random.default_rng(2).uniform(-1, 1, (3, size, size, 3)).astype(np.float32)
    plain = [np.asarray(model.residual_image(images, edit)) for edit in EDITS]
    scatter_extents(model)
    extents = ops.convert_to_numpy(model.extents)
    for edit, extent, once in zip(EDITS, extents, plain, strict=True):
        wanted = extent[:, :, None] * once
        np.testing.assert_allclose(model.residual_image(images, edit), wanted, atol=1e-5)
    residuals = []
    for edit in EDITS:
        wanted = np.asarray(model.residual_image(images, edit))
        found, needed = map(np.asarray, FAMILY.network(model, edit)(images))
        assert ((needed >= 0.02) & (needed < 1)).all()
        np.testing.assert_allclose(found, wanted, atol=1e-5)
        residuals.append(wanted)
    assert all(np.abs(residuals[0] - other).max() > 0.01 for other in residuals[1:])


def test_trained_in_half_precision_one_edit_is_float32():
    model = model_of(precision="mixed_bfloat16")
    plain = FAMILY.network(model, ADD_SMILE)
    assert {weight.dtype for weight in plain.weights} == {"float32"}
    assert plain.compute_dtype == "float32"
    images = np.random.default_rng(2).uniform(-1, 1, (2, 32, 32, 3)).astype(np.float32)
    wanted = np.asarray(model.residual_image(images, ADD_SMILE))
    assert wanted.dtype == np.float32
    np.testing.assert_allclose(plain(images)[0], wanted, atol=0.02)


def test_the_residual_paints_a_colour_through_a_mask():
    model = model_of()
    network = model.transformation
    network.to_colour_and_mask.set_weights(
        [np.zeros((3, 3, 1, 4)), np.array([9.0, 0.0, -9.0, 9.0])]
    )
    images = np.random.default_rng(2).uniform(-1, 1, (1, 32, 32, 3)).astype(np.float32)
    edits = np.array([0], np.int32)
    painted = images + network(images, edits)
    np.testing.assert_allclose(painted[0, 0, 0], [1.05, 0, -1.05], atol=1e-4)
    network.to_colour_and_mask.set_weights([np.zeros((3, 3, 1, 4)), np.array([9, 9, 9, -9.0])])
    np.testing.assert_allclose(network(images, edits), 0, atol=1e-6)


def test_an_edits_gradient_reaches_what_is_its_own_alone():
    model = model_of(**OFF)
    images = tf.constant(np.random.default_rng(2).uniform(-1, 1, (2, 32, 32, 3)), tf.float32)
    network = model.transformation
    scatter(network)
    tables = [table for block in network.blocks if block.own for table in block.own.weights]
    tables += network.own.weights
    assert len(tables) == 2 * (len(network.blocks) - len(network.down)) + 2
    with tf.GradientTape() as tape:
        total = ops.sum(ops.square(model(images, np.array([2, 2], np.int32), training=True)))
    for gradient in tape.gradient(total, [table.value for table in tables]):
        reached = np.abs(gradient).max(axis=1) > 0
        assert reached.tolist() == [False, False, True, False]


def test_the_objective_is_its_parts():
    options = {
        "patches": 0.7,
        "cycle": 3.0,
        "total_variation": 0.3,
        "views": 1.5,
        "leak": 0.4,
        "other_heads": 0.25,
    }
    model = model_of(**options, **OFF, sparsity_local=0.9)
    scatter(model.transformation)
    scatter(model.discriminator)
    model.steps.assign(3)
    batch = batch_of()
    terms = {k: float(v) for k, v in model.objective(batch, training=False)._asdict().items()}

    x, y, e = (np.concatenate(each) for each in batch)
    own = np.eye(2)[e // 2]
    pairs = painted_pairs(x, (y[:, 0] > 0).astype(np.int32), e, 0, 3)
    given = np.asarray(pairs.given)
    assert np.flatnonzero(np.abs(given - x).max(axis=(1, 2, 3))).tolist() == [9]
    residual = np.asarray(model(given, e))
    real = [log_softmax(np.asarray(each)) for each in model.discriminator(x)]
    fake = [log_softmax(np.asarray(each)) for each in model.discriminator(given + residual)]
    rows = np.arange(12)

    def surprise(logits, attribute, classes):
        return -logits[rows, :, attribute, classes].mean(axis=1)

    wanted = [surprise(each, e // 2, 1 - e % 2).mean() for each in fake]
    assert [terms["gan_loss"], terms["patch_loss"]] == pytest.approx(wanted, rel=1e-4)
    change = np.abs(residual).mean(axis=(1, 2, 3))
    assert terms["sparsity_loss"] == pytest.approx(0.9 * change.mean(), rel=1e-4)
    assert terms["mean_change"] == pytest.approx(change.mean(), rel=1e-4)
    for number, term in enumerate(FAMILY.terms(EDITS)[-4:]):
        assert term.edit == EDITS[number]
        assert terms[term.name] == pytest.approx(change[e == number].mean(), rel=1e-4)
    there = (x + residual)[:4]
    back = there + np.asarray(model(there, np.array([1, 0, 3, 2], np.int32)))
    assert terms["cycle_loss"] == pytest.approx(np.abs(back - x[:4]).mean(), rel=1e-4)
    loss = 0.0
    for weight, of_real, of_fake in zip((1.0, 0.7), real, fake, strict=True):
        for attribute in (0, 1):
            weights = np.where(own[:, attribute] > 0, 1, 0.25)
            classes = (y[:, attribute] > 0).astype(int)
            loss += weight * (weights * surprise(of_real, attribute, classes)).mean() / 2
        loss += weight * surprise(of_fake, e // 2, 2).mean() / 2
    assert terms["pairs_loss"] == pytest.approx(
        float(pairs_loss(given + residual, pairs)), rel=1e-4
    )
    assert terms["discriminator_loss"] == pytest.approx(loss, rel=1e-4)
    parts = terms["gan_loss"] + 0.7 * terms["patch_loss"] + 3 * terms["cycle_loss"]
    parts += terms["sparsity_loss"] + 0.4 * terms["leak_loss"] + 4 * terms["pairs_loss"]
    down, across = (np.abs(np.diff(residual, axis=axis)).mean() for axis in (1, 2))
    assert terms["variation_loss"] == pytest.approx(down + across, rel=1e-4)
    parts += 0.3 * terms["variation_loss"]
    view = view_of_step(x[4:8], 3)
    apart = np.asarray(model(view, e[4:8])) - np.asarray(view_of_step(residual[4:8], 3))
    assert terms["views_loss"] == pytest.approx(np.abs(apart).mean(), rel=1e-4)
    parts += 1.5 * terms["views_loss"]
    assert terms["generator_loss"] == pytest.approx(parts, rel=1e-5)
    assert terms["leak_loss"] > 0


def test_glasses_are_painted_for_the_edits_of_glasses_alone():
    rng = np.random.default_rng(0)
    faces = rng.uniform(-1, 1, (5, 32, 32, 3)).astype(np.float32)
    # Added; taken off a face with some, off a face without; and another edit, twice.
    edits = np.array([0, 1, 1, 2, 3], np.int32)
    classes = np.array([0, 1, 0, 0, 1], np.int32)
    given, truth, cover, paired = map(np.asarray, painted_pairs(faces, classes, edits, 0, 7))
    assert paired.tolist() == [1, 0, 1, 0, 0]
    assert (given[[0, 1, 3, 4]] == faces[[0, 1, 3, 4]]).all()
    assert (truth[1:] == faces[1:]).all()
    for wearing, row in ((truth, 0), (given, 2)):
        changed = np.abs(wearing[row] - faces[row]).max(axis=-1)
        assert 0.05 < (changed > 0.05).mean() < 0.5
        assert (changed[cover[row, :, :, 0] == 0] < 1e-6).all()
    # Those that are put on are always the same, those that come off are not.
    other = painted_pairs(faces, classes, edits, 0, 8)
    np.testing.assert_array_equal(np.asarray(other.truth)[0], truth[0])
    assert np.abs(np.asarray(other.given)[2] - given[2]).max() > 0.1


def test_a_pair_is_missed_by_the_pixels_that_are_painted_above_all():
    faces = np.zeros((2, 32, 32, 3), np.float32)
    pairs = painted_pairs(faces, np.array([0, 0], np.int32), np.array([0, 3], np.int32), 0, 0)
    off = np.full_like(faces, 0.25)
    cover = np.asarray(pairs.cover)
    wanted = 0.25 * (0.5 + 12 * cover[0].mean()) / 2
    assert float(pairs_loss(pairs.truth + off, pairs)) == pytest.approx(wanted, rel=1e-5)
    assert float(pairs_loss(pairs.truth, pairs)) == 0


def test_the_gate_learns_what_the_faces_have_and_leaves_the_maps_alone():
    model = model_of(**OFF)
    batch = batch_of()
    terms = model.objective(batch, training=False)
    # Before it has learned anything it is in doubt of all faces, and lets edits through.
    assert float(terms.gate_loss) == pytest.approx(np.log(2), rel=1e-5)
    np.testing.assert_allclose(opened(np.zeros(2)), 0.02 + 0.98 / (1 + np.exp(-1.5)), rtol=1e-5)
    np.testing.assert_allclose(opened(np.array([-99.0, 99.0])), [0.02, 1], atol=1e-6)
    with tf.GradientTape() as tape:
        loss = model.objective(batch, training=True).gate_loss
    variables = [*model.gate.trainable_variables, *model.transformation.trainable_variables]
    found = tape.gradient(loss, [variable.value for variable in variables])
    kernel = model.gate.to_attributes.kernel
    reached = [
        variable for variable, each in zip(variables, found, strict=True) if each is not None
    ]
    assert any(variable is kernel for variable in reached)
    assert not {id(v) for v in reached} & {id(v) for v in model.transformation.weights}


def test_a_gate_of_one_edit_says_whether_it_is_needed():
    model = model_of(**OFF)
    scatter(model.gate)
    maps = np.random.default_rng(3).normal(size=(3, 8, 8, model.gate.channels)).astype(np.float32)
    has = np.asarray(model.gate(maps))
    for number, edit in enumerate(EDITS):
        needs = np.asarray(model.gate.of_one(number // 2, edit.adds)(maps))[:, 0]
        wanted = has[:, number // 2] * (-1 if edit.adds else 1)
        np.testing.assert_allclose(needs, wanted, rtol=1e-4, atol=1e-5)


def test_a_label_that_is_not_known_teaches_nothing():
    model = model_of(**OFF)
    images, labels, edits = batch_of()
    unknown = [each.copy() for each in labels]
    for each in unknown:
        each[np.arange(4), 1 - edits[0] // 2] = 0
    losses_ = [
        float(model.objective((images, each, edits), training=False).discriminator_loss)
        for each in (unknown, labels)
    ]
    assert losses_[0] < losses_[1]
    alone = model_of(**OFF, other_heads=0.0)
    alone.discriminator.set_weights(model.discriminator.get_weights())
    alone.transformation.set_weights(model.transformation.get_weights())
    terms = alone.objective((images, labels, edits), training=False)
    assert float(terms.discriminator_loss) == pytest.approx(losses_[0], rel=1e-5)


def test_r1_is_of_every_eighth_real_row():
    model, without = model_of(ema_decay=0.0, r1=2.0), model_of(ema_decay=0.0, r1=0.0)
    images, _, edits = batch = batch_of()
    asked = np.concatenate(images)[::8]
    own = np.eye(2, dtype=np.float32)[np.concatenate(edits)[::8] // 2]
    gradient = adversarial.input_gradient(
        lambda x: losses.realness(model.discriminator(x)[0], own), tf.constant(asked)
    )
    wanted = float(losses.r1_penalty(gradient))
    assert wanted > 0
    terms, plain = (each.objective(batch, training=True) for each in (model, without))
    assert float(terms.r1_penalty) == pytest.approx(wanted, rel=1e-4)
    more = float(terms.discriminator_loss) - float(plain.discriminator_loss)
    assert more == pytest.approx(2 * wanted, rel=1e-3)


def test_while_the_discriminator_learns_alone_the_rest_stays(untraced):
    model = model_of()
    model.compile()
    model.learning = ("discriminator",)
    before = {
        network: [np.asarray(w) for w in getattr(model, network).weights]
        for network in ("transformation", "discriminator")
    }
    with untraced():
        model.fit(tf.data.Dataset.from_tensors(batch_of()).repeat(2), verbose=0, shuffle=False)
    assert model.steps_done == 2
    for one, other in zip(before["transformation"], model.transformation.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(
        before["transformation"], model.finished("transformation").weights, strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert any(
        (one != np.asarray(other)).any()
        for one, other in zip(before["discriminator"], model.discriminator.weights, strict=True)
    )


def test_the_head_start_is_in_proportion():
    options = FAMILY.options(head_start=100)
    assert FAMILY.phases(options, 900) == (Phase(("discriminator",), 100), Phase())
    assert FAMILY.phases(options, 90)[0].stop == 30
    assert FAMILY.phases(FAMILY.options(head_start=0), 900) == (Phase(),)
    assert FAMILY.learning_steps("generator", options, 900) == 800
    assert FAMILY.learning_steps("discriminator", options, 900) == 900


def test_the_late_rate_falls_over_the_last_three_fifths():
    rate = learning_rate(3e-4, "late", 100)
    found = [float(rate(step)) for step in (0, 40, 70, 100, 120)]
    np.testing.assert_allclose(found, [3e-4, 3e-4, 1.5e-4, 0, 0], rtol=1e-5, atol=1e-10)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(rate))
    assert isinstance(again, LateDecay)
    assert float(again(70)) == found[2]


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_it_trains_in_half_precision(precision):
    model = model_of(precision=precision)
    model.compile()
    history = model.fit(tf.data.Dataset.from_tensors(batch_of()), verbose=0, shuffle=False).history
    assert all(np.isfinite(value).all() for value in history.values())


def test_saved_and_loaded_it_edits_the_same(tmp_path, untraced):
    model = model_of()
    model.compile()
    with untraced():
        model.fit(tf.data.Dataset.from_tensors(batch_of()), verbose=0, shuffle=False)
    scatter_extents(model)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    images = batch_of()[0][0]
    assert again.edits == EDITS
    np.testing.assert_array_equal(again.extents, model.extents)
    for edit in EDITS:
        np.testing.assert_array_equal(
            again.residual_image(images, edit), model.residual_image(images, edit)
        )


def test_a_file_of_before_edits_had_an_extent_is_loaded(tmp_path, monkeypatch):
    model = model_of()
    model.compile()
    model.steps.assign(7)
    with monkeypatch.context() as patch:
        steps_alone = lambda self, store: store.__setitem__("0", self.steps)  # noqa: E731
        patch.setattr(type(model), "save_own_variables", steps_alone)
        model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.steps_done == 7
    np.testing.assert_array_equal(again.extents, 1)
