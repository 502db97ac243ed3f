"""Which images train and which are held out, in memory and in the `split` folder of a run."""

import csv
import dataclasses
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from faceattr.data.table import AttributeTable, LeftOut
from faceattr.errors import UserError
from faceattr.files import replacing, write_text

_LISTS = ("train_negative", "train_positive", "test_negative", "test_positive")
_SHARED_LISTS = ("train", "test")
_LEFT_OUT = "left_out.csv"


@dataclasses.dataclass(frozen=True, eq=False)
class Split:
    """The split of one attribute: indices into a table, each int64 [n].

    Attributes:
        train_negative, train_positive: images without and with the attribute, for training; of
            equal size, but for `unbalanced`.
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
        _write(folder, table, {name: getattr(self, name) for name in _LISTS}, self.left_out)

    @classmethod
    def read(cls, folder: pathlib.Path, table: AttributeTable) -> "Split":
        """Reads what `write` wrote, against the same or a larger table.

        Raises:
            UserError: if a list is missing, an image is in two lists, or the table does not have
                an image of a list.
        """
        return cls(**_read_lists(folder, table, _LISTS), left_out=_read_left_out(folder))


@dataclasses.dataclass(frozen=True, eq=False)
class SharedSplit:
    """The split of several attributes, which have the same images held out.

    Attributes:
        table: with the labels of all columns.
        train, test: int64 [n] each, of the table's images.
        left_out: images that are in neither, and why.
    """

    table: AttributeTable = dataclasses.field(repr=False)
    train: np.ndarray
    test: np.ndarray
    left_out: tuple[LeftOut, ...] = ()

    def training(self, column: str) -> tuple[np.ndarray, np.ndarray]:
        """Training images without and with the attribute of a column, int64 [n] each.

        Those whose label is unknown are in neither.
        """
        return self._classes(self.train, column)

    def held_out(self, column: str) -> tuple[np.ndarray, np.ndarray]:
        """Held-out images without and with the attribute of a column, as `training`."""
        return self._classes(self.test, column)

    def indices(self) -> np.ndarray:
        """int64 [n]: every image of the split."""
        return np.concatenate([self.train, self.test])

    def write(self, folder: pathlib.Path, table: AttributeTable) -> None:
        """Writes the lists, a name a line in `folder/<list>.txt`, and `left_out.csv`."""
        _write(folder, table, {"train": self.train, "test": self.test}, self.left_out)

    @classmethod
    def read(cls, folder: pathlib.Path, table: AttributeTable) -> "SharedSplit":
        """Reads what `write` wrote, as `Split.read`."""
        lists = _read_lists(folder, table, _SHARED_LISTS)
        return cls(table, **lists, left_out=_read_left_out(folder))

    def _classes(self, images: np.ndarray, column: str) -> tuple[np.ndarray, np.ndarray]:
        known, positive = self.table.known(column)[images], self.table.values(column)[images]
        return images[known & ~positive], images[known & positive]


AnySplit = Split | SharedSplit


def read_split(folder: pathlib.Path, table: AttributeTable) -> AnySplit:
    """Reads the split that lies in a folder, of whichever kind.

    Raises:
        UserError: see `Split.read`.
    """
    shared = any((folder / f"{name}.txt").is_file() for name in _SHARED_LISTS)
    return SharedSplit.read(folder, table) if shared else Split.read(folder, table)


def _write(
    folder: pathlib.Path,
    table: AttributeTable,
    lists: Mapping[str, np.ndarray],
    left_out: Sequence[LeftOut],
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, indices in lists.items():
        text = "".join(f"{table.names[index]}\n" for index in indices)
        write_text(folder / f"{name}.txt", text)
    with (
        replacing(folder / _LEFT_OUT) as beside,
        beside.open("w", encoding="utf-8", newline="") as file,
    ):
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["image", "reason", "detail"])
        rows.writerows(map(dataclasses.astuple, left_out))


def _read_lists(
    folder: pathlib.Path, table: AttributeTable, names: Sequence[str]
) -> dict[str, np.ndarray]:
    index_of = {name: index for index, name in enumerate(table.names)}
    lists: dict[str, np.ndarray] = {}
    list_of: dict[str, str] = {}
    for name in names:
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
    return lists


def _read_left_out(folder: pathlib.Path) -> tuple[LeftOut, ...]:
    path = folder / _LEFT_OUT
    if not path.is_file():
        return ()
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(LeftOut(*row) for row in list(csv.reader(file))[1:] if len(row) == 3)
