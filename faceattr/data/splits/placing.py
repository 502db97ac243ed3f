"""What all splits have in common: which images can be placed, and how many are held out."""

from collections.abc import Mapping

import numpy as np

from faceattr.data.table import AttributeTable, LeftOut
from faceattr.errors import UserError

SPLITS = ("random", "official", "person")

PAPER_TEST_PER_CLASS = 1000

# When a class is too small for the paper's test set, a fifth of it is held out, so that most of
# the minority class is left to train on.
_SMALL_TEST_SHARE = 5

# Keeps the draws of a split apart from other draws of the same seed.
_SPLIT_DRAWS = 0x5117


def generator(seed: int) -> np.random.Generator:
    """The random numbers of a split."""
    return np.random.default_rng([seed, _SPLIT_DRAWS])


def default_test_per_class(smaller: int) -> int:
    """The paper's 1,000, or a fifth of the smaller class where that is more than half of it."""
    if smaller >= 2 * PAPER_TEST_PER_CLASS:
        return PAPER_TEST_PER_CLASS
    return max(1, smaller // _SMALL_TEST_SHARE)


def usable_images(
    kind: str,
    table: AttributeTable,
    labelled: np.ndarray,
    unlabelled: str,
    bad: Mapping[int, str],
) -> tuple[np.ndarray, tuple[LeftOut, ...]]:
    """The images that a split can place, and why not the others.

    Args:
        kind: one of `SPLITS`.
        table: the images.
        labelled: bool [n], which have a label that is known.
        unlabelled: why the others are left out.
        bad: index of each image that cannot be read -> what is wrong with it.

    Returns:
        bool [n], and what is left out of the table and of the source.

    Raises:
        UserError: if the source lacks what `kind` needs.
    """
    usable = labelled.copy()
    left_out = list(table.left_out)
    left_out += [LeftOut(table.names[index], unlabelled) for index in np.flatnonzero(~usable)]
    left_out += [
        LeftOut(table.names[index], "cannot be read", problem) for index, problem in bad.items()
    ]
    usable[list(bad)] = False
    eligible, reason = _eligible(kind, table)
    left_out += [LeftOut(table.names[i], reason) for i in np.flatnonzero(usable & ~eligible)]
    return usable & eligible, tuple(left_out)


def _eligible(kind: str, table: AttributeTable) -> tuple[np.ndarray, str]:
    """Which images a kind of split can place, bool [n], and why it cannot place the others.

    Raises:
        UserError: if it can place none.
    """
    if kind == "official":
        if table.partition is None:
            raise UserError(
                "--split official needs the data set's own split, CelebA's list_eval_partition."
                "txt, which these data do not have; choose --split random or --split person"
            )
        return table.partition >= 0, "not in the official partition"
    if kind == "person":
        if table.identities is None or not (table.identities >= 0).any():
            raise UserError(
                "--split person needs to know who is who (CelebA's identity_CelebA.txt, LFW's "
                "folders, a person column in a CSV), which these data do not; choose --split random"
            )
        return table.identities >= 0, "person unknown"
    return np.ones(len(table), bool), ""
