import dataclasses

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from faceattr.data.splits import (
    SPLITS,
    SharedSplit,
    Split,
    make_shared_split,
    make_split,
    read_split,
)
from faceattr.data.table import AttributeTable, LeftOut
from faceattr.errors import UserError
from faceattr.faces.crop import WHOLE_IMAGE

COLUMNS = ("Male", "Smiling", "Young")


def make_table(labels, **fields):
    labels = np.asarray(labels, np.int8).reshape(-1, len(COLUMNS))
    names = tuple(f"face-{index}.jpg" for index in range(len(labels)))
    images = np.zeros((len(labels), 1, 1, 3), np.uint8)
    return AttributeTable(names, COLUMNS, labels, WHOLE_IMAGE, images=images, **fields)


def a_table(count, seed=0):
    """Labels of which a tenth are unknown; three images a person on average."""
    rng = np.random.default_rng(seed)
    return make_table(
        rng.choice([-1, 0, 1], (count, 3), p=[0.6, 0.1, 0.3]),
        identities=rng.integers(0, count // 3, count),
        partition=rng.choice([0, 1, 2], count, p=[0.6, 0.1, 0.3]).astype(np.int8),
    )


LABELS = st.sampled_from([-1, -1, 0, 1, 1])
ROWS = st.lists(
    st.tuples(LABELS, LABELS, LABELS, st.integers(-1, 12), st.integers(-1, 2), st.booleans()),
    min_size=10,
    max_size=80,
)


@pytest.mark.parametrize("kind", SPLITS)
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.filter_too_much])
@hypothesis.given(rows=ROWS, test_per_class=st.none() | st.integers(1, 5), seed=st.integers(0, 3))
def test_nothing_leaks_and_both_sides_have_both_classes(kind, rows, test_per_class, seed):
    *labels, identities, partition, unreadable = (
        np.array(values) for values in zip(*rows, strict=True)
    )
    labels = np.stack(labels, axis=1)
    partition = partition.astype(np.int8)
    table = make_table(labels, identities=identities, partition=partition)
    bad = {int(i): "broken" for i in np.flatnonzero(unreadable)[:3] if labels[i].any()}
    try:
        split = make_shared_split(kind, table, COLUMNS, test_per_class, seed, bad)
    except UserError:
        hypothesis.assume(False)
    everything = split.indices()
    assert len(set(everything)) == len(everything), "an image is in two places"
    assert not set(everything) & set(bad)
    for column in COLUMNS:
        for side, images in (("training", split.train), ("held_out", split.test)):
            classes = getattr(split, side)(column)
            assert all(len(members) > 0 for members in classes)
            for label, members in zip((-1, 1), classes, strict=True):
                wanted = labels[images, COLUMNS.index(column)] == label
                np.testing.assert_array_equal(members, images[wanted])
        if kind != "official":
            for trained, held_out in zip(
                split.training(column), split.held_out(column), strict=True
            ):
                assert len(held_out) <= len(trained), "no more than half of a class is held out"
    if kind == "person":
        assert not set(identities[split.train]) & set(identities[split.test])
        assert (identities[everything] >= 0).all()
    if kind == "official":
        assert (partition[split.train] == 0).all()
        assert (partition[split.test] == 2).all()
    left_out = [image.name for image in split.left_out]
    assert len(set(left_out)) == len(left_out), "left out for one reason each"
    placed = {table.names[index] for index in everything}
    assert not set(left_out) & placed
    if kind != "official":
        assert set(left_out) | placed == set(table.names), "every image is accounted for"


@pytest.mark.parametrize("kind", SPLITS)
def test_each_class_has_as_many_held_out_as_were_asked_for_and_the_others_train(kind):
    table = a_table(3000)
    split = make_shared_split(kind, table, COLUMNS, 40, seed=0)
    held_out = [len(members) for column in COLUMNS for members in split.held_out(column)]
    assert min(held_out) >= 40
    assert len(split.test) <= 6 * 40 + (100 if kind == "person" else 0), "and few more"
    if kind == "official":
        assert len(split.train) == ((table.partition == 0) & table.labels.any(axis=1)).sum()
    else:
        assert len(split.train) + len(split.test) == table.labels.any(axis=1).sum()


@pytest.mark.parametrize(("rare", "chosen"), [(2500, 1000), (1999, 399), (100, 20), (5, 1)])
def test_the_default_is_the_papers_or_a_fifth_of_the_rarest_class(rare, chosen):
    labels = np.tile(np.array([[1, 1, 1], [-1, -1, -1]]), (3000, 1))
    labels[2 * rare :, 2] = np.minimum(labels[2 * rare :, 2], -1)
    split = make_shared_split("random", make_table(labels), COLUMNS, None, seed=0)
    assert len(split.held_out("Young")[1]) >= chosen
    assert len(split.training("Young")[1]) >= rare // 2
    for column in COLUMNS[:2]:
        assert min(map(len, split.held_out(column))) >= chosen


