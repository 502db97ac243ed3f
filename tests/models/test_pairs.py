import numpy as np
import pytest

from faceattr.models.pairs import PairDraws


def draws(batch_size, counts, seed):
    """Images without the attribute are 0, 10, 20 and so on; those with it 1, 11, 21."""
    return PairDraws((np.arange(counts[0]) * 10, np.arange(counts[1]) * 10 + 1), batch_size, seed)


def test_the_numbers_are_those_that_trainings_were_drawn_with():
    """As of version 1, so that a run goes on with the batches that it was begun with."""
    rows = draws(4, (7, 5), seed=3).rows(5)
    assert rows.indices.tolist() == [0, 50, 20, 40, 1, 21, 11, 31]
    assert rows.mirrored.tolist() == [True, True, True, False, False, False, True, False]
    first, last = rows.changes[0], rows.changes[7]
    np.testing.assert_allclose(first, [0.296173, 0.854587, -0.495748, -0.622695, -0.906315], 1e-5)
    np.testing.assert_allclose(last, [0.708281, 0.339023, -0.218656, 0.0165382, 0.444469], 1e-5)


def test_each_class_is_seen_whole_before_any_image_comes_again():
    counts = (7, 5)
    pairs = [draws(4, counts, 3).rows(step).indices.reshape(2, 4) for step in range(35)]
    for label, count in enumerate(counts):
        seen = np.concatenate([pair[label] for pair in pairs])
        for start in range(0, len(seen) - count + 1, count):
            assert sorted(seen[start : start + count]) == [label + 10 * i for i in range(count)]


def test_classes_are_independent():
    pairs = [draws(16, (1000, 1000), 0).rows(step).indices.reshape(2, 16) for step in range(60)]
    assert abs(np.corrcoef(np.concatenate(pairs, axis=1))[0, 1]) < 0.1


def test_rows_are_a_pure_function_of_seed_and_step():
    first, again, later, other = (
        draws(8, (50, 60), seed).rows(step) for seed, step in ((1, 5), (1, 5), (1, 6), (2, 5))
    )
    for name in ("indices", "mirrored", "changes"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
        assert (getattr(first, name) != getattr(later, name)).any()
        assert (getattr(first, name) != getattr(other, name)).any()


def test_faces_without_the_attribute_are_given_it_and_those_with_it_lose_it():
    pairs = draws(3, (9, 9), 0)
    rows = pairs.rows(0)
    assert rows.groups == 2
    assert rows.edits.tolist() == [0, 0, 0, 1, 1, 1]
    assert rows.labels.tolist() == [[-1], [-1], [-1], [1], [1], [1]]
    assert (rows.indices % 10).tolist() == [0, 0, 0, 1, 1, 1]
    assert (rows.labels.dtype, rows.edits.dtype) == (np.int8, np.int32)
    assert np.isin(rows.indices, pairs.indices()).all()
    assert pairs.batch(["x0", "x1"], ["l0", "l1"], ["e0", "e1"]) == ("x0", "x1")


@pytest.mark.parametrize("count", [2, 3])
def test_shards_are_of_both_classes(count):
    rows = draws(6, (9, 9), 0).rows(1)
    for index in range(count):
        x0, x1 = rows.shard(index, count).indices.reshape(2, -1)
        np.testing.assert_array_equal(x0, rows.indices[:6][index::count])
        np.testing.assert_array_equal(x1, rows.indices[6:][index::count])
