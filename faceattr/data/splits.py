"""The paper's protocol (section 4): so many test images per class, the rest balanced."""

import dataclasses
import pathlib

import numpy as np

from faceattr.data.table import AttributeTable
from faceattr.errors import UserError

PAPER_TEST_PER_CLASS = 1000

# When a class is too small for the paper's test set, a fifth of it is held out, so that most of
# the minority class is left to train on.
_SMALL_TEST_SHARE = 5


@dataclasses.dataclass(frozen=True, eq=False)
class Split:
    """Indices into a table, each int64 [n]; training classes are of equal size.

    Attributes:
        train_negative, train_positive: images without and with the attribute, for training.
        test_negative, test_positive: the same, held out.
    """

    train_negative: np.ndarray
    train_positive: np.ndarray
    test_negative: np.ndarray
    test_positive: np.ndarray

    def write(self, folder: pathlib.Path, table: AttributeTable) -> None:
        """Writes the four lists of image names, one name a line, as `folder/<list>.txt`."""
        folder.mkdir(parents=True, exist_ok=True)
        for field in dataclasses.fields(self):
            names = [table.names[index] for index in getattr(self, field.name)]
            (folder / f"{field.name}.txt").write_text("".join(f"{name}\n" for name in names))


def balanced_split(positive: np.ndarray, test_per_class: int | None, seed: int) -> Split:
    """Draws the paper's split at random.

    Args:
        positive: bool [n], whether each image has the attribute.
        test_per_class: int >= 1, held-out images of each class; None for the paper's 1,000, or
            for a fifth of the smaller class where 1,000 would take more than half of it.
        seed: int. The same seed gives the same split.

    Raises:
        UserError: if a class is empty, or too small for `test_per_class`.
    """
    rng = np.random.default_rng([seed, 0x5117])
    classes = [np.flatnonzero(~positive), np.flatnonzero(positive)]
    smaller = min(len(members) for members in classes)
    counts = f"{len(classes[1])} with the attribute and {len(classes[0])} without"
    if smaller < 2:
        raise UserError(f"too few images of a class: {counts}; at least 2 of each are needed")
    chosen = default_test_per_class(smaller) if test_per_class is None else test_per_class
    if not 1 <= chosen < smaller:
        raise UserError(
            f"--test_per_class {chosen} leaves nothing to train on: the data have {counts}; "
            f"choose 1 to {smaller - 1}, such as {default_test_per_class(smaller)}"
        )
    shuffled = [rng.permutation(members) for members in classes]
    test = [np.sort(members[:chosen]) for members in shuffled]
    # All of the minority class of the rest and as many of the majority (section 4).
    train = [np.sort(members[chosen:smaller]) for members in shuffled]
    return Split(train[0], train[1], test[0], test[1])


def default_test_per_class(smaller: int) -> int:
    """The paper's 1,000, or a fifth of the smaller class where that is more than half of it."""
    if smaller >= 2 * PAPER_TEST_PER_CLASS:
        return PAPER_TEST_PER_CLASS
    return max(1, smaller // _SMALL_TEST_SHARE)