def test_a_rare_class_keeps_half_of_its_images_to_train_on_whatever_is_asked_for():
    labels = np.tile(np.array([[1, 1, -1], [-1, -1, -1]]), (300, 1))
    labels[:7, 2] = 1
    split = make_shared_split("random", make_table(labels), COLUMNS, 50, seed=0)
    assert [len(split.training("Young")[1]), len(split.held_out("Young")[1])] == [4, 3]
    assert min(map(len, split.held_out("Male"))) >= 50


def test_the_seed_decides():
    table = a_table(300)
    first, again, other = (make_shared_split("random", table, COLUMNS, 9, s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.test, again.test)
    np.testing.assert_array_equal(first.train, again.train)
    assert set(first.test) != set(other.test)


def test_an_image_with_one_known_label_is_used_and_one_with_none_is_left_out():
    table = make_table([[1, 1, 1], [-1, -1, -1]] * 10 + [[0, 0, 1], [0, 0, 0], [1, 1, 1]])
    table = dataclasses.replace(table, left_out=(LeftOut("gone.jpg", "no image file"),))
    split = make_shared_split("random", table, COLUMNS, 2, 0, {22: "face-22.jpg: broken"})
    assert 20 in split.indices()
    assert 20 not in np.concatenate([*split.training("Male"), *split.held_out("Male")])
    assert set(split.left_out) == {
        LeftOut("gone.jpg", "no image file"),
        LeftOut("face-21.jpg", "Male, Smiling, Young unknown or unsure"),
        LeftOut("face-22.jpg", "cannot be read", "face-22.jpg: broken"),
    }


@pytest.mark.parametrize(
    ("kind", "labels", "fields", "message"),
    [
        ("random", [[1, 1, 1], [-1, 1, -1]], {}, "Smiling: 2 images with it and 0 without"),
        ("random", [[1, 1, 0], [-1, -1, 0]], {}, "Young: 0 images with it and 0 without"),
        ("random", [[1, 1, 1], [-1, -1, -1]], {}, "Male: 0 images with it and 0 .* to hold out"),
        ("official", [[1, 1, 1]], {}, r"split official needs .*list_eval_partition"),
        (
            "official",
            [[1, 1, 1], [-1, -1, -1], [1, 1, 1], [-1, 1, -1]],
            {"partition": np.array([0, 0, 2, 2], np.int8)},
            "Smiling: 2 images with it and 0 without to hold out with split official",
        ),
        (
            "official",
            [[1, 1, 1], [-1, -1, 1], [1, 1, 1], [-1, -1, -1]],
            {"partition": np.array([0, 0, 2, 2], np.int8)},
            "Young: 2 images with it and 0 without to train on with split official",
        ),
        ("person", [[1, 1, 1]], {}, "split person needs to know who is who"),
        (
            "person",
            [[1, 1, 1], [-1, -1, -1]] * 2,
            {"identities": np.array([5, 5, 5, 5])},
            "Male: 0 images with it and 0 without to hold out with split person",
        ),
    ],
)
def test_what_cannot_be_split_names_the_column_or_what_is_missing(kind, labels, fields, message):
    with pytest.raises(UserError, match=message):
        make_shared_split(kind, make_table(labels, **fields), COLUMNS, None, 0)


@pytest.fixture
def written(tmp_path):
    table = a_table(60)
    split = make_shared_split("random", table, COLUMNS, 3, 0, {3: 'broken, "really"'})
    split.write(tmp_path / "split", table)
    return tmp_path / "split", table, split


def test_the_split_is_written_by_name_and_read_back(written):
    folder, table, split = written
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["left_out.csv", "test.txt", "train.txt"]
    shuffled = table.take(np.random.default_rng(0).permutation(len(table)))
    read = read_split(folder, shuffled)
    assert isinstance(read, SharedSplit)
    for name in ("train", "test"):
        assert [shuffled.names[i] for i in getattr(read, name)] == [
            table.names[i] for i in getattr(split, name)
        ]
    for column in COLUMNS:
        for label, members in zip((-1, 1), read.held_out(column), strict=True):
            assert (shuffled.labels[members, COLUMNS.index(column)] == label).all()
    assert read.left_out == split.left_out


def test_a_split_that_is_not_of_these_data_is_refused(written):
    folder, table, split = written
    with pytest.raises(UserError, match=r"test.txt: 1 of \d+ images are not in the data"):
        read_split(folder, table.take(np.delete(np.arange(60), split.test[0])))
    (folder / "test.txt").write_text(f"{table.names[split.train[0]]}\n")
    with pytest.raises(UserError, match=r"test.txt: .* is in train.txt as well"):
        read_split(folder, table)
    (folder / "test.txt").unlink()
    with pytest.raises(UserError, match=r"test.txt: no such file"):
        read_split(folder, table)


def test_a_split_of_one_attribute_is_read_as_such(tmp_path):
    table = a_table(60)
    split = make_split("random", table, "Male", 3, 0)
    split.write(tmp_path, table)
    read = read_split(tmp_path, table)
    assert isinstance(read, Split)
    np.testing.assert_array_equal(read.indices(), split.indices())
    with pytest.raises(UserError, match=r"train_negative.txt: no such file"):
        read_split(tmp_path / "gone", table)
