import numpy as np
import pytest

from faceattr.data.batch_plan import augment, batch_plan


def test_each_class_is_seen_whole_before_any_image_comes_again():
    counts = (7, 5)
    plans = [batch_plan(3, step, 4, counts).positions for step in range(35)]
    for label, count in enumerate(counts):
        seen = np.concatenate([plan[label] for plan in plans])
        for start in range(0, len(seen) - count + 1, count):
            assert sorted(seen[start : start + count]) == list(range(count))
    orders = [tuple(np.concatenate([plan[0] for plan in plans])[i : i + 7]) for i in (0, 7, 14)]
    assert len(set(orders)) == 3, "every epoch has an order of its own"


def test_half_of_the_images_are_mirrored_and_classes_are_independent():
    plans = [batch_plan(0, step, 16, (1000, 1000)) for step in range(60)]
    assert np.mean([plan.mirrored for plan in plans]) == pytest.approx(0.5, abs=0.03)
    positions = np.concatenate([plan.positions for plan in plans], axis=1)
    assert abs(np.corrcoef(positions)[0, 1]) < 0.1


def test_a_plan_is_a_pure_function_of_seed_and_step():
    first, again, later, other = (
        batch_plan(seed, step, 8, (50, 60)) for seed, step in ((1, 5), (1, 5), (1, 6), (2, 5))
    )
    for name in ("positions", "mirrored", "changes"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
        assert (getattr(first, name) != getattr(later, name)).any()
        assert (getattr(first, name) != getattr(other, name)).any()


def test_augmenting_mirrors_as_planned():
    crops = np.random.default_rng(0).integers(0, 256, (8, 6, 6, 3), np.uint8)
    before = crops.copy()
    plan = batch_plan(0, 0, 4, (9, 9))
    assert 0 < plan.mirrored.sum() < 8, "this seed has both kinds"
    out = augment(crops, plan, jitter=0.0)
    for image, source, mirrored in zip(out, before, plan.mirrored.reshape(-1), strict=True):
        np.testing.assert_array_equal(image, source[:, ::-1] if mirrored else source)
    assert out is crops, "in place"


@pytest.mark.parametrize("jitter", [0.3, 1.0])
def test_jitter_stays_within_its_bounds(jitter):
    grey = np.full((64, 16, 16, 3), 100, np.uint8)
    out = augment(grey.copy(), batch_plan(0, 0, 32, (99, 99)), jitter).astype(int)
    # Contrast by 15% about the middle and brightness by a tenth of the range, and no black border.
    most = jitter * (0.15 * 27.5 + 0.1 * 255) + 1
    assert 100 - most <= out.min() < 100 < out.max() <= 100 + most
