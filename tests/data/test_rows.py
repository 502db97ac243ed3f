import numpy as np
import pytest

from faceattr.data.rows import Rows, augment, places, random_changes


def some_rows(count, groups=1, seed=0):
    labels = np.arange(2 * count, dtype=np.int8).reshape(count, 2) % 3 - 1
    edits = np.arange(count, dtype=np.int32) - 1
    return Rows(
        np.arange(count) * 10, labels, edits, *random_changes(seed, 0, count), groups=groups
    )


def test_every_round_has_each_image_once_in_an_order_of_its_own():
    count = 7
    seen = np.concatenate([places(3, 0, 4 * step, 4 * step + 4, count) for step in range(35)])
    rounds = [tuple(seen[start : start + count]) for start in range(0, len(seen), count)]
    assert all(sorted(each) == list(range(count)) for each in rounds)
    assert len(set(rounds)) > 15
    # Whatever is drawn at once, and over several rounds.
    np.testing.assert_array_equal(places(3, 0, 2, 33, count), seen[2:33])
    assert (places(3, 1, 0, 7, count) != seen[:7]).any()
    assert (places(4, 0, 0, 7, count) != seen[:7]).any()


def test_changes_are_a_pure_function_of_seed_and_step():
    for first, again, later, other in zip(
        *(random_changes(seed, step, 16) for seed, step in ((1, 5), (1, 5), (1, 6), (2, 5))),
        strict=True,
    ):
        np.testing.assert_array_equal(first, again)
        assert (first != later).any()
        assert (first != other).any()


def test_half_of_the_images_are_mirrored():
    mirrored = [random_changes(0, step, 32)[0] for step in range(60)]
    assert np.mean(mirrored) == pytest.approx(0.5, abs=0.03)


def test_a_worker_gets_its_share_of_every_group():
    rows = some_rows(12, groups=2)
    parts = [rows.shard(index, 3) for index in range(3)]
    for index, part in enumerate(parts):
        mine = [index, index + 3, index + 6, index + 9]
        assert part.groups == 2
        for name in ("indices", "labels", "edits", "mirrored", "changes"):
            np.testing.assert_array_equal(getattr(part, name), getattr(rows, name)[mine])
    with pytest.raises(AssertionError, match="equal shares"):
        rows.shard(0, 4)


def test_groups_are_of_equal_length():
    with pytest.raises(AssertionError, match="equal length"):
        some_rows(5, groups=2)


def test_augmenting_mirrors_as_planned():
    crops = np.random.default_rng(0).integers(0, 256, (8, 6, 6, 3), np.uint8)
    before = crops.copy()
    rows = some_rows(8)
    assert 0 < rows.mirrored.sum() < 8, "this seed has both kinds"
    out = augment(crops, rows, jitter=0.0)
    for image, source, mirrored in zip(out, before, rows.mirrored, strict=True):
        np.testing.assert_array_equal(image, source[:, ::-1] if mirrored else source)
    assert out is crops, "in place"


@pytest.mark.parametrize("jitter", [0.3, 1.0])
def test_jitter_stays_within_its_bounds(jitter):
    grey = np.full((64, 16, 16, 3), 100, np.uint8)
    out = augment(grey.copy(), some_rows(64), jitter).astype(int)
    # Contrast by 15% about the middle and brightness by a tenth of the range, and no black border.
    most = jitter * (0.15 * 27.5 + 0.1 * 255) + 1
    assert 100 - most <= out.min() < 100 < out.max() <= 100 + most
