"""Training and test: at random as in the paper (section 4), CelebA's own, or by person."""

import csv
import dataclasses
import pathlib

import numpy as np

from faceattr.data.table import AttributeTable, LeftOut
from faceattr.errors import UserError
from faceattr.files import replacing, write_text

SPLITS = ("random", "official", "person")

PAPER_TEST_PER_CLASS = 1000

# When a class is too small for the paper's test set, a fifth of it is held out, so that most of
# the minority class is left to train on.
_SMALL_TEST_SHARE = 5

# Keeps the draws of a split apart from other draws of the same seed.
_SPLIT_DRAWS = 0x5117

_LISTS = ("train_negative", "train_positive", "test_negative", "test_positive")


@dataclasses.dataclass(frozen=True, eq=False)
class Split:
    """Indices into a table, each int64 [n]; training classes are of equal size.

    Attributes:
        train_negative, train_positive: images without and with the attribute, for training.
        test_negative, test_positive: the same, held out.
        left_out: images that could not be in any of these, and why. Those that balancing alone
            leaves over are not listed.
    """

    train_negative: np.ndarray
    train_positive: np.ndarray
    test_negative: np.ndarray
    test_positive: np.ndarray
    left_out: tuple[LeftOut, ...] = ()

    def training(self, column: str) -> tuple[np.ndarray, np.ndarray]:
        """Training images without and with the attribute of a column, int64 [n] each."""
        return self.train_negative, self.train_positive

    def held_out(self, column: str) -> tuple[np.ndarray, np.ndarray]:
        """Held-out images without and with the attribute of a column, int64 [n] each."""
        return self.test_negative, self.test_positive

    def indices(self) -> np.ndarray:
        """int64 [n]: every image of the split."""
        return np.concatenate([getattr(self, name) for name in _LISTS])

    def write(self, folder: pathlib.Path, table: AttributeTable) -> None:
        """Writes the four lists, a name a line in `folder/<list>.txt`, and `left_out.csv`."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in _LISTS:
            names = [table.names[index] for index in getattr(self, name)]
            write_text(folder / f"{name}.txt", "".join(f"{name}\n" for name in names))
        with (
            replacing(folder / "left_out.csv") as beside,
            beside.open("w", encoding="utf-8", newline="") as file,
        ):
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["image", "reason", "detail"])
            rows.writerows(map(dataclasses.astuple, self.left_out))

    @classmethod
    def read(cls, folder: pathlib.Path, table: AttributeTable) -> "Split":
        """Reads what `write` wrote, against the same or a larger table.

        Raises:
            UserError: if a list is missing, an image is in two lists, or the table does not have
                an image of a list.
        """
        index_of = {name: index for index, name in enumerate(table.names)}
        lists: dict[str, np.ndarray] = {}
        list_of: dict[str, str] = {}
        for name in _LISTS:
            path = folder / f"{name}.txt"
            if not path.is_file():
                raise UserError(f"{path}: no such file; a training writes it, in split/ of its run")
            images = path.read_text(encoding="utf-8").split("\n")[:-1]
            gone = [image for image in images if image not in index_of]
            if gone:
                raise UserError(
                    f"{path}: {len(gone)} of {len(images)} images are not in the data, such as "
                    f"{gone[0]}; is it the data of this run?"
                )
            for image in images:
                if image in list_of:
                    raise UserError(f"{path}: {image} is in {list_of[image]} as well")
                list_of[image] = f"{name}.txt"
            lists[name] = np.array([index_of[image] for image in images], np.int64)
        return cls(**lists, left_out=_read_left_out(folder / "left_out.csv"))


def _read_left_out(path: pathlib.Path) -> tuple[LeftOut, ...]:
    if not path.is_file():
        return ()
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(LeftOut(*row) for row in list(csv.reader(file))[1:] if len(row) == 3)


def make_split(
    kind: str,
    table: AttributeTable,
    column: str,
    test_per_class: int | None,
    seed: int,
    bad: dict[int, str] | None = None,
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
    bad = bad or {}
    usable = table.known(column)
    left_out = list(table.left_out)
    left_out += [
        LeftOut(table.names[index], f"{column} unknown or unsure")
        for index in np.flatnonzero(~usable)
    ]
    left_out += [
        LeftOut(table.names[index], "cannot be read", problem) for index, problem in bad.items()
    ]
    usable[list(bad)] = False
    eligible, reason = _eligible(kind, table)
    left_out += [LeftOut(table.names[i], reason) for i in np.flatnonzero(usable & ~eligible)]
    usable &= eligible
    positive = table.values(column)
    for has, without in ((True, "without"), (False, "with")):
        if usable.any() and not (positive[usable] == has).any():
            raise UserError(
                f"{column}: all {usable.sum()} usable images are {without} it; both kinds are "
                "needed, see --attr and the labels"
            )
    if kind == "official":
        assert table.partition is not None, "see _eligible"
        split = official_split(table.partition, positive, usable, test_per_class, seed)
    elif kind == "person":
        assert table.identities is not None, "see _eligible"
        split = person_split(table.identities, positive, usable, test_per_class, seed)
    else:
        split = balanced_split(positive, test_per_class, seed, usable)
    return dataclasses.replace(split, left_out=tuple(left_out))


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
    rng = np.random.default_rng([seed, _SPLIT_DRAWS])
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
    rng = np.random.default_rng([seed, _SPLIT_DRAWS])
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
    rng = np.random.default_rng([seed, _SPLIT_DRAWS])
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


def default_test_per_class(smaller: int) -> int:
    """The paper's 1,000, or a fifth of the smaller class where that is more than half of it."""
    if smaller >= 2 * PAPER_TEST_PER_CLASS:
        return PAPER_TEST_PER_CLASS
    return max(1, smaller // _SMALL_TEST_SHARE)


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
