"""Each term of the objective against numbers worked out with NumPy, in float64."""

import numpy as np
import pytest

from faceattr.models.residual_gan import losses

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("label", [losses.NEGATIVE, losses.POSITIVE, losses.GENERATED])
def test_classification_loss_is_eq_4(label):
    logits = RNG.normal(size=(5, 3))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = np.mean(-np.log(p[:, label]))
    assert float(losses.classification_loss(logits.astype("f"), label)) == pytest.approx(
        expected, rel=1e-5
    )


def test_classification_loss_stays_finite_when_d_is_sure():
    sure = np.array([[200.0, 0.0, -200.0]], np.float32)
    assert float(losses.classification_loss(sure, losses.NEGATIVE)) == pytest.approx(0.0)
    assert float(losses.classification_loss(sure, losses.GENERATED)) == pytest.approx(400.0)


def test_pixel_loss_is_a_sum_at_128():
    residual = RNG.normal(size=(2, 128, 128, 3))
    expected = np.abs(residual).sum(axis=(1, 2, 3)).mean()
    assert float(losses.pixel_loss(residual.astype("f"))) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("size", [32, 64, 256])
def test_pixel_loss_keeps_its_meaning_at_other_sizes(size):
    # The same mean change per pixel weighs the same at every size: 0.1 * 128 * 128 * 3.
    residual = np.full((1, size, size, 3), 0.1, np.float32)
    assert float(losses.pixel_loss(residual)) == pytest.approx(4915.2, rel=1e-5)


@pytest.mark.parametrize(("side", "scale"), [(16, 1.0), (8, 4.0), (32, 0.25)])
def test_perceptual_loss_is_eq_5(side, scale):
    phi, edited = RNG.normal(size=(2, 3, side, side, 8))
    expected = np.abs(phi - edited).sum(axis=(1, 2, 3)).mean() * scale
    measured = float(losses.perceptual_loss(phi.astype("f"), edited.astype("f")))
    assert measured == pytest.approx(expected, rel=1e-5)


def test_accuracy_counts_the_class():
    logits = np.array([[3, 1, 2], [0, 5, 1], [9, 0, 0], [0, 0, 1]], np.float32)
    assert [float(losses.accuracy(logits, label)) for label in range(3)] == [0.5, 0.25, 0.25]
