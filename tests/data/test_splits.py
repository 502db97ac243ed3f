import dataclasses

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from faceattr.data.sources import load_files
from faceattr.data.splits import SPLITS, Split, balanced_split, make_split, unbalanced
from faceattr.data.table import AttributeTable, LeftOut
from faceattr.errors import UserError
from faceattr.faces.crop import WHOLE_IMAGE

LISTS = ("train_negative", "train_positive", "test_negative", "test_positive")


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
    everything = split.indices()
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


def make_table(labels, **fields):
    labels = np.asarray(labels, np.int8)[:, None]
    names = tuple(f"face-{index}.jpg" for index in range(len(labels)))
    images = np.zeros((len(labels), 1, 1, 3), np.uint8)
    return AttributeTable(names, ("Male",), labels, WHOLE_IMAGE, images=images, **fields)


ROWS = st.lists(
    st.tuples(st.sampled_from([-1, 0, 1]), st.integers(-1, 12), st.integers(-1, 2), st.booleans()),
    min_size=4,
    max_size=80,
)


@pytest.mark.parametrize("kind", SPLITS)
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.filter_too_much])
@hypothesis.given(rows=ROWS, test_per_class=st.none() | st.integers(1, 5), seed=st.integers(0, 3))
def test_no_split_leaks_and_each_class_is_balanced(kind, rows, test_per_class, seed):
    labels, identities, partition, unreadable = (
        np.array(values) for values in zip(*rows, strict=True)
    )
    table = make_table(labels, identities=identities, partition=partition.astype(np.int8))
    bad = {int(index): "broken" for index in np.flatnonzero(unreadable & (labels != 0))}
    try:
        split = make_split(kind, table, "Male", test_per_class, seed, bad)
    except UserError:
        hypothesis.assume(False)
    everything = split.indices()
    assert len(set(everything)) == len(everything), "an image is in two places"
    for name, label in zip(LISTS, (-1, 1, -1, 1), strict=True):
        assert (labels[getattr(split, name)] == label).all()
        assert len(getattr(split, name)) > 0
    assert len(split.train_negative) == len(split.train_positive)
    assert len(split.test_negative) == len(split.test_positive)
    if test_per_class is not None:
        assert len(split.test_negative) == test_per_class
    assert not set(everything) & set(bad)
    train = np.concatenate([split.train_negative, split.train_positive])
    test = np.concatenate([split.test_negative, split.test_positive])
    if kind == "person":
        assert not set(identities[train]) & set(identities[test])
        assert (identities[everything] >= 0).all()
    if kind == "official":
        assert (partition[train] == 0).all()
        assert (partition[test] == 2).all()
    left_out = [image.name for image in split.left_out]
    assert len(set(left_out)) == len(left_out), "left out for one reason each"
    assert not set(left_out) & {table.names[index] for index in everything}


@pytest.mark.parametrize("kind", SPLITS)
def test_without_balance_every_image_that_may_trains(kind):
    rng = np.random.default_rng(0)
    labels = rng.choice([-1, 0, 1], 200, p=[0.6, 0.1, 0.3])
    identities = rng.integers(-1, 60, 200)
    partition = rng.integers(-1, 3, 200).astype(np.int8)
    table = make_table(labels, identities=identities, partition=partition)
    bad = {int(np.flatnonzero(labels)[0]): "broken"}
    balanced = make_split(kind, table, "Male", 10, 0, bad)
    split = unbalanced(balanced, kind, table, "Male")
    np.testing.assert_array_equal(split.test_negative, balanced.test_negative)
    np.testing.assert_array_equal(split.test_positive, balanced.test_positive)
    test = np.concatenate(split.held_out("Male"))
    may = (labels != 0) & ~np.isin(np.arange(200), [*bad, *test])
    may &= {
        "random": np.ones(200, bool),
        "official": partition == 0,
        "person": (identities >= 0) & ~np.isin(identities, identities[test]),
    }[kind]
    np.testing.assert_array_equal(split.train_negative, np.flatnonzero(may & (labels < 0)))
    np.testing.assert_array_equal(split.train_positive, np.flatnonzero(may & (labels > 0)))


def test_every_image_that_cannot_be_placed_is_listed_with_its_reason():
    table = make_table([1, -1, 1, -1, 0, 1, 1, -1], identities=np.array([1, 2, 3, 4, 5, -1, 6, 7]))
    table = dataclasses.replace(table, left_out=(LeftOut("gone.jpg", "no image file"),))
    split = make_split("person", table, "Male", 1, 0, {6: "face-6.jpg: broken"})
    assert set(split.left_out) == {
        LeftOut("gone.jpg", "no image file"),
        LeftOut("face-4.jpg", "Male unknown or unsure"),
        LeftOut("face-5.jpg", "person unknown"),
        LeftOut("face-6.jpg", "cannot be read", "face-6.jpg: broken"),
    }


