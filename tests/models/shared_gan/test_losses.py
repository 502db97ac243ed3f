"""The terms of the shared model's objective against NumPy."""

import numpy as np
import pytest

from faceattr.models.shared_gan import losses


def log_softmax(logits):
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_classification_weighs_rows_and_attributes_and_means_over_places(rng):
    logits = rng.normal(size=(4, 5, 2, 3)).astype(np.float32)
    classes = rng.integers(0, 3, (4, 2)).astype(np.int32)
    weights = np.array([[1, 0.3], [1, 0], [0.3, 1], [0, 1]], np.float32)
    surprise = -log_softmax(logits)
    wanted = 0.0
    for row in range(4):
        for attribute in range(2):
            of = surprise[row, :, attribute, classes[row, attribute]].mean()
            wanted += weights[row, attribute] * of / 4
    found = losses.classification_loss(logits, classes, weights)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_leak_is_the_divergence_of_the_real_classes_of_other_attributes(rng):
    before, after = rng.normal(size=(2, 3, 1, 3, 3)).astype(np.float32)
    others = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]], np.float32)
    p, q = (np.exp(log_softmax(logits[:, 0, :, :2])) for logits in (before, after))
    divergence = (p * np.log(p / q)).sum(axis=-1)
    wanted = divergence[others == 1].mean()
    np.testing.assert_allclose(losses.leak_loss(before, after, others), wanted, rtol=1e-5)
    assert float(losses.leak_loss(before, before, others)) == pytest.approx(0, abs=1e-6)
    # How likely an edited face is generated is no leak.
    after = before + np.array([0, 0, 9], np.float32)
    assert float(losses.leak_loss(before, after, others)) == pytest.approx(0, abs=1e-6)


def test_of_one_attribute_nothing_leaks(rng):
    logits = rng.normal(size=(2, 3, 1, 1, 3)).astype(np.float32)
    assert float(losses.leak_loss(*logits, np.zeros((3, 1), np.float32))) == 0


def test_a_speck_varies_more_than_an_area_of_as_much_change():
    speck, area = np.zeros((2, 1, 8, 8, 3), np.float32)
    speck[:, 3, 3] = 1.6
    area[:, 2:6, 2:6] = 0.1
    # Twice each way of 7 x 8 differences; of the area 4 pixels a side.
    assert float(losses.total_variation(speck)) == pytest.approx(4 * 1.6 / 56)
    assert float(losses.total_variation(area)) == pytest.approx(4 * 4 * 0.1 / 56)


def test_realness_is_of_the_attribute_that_a_row_is_for(rng):
    logits = rng.normal(size=(2, 4, 2, 3)).astype(np.float32)
    own = np.array([[0, 1], [1, 0]], np.float32)
    p = np.exp(log_softmax(logits))
    odds = np.log((p[..., 0] + p[..., 1]) / p[..., 2]).mean(axis=1)
    np.testing.assert_allclose(losses.realness(logits, own), [odds[0, 1], odds[1, 0]], rtol=1e-4)


def test_r1_change_and_accuracy(rng):
    gradient = rng.normal(size=(3, 4, 4, 3)).astype(np.float32)
    wanted = (gradient**2).sum(axis=(1, 2, 3)).mean() / 2
    np.testing.assert_allclose(losses.r1_penalty(gradient), wanted, rtol=1e-5)
    change = np.abs(gradient).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(losses.mean_change(gradient), change, rtol=1e-5)
    logits = np.zeros((2, 1, 2, 3), np.float32)
    logits[0, 0, 0, 1] = logits[1, 0, 1, 2] = 1  # right, and wrong
    own = np.array([[1, 0], [0, 1]], np.float32)
    classes = np.array([[1, 0], [0, 0]], np.int32)
    assert float(losses.accuracy(logits, classes, own)) == 0.5
