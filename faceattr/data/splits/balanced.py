"""One attribute: as many images of either class train, and as many are held out (section 4)."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from faceattr.data.splits.placing import (
    PAPER_TEST_PER_CLASS,
    default_test_per_class,
    generator,
    usable_images,
)
from faceattr.data.splits.split import Split
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError


def make_split(
    kind: str,
    table: AttributeTable,
    column: str,
    test_per_class: int | None,
    seed: int,
    bad: Mapping[int, str] | None = None,
) -> Split:
    """Splits the images of a table by one attribute; no image is in both training and test.

    Args:
        kind: one of `SPLITS`: `"random"`, the paper's; `"official"`, training and test as the
            source has them; `"person"`, where no person is in both.
        table: the images.
        column: the label column.
        test_per_class: int >= 1, held-out images of each class; None for the paper's 1,000, or
            fewer where there are few.
        seed: int. The same seed gives the same split.
        bad: index of each image that cannot be read -> what is wrong with it.

    Returns:
        the split; its `left_out` accounts for the images of the table and of the source.

    Raises:
        UserError: if a class is empty or too small, or if the source lacks what `kind` needs.
    """
    usable, left_out = usable_images(
        kind, table, table.known(column), f"{column} unknown or unsure", bad or {}
    )
    positive = table.values(column)
    for has, without in ((True, "without"), (False, "with")):
        if usable.any() and not (positive[usable] == has).any():
            raise UserError(
                f"{column}: all {usable.sum()} usable images are {without} it; both kinds are "
                "needed, see --attr and the labels"
            )
    if kind == "official":
        assert table.partition is not None, "see usable_images"
        split = official_split(table.partition, positive, usable, test_per_class, seed)
    elif kind == "person":
        assert table.identities is not None, "see usable_images"
        split = person_split(table.identities, positive, usable, test_per_class, seed)
    else:
        split = balanced_split(positive, test_per_class, seed, usable)
    return dataclasses.replace(split, left_out=left_out)


def balanced_split(
    positive: np.ndarray,
    test_per_class: int | None,
    seed: int,
    usable: np.ndarray | None = None,
) -> Split:
    """Draws the paper's split at random.

    Args:
        positive: bool [n], whether each image has the attribute.
        test_per_class: int >= 1, held-out images of each class; None for the paper's 1,000, or
            for a fifth of the smaller class where 1,000 would take more than half of it.
        seed: int. The same seed gives the same split.
        usable: bool [n], which images may be drawn; None for all.

    Raises:
        UserError: if a class is empty, or too small for `test_per_class`.
    """
    rng = generator(seed)
    classes = _classes(positive, np.ones(len(positive), bool) if usable is None else usable)
    chosen = _test_count(classes, test_per_class)
    smaller = min(map(len, classes))
    shuffled = [rng.permutation(members) for members in classes]
    test = [np.sort(members[:chosen]) for members in shuffled]
    # All of the minority class of the rest and as many of the majority (section 4).
    train = [np.sort(members[chosen:smaller]) for members in shuffled]
    return Split(train[0], train[1], test[0], test[1])


def official_split(
    partition: np.ndarray,
    positive: np.ndarray,
    usable: np.ndarray,
    test_per_class: int | None,
    seed: int,
) -> Split:
    """Trains on the source's training images and tests on its test images, both balanced.

    Args:
        partition: int8 [n], 0 for training, 1 for validation, 2 for test.
        positive, usable, seed: see `balanced_split`.
        test_per_class: int >= 1; None for the paper's 1,000, or all of the smaller class.

    Raises:
        UserError: if training or test has no image of a class, or too few for `test_per_class`.
    """
    rng = generator(seed)
    train = _classes(positive, usable & (partition == 0))
    test = _classes(positive, usable & (partition == 2))
    counts = ", ".join(
        f"{(usable & (partition == number)).sum()} of {name} ({number})"
        for number, name in enumerate(("training", "validation", "test"))
    )
    available = min(map(len, test))
    if not available or not min(map(len, train)):
        raise UserError(
            "--split official needs images with and without the attribute in training and in "
            f"test; the partition has {counts}; choose --split random or --split person"
        )
    chosen = min(PAPER_TEST_PER_CLASS, available) if test_per_class is None else test_per_class
    if chosen > available:
        raise UserError(
            f"--test_per_class {chosen}: the official test has {available} images of the smaller "
            f"class; choose 1 to {available}"
        )
    return _drawn(train, test, chosen, rng)


def person_split(
    identities: np.ndarray,
    positive: np.ndarray,
    usable: np.ndarray,
    test_per_class: int | None,
    seed: int,
) -> Split:
    """Draws a split that has no person in both training and test.

    Persons are held out, in random order, until each class has enough test images; from then on
    all other persons train. Other images of the persons held out are not used.

    Args:
        identities: int64 [n], the same number for the same person.
        positive, usable, test_per_class, seed: see `balanced_split`.

    Raises:
        UserError: if the persons cannot be divided so that both sides have both classes.
    """
    rng = generator(seed)
    classes = _classes(positive, usable)
    chosen = _test_count(classes, test_per_class)
    persons, person_of = np.unique(identities[usable], return_inverse=True)
    counts = np.zeros((len(persons), 2), np.int64)
    np.add.at(counts, (person_of, positive[usable].astype(int)), 1)
    held_out, found = [], np.zeros(2, np.int64)
    for person in rng.permutation(len(persons)):
        if (found >= chosen).all():
            break
        if counts[person][found < chosen].any():
            held_out.append(persons[person])
            found += counts[person]
    in_test = np.isin(identities, held_out)
    train = _classes(positive, usable & ~in_test)
    test = _classes(positive, usable & in_test)
    if (found < chosen).any() or not min(map(len, train)):
        raise UserError(
            f"--split person: holding out {chosen} images of each class takes every person of a "
            f"class ({len(persons)} persons in all); choose a smaller --test_per_class, another "
            "--seed, or --split random"
        )
    return _drawn(train, test, chosen, rng)


def unbalanced(split: Split, kind: str, table: AttributeTable, column: str) -> Split:
    """A split with all images in training that may be, of classes of any size.

    Args:
        split: of `make_split`; what is held out stays as it is.
        kind, table, column: that it was made of.
    """
    left_out = {image.name for image in split.left_out}
    may = table.known(column) & np.array([name not in left_out for name in table.names])
    held_out = np.concatenate([split.test_negative, split.test_positive])
    may[held_out] = False
    if kind == "official":
        assert table.partition is not None, "see make_split"
        may &= table.partition == 0
    elif kind == "person":
        assert table.identities is not None, "see make_split"
        may &= ~np.isin(table.identities, table.identities[held_out])
    negatives, positives = _classes(table.values(column), may)
    return dataclasses.replace(split, train_negative=negatives, train_positive=positives)


def _classes(positive: np.ndarray, usable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The usable images without and with the attribute, int64 [n] each."""
    return np.flatnonzero(usable & ~positive), np.flatnonzero(usable & positive)


def _test_count(classes: tuple[np.ndarray, np.ndarray], test_per_class: int | None) -> int:
    """How many of each class are held out of all.

    Raises:
        UserError: if a class is too small.
    """
    smaller = min(map(len, classes))
    counts = f"{len(classes[1])} with the attribute and {len(classes[0])} without"
    if smaller < 2:
        raise UserError(f"too few images of a class: {counts}; at least 2 of each are needed")
    chosen = default_test_per_class(smaller) if test_per_class is None else test_per_class
    if not 1 <= chosen < smaller:
        raise UserError(
            f"--test_per_class {chosen} leaves nothing to train on: the data have {counts}; "
            f"choose 1 to {smaller - 1}, such as {default_test_per_class(smaller)}"
        )
    return chosen


def _drawn(
    train: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    test_count: int,
    rng: np.random.Generator,
) -> Split:
    """A split of `test_count` of each test class and as many of each training class as can be."""
    smaller = min(map(len, train))
    train_lists = [np.sort(rng.permutation(members)[:smaller]) for members in train]
    test_lists = [np.sort(rng.permutation(members)[:test_count]) for members in test]
    return Split(train_lists[0], train_lists[1], test_lists[0], test_lists[1])
