"""A model of twice the size begins as the smaller one on halved pictures."""

import numpy as np
import pytest
import tensorflow as tf
from models.shared_gan.test_shared_gan import EDITS, FAMILY, batch_of, model_of, scatter

WIDTH = 6


def halved(images):
    count, side = images.shape[:2]
    return images.reshape(count, side // 2, 2, side // 2, 2, 3).mean(axis=(2, 4))


@pytest.fixture(scope="module", params=[32, 64])
def pair(request):
    """A trained model, as it were, and one of twice the size that begins with it."""
    trained = model_of(request.param, WIDTH)
    for seed, name in enumerate(("transformation", "gate")):
        scatter(trained.finished(name), seed)
    scatter(trained.discriminator, 3)
    larger = model_of(2 * request.param, WIDTH, seed=8)
    FAMILY.begin(larger, trained)
    return trained, larger


@pytest.fixture
def images(pair):
    side = pair[1].image_size
    return np.random.default_rng(1).uniform(-0.8, 0.8, (3, side, side, 3)).astype(np.float32)


def test_on_the_way_down_it_sees_what_the_smaller_one_sees(pair, images):
    trained, larger = pair
    first, *others = map(np.asarray, larger.finished("transformation").down_path(images))
    # But for the epsilon of the normalisation.
    np.testing.assert_allclose(first[..., :3], halved(images), atol=5e-3)
    wanted = map(np.asarray, trained.finished("transformation").down_path(halved(images)))
    for maps, known in zip(others, wanted, strict=True):
        assert known.any()
        np.testing.assert_allclose(maps[..., : known.shape[-1]], known, atol=0.05)


def test_gate_and_discriminator_say_what_the_smaller_ones_say(pair, images):
    trained, larger = pair
    maps = [
        model.finished("transformation").down_path(pictures)[-1]
        for model, pictures in ((trained, halved(images)), (larger, images))
    ]
    said, known = (
        np.asarray(model.finished("gate")(each))
        for model, each in zip((larger, trained), maps[::-1], strict=True)
    )
    assert np.ptp(known) > 0.1
    np.testing.assert_allclose(said, known, atol=0.05)
    (faces, patches), wanted = larger.discriminator(images), trained.discriminator(halved(images))
    assert np.ptp(wanted[0]) > 0.1
    np.testing.assert_allclose(faces, wanted[0], atol=0.05)
    if trained.image_size > 32:
        np.testing.assert_allclose(patches, wanted[1], atol=0.05)


def test_edits_are_of_the_larger_size_and_not_lost(pair, images):
    trained, larger = pair
    assert larger.steps_done == 0
    network = larger.finished("transformation")
    for number in range(len(EDITS)):
        numbers = np.full(len(images), number, np.int32)
        residual = np.asarray(network(images, numbers))
        assert residual.shape == images.shape
        smaller = np.asarray(trained.finished("transformation")(halved(images), numbers))
        related = np.corrcoef(halved(residual).ravel(), smaller.ravel())[0, 1]
        assert related > 0.3


@pytest.mark.slow
def test_it_goes_on_learning(untraced):
    larger = model_of(64, WIDTH)
    FAMILY.begin(larger, model_of(32, WIDTH))
    larger.compile()
    before = [np.copy(each) for each in larger.transformation.get_weights()]
    with untraced():
        batch = tf.data.Dataset.from_tensors(batch_of(size=64))
        history = larger.fit(batch, verbose=0, shuffle=False).history
    assert all(np.isfinite(value).all() for value in history.values())
    after = larger.transformation.get_weights()
    assert any((one != other).any() for one, other in zip(before, after, strict=True))
    assert larger.steps_done == 1