def test_the_person_split_uses_all_of_the_smaller_class_that_is_not_of_a_person_held_out():
    # Ten persons with two images of each class.
    table = make_table([-1, 1] * 20, identities=np.repeat(np.arange(10), 4))
    split = make_split("person", table, "Male", 3, 0)
    assert len(split.test_positive) == 3
    assert len(split.train_positive) == 16, "two persons hold four images of each class"


def test_the_official_test_set_is_as_large_as_the_paper_or_the_class_allows():
    partition = np.repeat(np.array([0, 1, 2], np.int8), 40)
    labels = np.tile([-1, -1, -1, 1], 30)
    table = make_table(labels, partition=partition)
    split = make_split("official", table, "Male", None, 0)
    assert len(split.test_positive) == len(split.train_positive) == 10
    assert len(make_split("official", table, "Male", 4, 0).test_negative) == 4
    with pytest.raises(UserError, match=r"test_per_class 11: the official test has 10 images"):
        make_split("official", table, "Male", 11, 0)
    large = make_table([-1, 1] * 1500, partition=np.where(np.arange(3000) < 500, 0, 2))
    assert len(make_split("official", large, "Male", None, 0).test_positive) == 1000


@pytest.mark.parametrize(
    ("kind", "labels", "fields", "message"),
    [
        ("random", [1, 1, 1], {}, r"Male: all 3 usable images are with it; both kinds"),
        ("random", [-1, 0, -1], {}, r"Male: all 2 usable images are without it; both kinds"),
        ("random", [0, 0], {}, r"0 with the attribute and 0 without"),
        ("official", [1, -1], {}, r"split official needs .*list_eval_partition"),
        (
            "official",
            [1, -1, 1, -1],
            {"partition": np.array([0, 0, 0, 1], np.int8)},
            r"3 of training \(0\), 1 of validation \(1\), 0 of test \(2\)",
        ),
        ("person", [1, -1], {}, r"split person needs to know who is who"),
        ("person", [1, -1], {"identities": np.array([-1, -1])}, r"split person needs to know"),
        (
            "person",
            [1, -1, 1, -1],
            {"identities": np.array([5, 5, 5, 5])},
            r"takes every person of a class \(1 persons in all\)",
        ),
    ],
)
def test_what_cannot_be_split_says_what_is_missing(kind, labels, fields, message):
    with pytest.raises(UserError, match=message):
        make_split(kind, make_table(labels, **fields), "Male", None, 0)


@pytest.fixture
def written(tmp_path):
    table = make_table([1, -1] * 10)
    split = make_split("random", table, "Male", 2, 0, {3: 'broken, "really"'})
    split.write(tmp_path / "split", table)
    return tmp_path / "split", table, split


def test_the_split_is_written_by_name_and_read_back(written):
    folder, table, split = written
    lines = (folder / "train_positive.txt").read_text().splitlines()
    assert lines == [table.names[index] for index in split.train_positive]
    # Against a table in another order the names decide.
    order = np.random.default_rng(0).permutation(len(table))
    shuffled = table.take(order)
    read = Split.read(folder, shuffled)
    for name in LISTS:
        assert [shuffled.names[i] for i in getattr(read, name)] == [
            table.names[i] for i in getattr(split, name)
        ]
    assert read.left_out == split.left_out
    assert len(read.left_out) == 1


def test_a_split_that_is_not_of_these_data_is_refused(written):
    folder, table, split = written
    with pytest.raises(UserError, match=r"test_positive.txt: 1 of 2 images are not in the data"):
        Split.read(folder, table.take(np.delete(np.arange(20), split.test_positive[0])))
    name = table.names[split.train_negative[0]]
    (folder / "test_negative.txt").write_text(f"{name}\n")
    with pytest.raises(UserError, match=rf"test_negative.txt: {name} is in train_negative.txt"):
        Split.read(folder, table)
    (folder / "test_negative.txt").unlink()
    with pytest.raises(UserError, match=r"test_negative.txt: no such file"):
        Split.read(folder, table)


def test_real_persons_are_kept_apart(celeba_dir):
    table = load_files("celeba", celeba_dir)
    split = make_split("person", table, "Eyeglasses", None, 0)
    train = np.concatenate([split.train_negative, split.train_positive])
    test = np.concatenate([split.test_negative, split.test_positive])
    assert not set(table.identities[train]) & set(table.identities[test])
    assert len(split.test_positive) == 535 // 5
    assert len(split.train_positive) > 400, "most of the 535 are left to train on"
    with pytest.raises(UserError, match=r"8070 of training \(0\), 0 of validation"):
        make_split("official", table, "Eyeglasses", None, 0)
