"""Several attributes: the same images are held out for all of them."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from faceattr.data.splits.placing import (
    PAPER_TEST_PER_CLASS,
    default_test_per_class,
    generator,
    usable_images,
)
from faceattr.data.splits.split import SharedSplit
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError


def make_shared_split(
    kind: str,
    table: AttributeTable,
    columns: Sequence[str],
    test_per_class: int | None,
    seed: int,
    bad: Mapping[int, str] | None = None,
) -> SharedSplit:
    """Splits the images of a table once for several attributes.

    Images (or persons, or the images of the official test) are held out in random order, those
    that a class still lacks, until each column has enough of either class. All others train. Of
    no class is more than half held out, so that a rare one may have fewer than was asked for.

    Args:
        kind: one of `SPLITS`.
        table: the images.
        columns: the label columns.
        test_per_class: int >= 1, held-out images of each class of each column, at least; None for
            the paper's 1,000, or fewer where the rarest class is small.
        seed: int. The same seed gives the same split.
        bad: index of each image that cannot be read -> what is wrong with it.

    Returns:
        the split, with every class of every column on both sides; images with no known label of
        any of the columns are left out.

    Raises:
        UserError: naming a column that lacks a class on a side, or what the source lacks for
            `kind`.
    """
    labelled = np.any([table.known(column) for column in columns], axis=0)
    unlabelled = f"{', '.join(columns)} unknown or unsure"
    usable, left_out = usable_images(kind, table, labelled, unlabelled, bad or {})
    members = _members(table, columns) & usable[:, None]
    if kind == "official":
        assert table.partition is not None, "see usable_images"
        may_train, may_test = table.partition == 0, table.partition == 2
    else:
        may_train = may_test = np.ones(len(table), bool)
    for name, side in (("train on", may_train), ("hold out", may_test)):
        _refuse_empty(columns, members[side].sum(axis=0), f"{name} with --split {kind}")
    candidates = np.flatnonzero(usable & may_test)
    sizes = members[candidates].sum(axis=0)
    # The official test is held out anyway, however much of a class that is.
    most = sizes if kind == "official" else sizes // 2
    if test_per_class is None:
        rarest = int(sizes.min())
        official = min(PAPER_TEST_PER_CLASS, rarest)
        test_per_class = official if kind == "official" else default_test_per_class(rarest)
    if kind == "person":
        assert table.identities is not None, "see usable_images"
        _, unit_of = np.unique(table.identities[candidates], return_inverse=True)
    else:
        unit_of = np.arange(len(candidates))
    chosen = _held_out(members[candidates], unit_of, test_per_class, most, generator(seed))
    test = np.zeros(len(table), bool)
    test[candidates[chosen]] = True
    train = usable & may_train & ~test
    _refuse_empty(columns, members[test].sum(axis=0), f"hold out with --split {kind}")
    _refuse_empty(columns, members[train].sum(axis=0), f"train on with --split {kind}")
    return SharedSplit(table, np.flatnonzero(train), np.flatnonzero(test), left_out)


def _members(table: AttributeTable, columns: Sequence[str]) -> np.ndarray:
    """bool [n, 2 * columns]: whether an image is without, or with, each attribute."""
    classes = [
        (table.known(column) & ~table.values(column), table.values(column)) for column in columns
    ]
    return np.stack(list(itertools.chain(*classes)), axis=1)


def _refuse_empty(columns: Sequence[str], counts: np.ndarray, what_for: str) -> None:
    for column, (without, with_it) in zip(columns, counts.reshape(-1, 2), strict=True):
        if not without or not with_it:
            raise UserError(
                f"{column}: {with_it} images with it and {without} without to {what_for}; both "
                "kinds are needed, see --attr and the labels"
            )


def _held_out(
    members: np.ndarray,
    unit_of: np.ndarray,
    wanted: int,
    most: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Which images are held out: bool [n].

    Args:
        members: bool [n, classes].
        unit_of: int64 [n], the number of the unit that an image belongs to, which is held out
            whole or not at all.
        wanted: int, how many of each class.
        most: int64 [classes], of each class no more than so many.
        rng: the order of the units.
    """
    counts = np.zeros((unit_of.max() + 1, members.shape[1]), np.int64)
    np.add.at(counts, unit_of, members.astype(np.int64))
    enough = np.minimum(wanted, most)
    found = np.zeros(members.shape[1], np.int64)
    held_out = np.zeros(len(counts), bool)
    for unit in rng.permutation(len(counts)):
        lacking = found < enough
        if not lacking.any():
            break
        after = found + counts[unit]
        if counts[unit][lacking].any() and (after <= most)[counts[unit] > 0].all():
            held_out[unit] = True
            found = after
    return held_out[unit_of]
