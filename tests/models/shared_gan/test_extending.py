"""Attributes that are added to a trained shared model: what learns, and that nothing else does."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from models.shared_gan.test_shared_gan import (
    ATTRIBUTES,
    EDITS,
    FAMILY,
    model_of,
    scatter,
    scatter_extents,
)

from faceattr.attributes import find_attribute
from faceattr.models.family import Task
from faceattr.models.registry import family

HAT = find_attribute("hat", ["Hat"])
SIZE, WIDTH = 32, 6
OPTIONS = {"r1": 0.5, "ema_decay": 0.9}


def batch_of(count=4, seed=5):
    """Three groups of faces of the one attribute that is added."""
    rng = np.random.default_rng(seed)
    edits = np.arange(count, dtype=np.int32) % 2
    groups = [
        (
            rng.uniform(-1, 1, (count, SIZE, SIZE, 3)).astype(np.float32),
            (2 * edits[:, None] - 1).astype(np.int8),
            edits,
        )
        for _ in range(3)
    ]
    return tuple(zip(*groups, strict=True))


def extended(trained, attributes=(HAT,), **options):
    keras.utils.set_random_seed(9)
    task = Task(attributes, FAMILY.options(**{**OPTIONS, **options}), SIZE, WIDTH)
    return FAMILY.extend(trained, task)


@pytest.fixture(scope="module")
def trained():
    """A model whose averaged weights are others than the live ones."""
    model = model_of(SIZE, WIDTH, **OPTIONS)
    for seed, name in enumerate(("transformation", "gate")):
        scatter(getattr(model, name), seed)
        scatter(model.finished(name), 7 + seed)
    scatter(model.discriminator, 3)
    scatter_extents(model)
    return model


@pytest.fixture(scope="module")
def before(trained):
    return extended(trained)


@pytest.fixture(scope="module")
def learned(trained):
    """The same after three steps, of which the first is of the discriminator alone."""
    model = extended(trained)
    model.compile()
    for learning, steps in ((("discriminator",), 1), ((), 2)):
        model.learning, model.train_function = learning, None
        batches = tf.data.Dataset.from_tensors(batch_of()).repeat(steps)
        history = model.fit(batches, verbose=0, shuffle=False).history
        assert all(np.isfinite(value).all() for value in history.values())
    return model


def test_before_it_learns_old_edits_are_made_as_they_were(trained, before):
    images = np.random.default_rng(2).uniform(-1, 1, (3, SIZE, SIZE, 3)).astype(np.float32)
    assert before.edits == [*EDITS, *HAT.edits]
    for edit in EDITS:
        wanted = np.asarray(trained.residual_image(images, edit))
        np.testing.assert_allclose(before.residual_image(images, edit), wanted, atol=1e-6)
    logits = [np.asarray(model.discriminator(images)[0])[:, :, :2] for model in (trained, before)]
    np.testing.assert_allclose(*logits, rtol=1e-4, atol=1e-5)


def test_a_new_edit_begins_as_what_all_have_in_common(trained, before):
    old = trained.finished("transformation").own.kernel.numpy()
    new = before.transformation.own.kernel.numpy()
    np.testing.assert_array_equal(new[:4], old)
    np.testing.assert_allclose(new[4:], [old.mean(axis=0)] * 2, rtol=1e-5)


def learning(model):
    return [[(v.name, v.shape) for v in player.variables] for player in model.players]


def own_of(network):
    """Variables of which edits or attributes have a part each."""
    if hasattr(network, "own"):
        tables = [block.own for block in network.blocks if block.own is not None]
        return {id(v) for layer in (*tables, network.own) for v in layer.weights}
    heads = ("to_faces", "to_patches", "to_attributes")
    layers = [getattr(network, name) for name in heads if hasattr(network, name)]
    return {id(v) for layer in layers for v in layer.weights}


@pytest.mark.parametrize("name", ["transformation", "gate", "discriminator"])
def test_only_what_belongs_to_the_new_edits_learns(before, learned, name):
    """The very bits of all else, running means of normalisations and averages included."""
    axis, old = {"transformation": (0, 4), "gate": (-1, 2), "discriminator": (-1, 6)}[name]
    pairs = [(getattr(before, name), getattr(learned, name))]
    if name in before.averages:
        pairs.append((before.averages[name], learned.averages[name]))
    for network, later in pairs:
        own, moved = own_of(network), 0
        for weight, same in zip(network.weights, later.weights, strict=True):
            was, now = np.array(weight), np.array(same)
            if id(weight) in own:
                was, now = np.moveaxis(was, axis, 0), np.moveaxis(now, axis, 0)
                moved += (was[old:] != now[old:]).any()
                was, now = was[:old], now[:old]
            np.testing.assert_array_equal(was, now, err_msg=weight.path)
        assert moved == len(own)


def test_old_edits_are_still_made_as_they_were(trained, learned):
    images = np.random.default_rng(4).uniform(-1, 1, (3, SIZE, SIZE, 3)).astype(np.float32)
    for edit in EDITS:
        wanted = np.asarray(trained.residual_image(images, edit))
        np.testing.assert_allclose(learned.residual_image(images, edit), wanted, atol=1e-6)
    residual, needed = FAMILY.network(learned, HAT.adding)(images)
    np.testing.assert_allclose(residual, learned.residual_image(images, HAT.adding), atol=1e-5)
    assert needed.shape == (3,)


def test_its_terms_are_those_of_the_new_edits(learned):
    names = [term.name for term in FAMILY.terms(HAT.edits)]
    assert list(learned.terms_type._fields) == names
    terms = learned.objective(batch_of(), training=False)
    assert float(terms.change_0_add_hat) > 0
    mean = (float(terms.change_0_add_hat) + float(terms.change_1_remove_hat)) / 2
    assert float(terms.mean_change) == pytest.approx(mean, rel=1e-5)


def test_saved_and_loaded_the_same_learns(learned, tmp_path):
    learned.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert (again.edits, again.added) == (learned.edits, 1)
    assert learning(again) == learning(learned)
    for one, other in zip(learned.weights, again.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    # And what was added to can be added to again; glasses that are added have their pairs.
    more = extended(again, (find_attribute("beard", ["Beard"]),))
    assert more.edits[:6] == learned.edits
    assert (more.first, more.glasses) == (6, None)


def test_glasses_that_are_added_learn_from_painted_pairs():
    task = Task((HAT,), FAMILY.options(**OPTIONS), SIZE, WIDTH)
    model = extended(FAMILY.build(task), ATTRIBUTES[:1])
    assert model.glasses == 2
    images, labels, edits = batch_of()
    labels = tuple(np.where(group == 2, -1, each) for group, each in enumerate(labels))
    assert float(model.objective((images, labels, edits), training=False).pairs_loss) > 0


def test_others_cannot_be_added_to():
    for name in ("residual_gan", "vae_gan"):
        assert not family(name).extends
        with pytest.raises(NotImplementedError, match=name):
            family(name).extend(None, None)
