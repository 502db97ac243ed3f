import numpy as np
import pytest

from faceattr.errors import UserError
from faceattr.evaluation.measures.realism import distances, frechet_distance, kernel_distance


def whitened(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """A sample whose mean is 0 and whose covariance is the identity, both exactly."""
    sample = rng.standard_normal((n, d))
    sample -= sample.mean(axis=0)
    return sample @ np.linalg.inv(np.linalg.cholesky(np.cov(sample, rowvar=False))).T


def test_frechet_distance_of_gaussians_that_share_their_axes():
    rng = np.random.default_rng(0)
    first = whitened(rng, 50, 3) * (1.0, 2.0, 3.0) + (1.0, 0.0, 0.0)
    second = whitened(rng, 70, 3) * (4.0, 2.0, 1.0) + (0.0, 0.0, 5.0)
    # |m1 - m2|^2 = 1 + 25, and with common axes the rest is the sum of (s1 - s2)^2 = 9 + 0 + 4.
    assert frechet_distance(first, second) == pytest.approx(39.0)
    assert frechet_distance(second, first) == pytest.approx(39.0)


def test_frechet_distance_of_gaussians_with_different_axes():
    rng = np.random.default_rng(1)
    mixing = [np.array([[2.0, 0.0], [1.0, 1.0]]), np.array([[1.0, -1.0], [0.0, 3.0]])]
    first, second = (whitened(rng, 40, 2) @ m.T for m in mixing)
    s1, s2 = (m @ m.T for m in mixing)
    # In two dimensions tr (S1 S2)^1/2 = (tr S1 S2 + 2 (det S1 S2)^1/2)^1/2.
    cross = np.sqrt(np.trace(s1 @ s2) + 2 * np.sqrt(np.linalg.det(s1 @ s2)))
    assert frechet_distance(first, second) == pytest.approx(np.trace(s1) + np.trace(s2) - 2 * cross)


def test_frechet_distance_of_a_set_from_itself_is_nothing():
    features = np.random.default_rng(2).random((40, 5))
    assert frechet_distance(features, features) == pytest.approx(0, abs=1e-9)


def test_frechet_distance_says_how_many_images_it_needs():
    features = np.zeros((9, 16))
    with pytest.raises(UserError, match="at least 17 images on each side, there are 9"):
        frechet_distance(features, np.zeros((40, 16)))


def test_kernel_distance_is_the_estimator_written_out():
    rng = np.random.default_rng(3)
    first, second = rng.random((10, 4)), rng.random((12, 4)) + 0.3

    def kernel(x: np.ndarray, y: np.ndarray) -> float:
        return float(x @ y / 4 + 1) ** 3

    def mean_of_others(side: np.ndarray) -> float:
        pairs = [kernel(x, y) for i, x in enumerate(side) for j, y in enumerate(side) if i != j]
        return float(np.mean(pairs))

    across = np.mean([kernel(x, y) for x in first for y in second])
    expected = mean_of_others(first) + mean_of_others(second) - 2 * across
    assert kernel_distance(first, second) == pytest.approx(expected)


def test_kernel_distance_does_not_depend_on_how_it_is_cut_into_blocks(monkeypatch):
    rng = np.random.default_rng(4)
    first, second = rng.random((20, 4)), rng.random((15, 4))
    whole = kernel_distance(first, second)
    monkeypatch.setattr("faceattr.evaluation.measures.realism._BLOCK", 7)
    assert kernel_distance(first, second) == pytest.approx(whole)


def test_kernel_distance_is_unbiased_where_the_frechet_distance_is_not():
    rng = np.random.default_rng(5)
    pairs = [(rng.standard_normal((20, 8)), rng.standard_normal((20, 8))) for _ in range(400)]
    kernel = np.array([kernel_distance(*pair) for pair in pairs])
    error = kernel.std() / np.sqrt(len(kernel))
    assert abs(kernel.mean()) < 3 * error
    assert (kernel < 0).any(), "an unbiased estimate of 0 falls below it at times"
    assert np.mean([frechet_distance(*pair) for pair in pairs]) > 1


def test_kernel_distance_grows_with_a_shift():
    rng = np.random.default_rng(6)
    first, second = rng.standard_normal((2, 200, 8))
    distances = [kernel_distance(first, second + shift) for shift in (0.0, 0.5, 1.0)]
    assert distances[0] < distances[1] < distances[2]


def test_kernel_distance_says_how_many_images_it_needs():
    with pytest.raises(UserError, match="at least 10 images on each side, there are 3"):
        kernel_distance(np.zeros((3, 4)), np.zeros((20, 4)))


def test_realism_of_real_faces_is_that_of_the_reference():
    features = np.random.default_rng(7).standard_normal((400, 6))
    result = distances(features[:200], features[200:], seed=0)
    assert result.count == 100
    assert result.frechet == pytest.approx(result.frechet_reference, rel=0.3)
    assert abs(result.kernel) < 3 * result.kernel_reference_spread
    shifted = distances(features[:200] + 1, features[200:], seed=0)
    assert shifted.frechet > 10 * shifted.frechet_reference
    assert shifted.kernel > 10 * shifted.kernel_reference_spread


def test_realism_does_without_the_frechet_distance_where_images_are_few():
    features = np.random.default_rng(8).standard_normal((60, 32))
    result = distances(features[:20], features[20:], seed=0)
    assert result.frechet is None
    assert result.frechet_reference is None
    assert "at least 33 images" in result.note
    assert np.isfinite(result.kernel)
    with pytest.raises(UserError, match="at least 10 edited and 20 real"):
        distances(features[:5], features[5:], seed=0)
