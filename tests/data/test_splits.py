import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from faceattr.data.crop import WHOLE_IMAGE
from faceattr.data.splits import balanced_split
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError


@hypothesis.given(st.integers(2, 60), st.integers(2, 60), st.integers(1, 59), st.integers(0, 9))
def test_the_papers_protocol(negatives, positives, test_per_class, seed):
    hypothesis.assume(test_per_class < min(negatives, positives))
    positive = np.arange(negatives + positives) < positives
    np.random.default_rng(seed).shuffle(positive)
    split = balanced_split(positive, test_per_class, seed)
    # So many of each class held out; of the rest all of the minority, as many of the majority.
    assert len(split.test_negative) == len(split.test_positive) == test_per_class
    wanted = min(negatives, positives) - test_per_class
    assert len(split.train_negative) == len(split.train_positive) == wanted
    for members, value in (
        (split.train_negative, False),
        (split.train_positive, True),
        (split.test_negative, False),
        (split.test_positive, True),
    ):
        assert (positive[members] == value).all()
    everything = np.concatenate(
        [split.train_negative, split.train_positive, split.test_negative, split.test_positive]
    )
    assert len(set(everything)) == len(everything), "an image is in two places"


def test_the_seed_decides():
    positive = np.arange(100) % 2 == 0
    first, again, other = (balanced_split(positive, 10, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.test_positive, again.test_positive)
    np.testing.assert_array_equal(first.train_negative, again.train_negative)
    assert set(first.test_positive) != set(other.test_positive)


@pytest.mark.parametrize(("each", "chosen"), [(2500, 1000), (2000, 1000), (1999, 399), (4, 1)])
def test_the_default_is_1000_where_there_is_enough(each, chosen):
    split = balanced_split(np.arange(2 * each) < each, None, 0)
    assert len(split.test_positive) == chosen


def test_too_many_test_images_say_the_numbers_and_a_smaller_choice():
    positive = np.arange(300) < 50
    with pytest.raises(UserError, match=r"50 with the attribute and 250 without.*such as 10"):
        balanced_split(positive, 1000, 0)


@pytest.mark.parametrize("positives", [0, 1, 99, 100])
def test_too_few_of_a_class_say_the_numbers(positives):
    message = rf"{positives} with the attribute and {100 - positives} without"
    with pytest.raises(UserError, match=message):
        balanced_split(np.arange(100) < positives, None, 0)


def test_the_split_is_written_by_name(tmp_path):
    names = tuple(f"face-{index}.jpg" for index in range(10))
    table = AttributeTable(
        names, ("Male",), np.ones((10, 1), np.int8), WHOLE_IMAGE, folder=tmp_path
    )
    split = balanced_split(np.arange(10) < 4, 1, 0)
    split.write(tmp_path / "split", table)
    written = (tmp_path / "split" / "train_positive.txt").read_text().splitlines()
    assert written == [names[index] for index in split.train_positive]
    assert len(list((tmp_path / "split").iterdir())) == 4
