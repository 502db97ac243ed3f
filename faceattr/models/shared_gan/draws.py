"""How the batches of several attributes are drawn: every edit as often, from matched strata."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from faceattr.attributes import Attribute
from faceattr.data.rows import Rows, random_changes
from faceattr.data.splits import AnySplit
from faceattr.data.table import AttributeTable

GROUPS = 3
"""Groups of rows in a batch; the first is brought back by the opposite edit."""

GLASSES = "Eyeglasses"
"""The column that true pairs can be painted for."""

_STRATA = ("Male", "Young")
_SOURCE = "source"
_LEAST = 0.1
_STREAM = 3  # 2 is that of `random_changes`

_logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, eq=False)
class SharedDraws:
    """How the batches of several attributes are drawn; see `faceattr.data.rows.Draws`.

    The edits take turns along a group, and all groups have the same, so that every edit has as many
    rows and as many of them are brought back. A row is a face that lacks what its edit brings; but
    in the last group glasses are taken off faces without any, which the model paints on first.

    Attributes:
        faces: of each edit the faces that are drawn, int64 [m].
        chances: of each edit the chance of each of its faces and all before it, float64 [m], to 1.
        labels: int8 [images of the table, attributes], see `Rows`.
        batch_size: int >= 1, rows of a group.
        seed: int >= 0.
        painted: the edit that takes painted glasses off; None without pairs.
    """

    faces: tuple[np.ndarray, ...]
    chances: tuple[np.ndarray, ...]
    labels: np.ndarray
    batch_size: int
    seed: int
    painted: int | None = None

    def indices(self) -> np.ndarray:
        """int64 [k]: every image that may be drawn."""
        return np.unique(np.concatenate(self.faces))

    def rows(self, step: int) -> Rows:
        """The rows of a step's batch: `GROUPS` groups."""
        turn = step * self.batch_size + np.arange(self.batch_size)
        edits = np.tile((turn % len(self.faces)).astype(np.int32), GROUPS)
        where = np.random.default_rng([self.seed, _STREAM, step]).random(len(edits))
        indices = np.empty(len(edits), np.int64)
        # The opposite edit, which adds them, is on faces without.
        drawn_for = edits.copy()
        last = drawn_for[-self.batch_size :]
        last[last == self.painted] -= 1
        for edit in np.unique(drawn_for):
            rows = drawn_for == edit
            places = np.searchsorted(self.chances[edit], where[rows], side="right")
            indices[rows] = self.faces[edit][places]
        changes = random_changes(self.seed, step, len(edits))
        return Rows(indices, self.labels[indices], edits, *changes, groups=GROUPS)

    def batch(
        self, images: Sequence[Any], labels: Sequence[Any], edits: Sequence[Any]
    ) -> tuple[tuple[Any, ...], ...]:
        """(images, labels, edits), of each all groups."""
        return tuple(images), tuple(labels), tuple(edits)


def shared_draws(
    table: AttributeTable,
    split: AnySplit,
    attributes: Sequence[Attribute],
    batch_size: int,
    seed: int,
    pairs: bool = False,
) -> SharedDraws:
    """The draws of all edits of some attributes, from the training images of a split.

    Faces to be given an attribute and faces to lose it come from the same strata of sex, age and
    source at the same rates, so that none of these is taken for the attribute. Faces of a stratum
    that has one of the two alone are left out. With `pairs`, glasses that are taken off are painted
    in one of `GROUPS` rows. Where the table has no such columns, or nearly all faces would be left
    out, there are fewer strata, down to none.
    """
    columns = [attribute.column for attribute in attributes]
    faces, chances = [], []
    for column in columns:
        for members, chance in _matched(table, split.training(column), column):
            faces.append(members)
            chances.append(chance)
    painted = 2 * columns.index(GLASSES) + 1 if pairs and GLASSES in columns else None
    labels = labels_of(table, columns)
    return SharedDraws(tuple(faces), tuple(chances), labels, batch_size, seed, painted)


def labels_of(table: AttributeTable, columns: Sequence[str]) -> np.ndarray:
    """int8 [n, columns]: -1 without, 1 with, 0 unknown."""
    signs = [np.where(table.values(name), 1, -1) * table.known(name) for name in columns]
    return np.stack(signs, axis=1).astype(np.int8)


def _matched(
    table: AttributeTable, classes: tuple[np.ndarray, np.ndarray], column: str
) -> list[tuple[np.ndarray, np.ndarray]]:
    """(faces, their chances) of either class of a column."""
    by = [name for name in _STRATA if name in table.columns and name != column]
    by += [] if table.source is None else [_SOURCE]
    smaller = min(map(len, classes))
    while True:
        strata = _strata(table, by)
        numbers = np.unique(strata, axis=0, return_inverse=True)[1].reshape(-1)
        counts = [np.bincount(numbers[members], minlength=numbers.max() + 1) for members in classes]
        # Neither class is drawn from a stratum more often than the rarer of the two is there.
        common = np.minimum(*counts)
        if not by or common.sum() >= _LEAST * smaller:
            break
        _logger.info(
            "%s: too few faces of both kinds within %s; its faces are matched by %s",
            column,
            " and ".join(by),
            " and ".join(by[1:]) or "nothing",
        )
        by = by[1:]
    found = []
    for members, count in zip(classes, counts, strict=True):
        members = members[common[numbers[members]] > 0]
        strata_of = numbers[members]
        chance = np.cumsum(common[strata_of] / count[strata_of])
        found.append((members, chance / chance[-1]))
    return found


def _strata(table: AttributeTable, by: Sequence[str]) -> np.ndarray:
    """int16 [n, 1 or more]: faces of equal rows are alike in all that is named."""
    alike = [np.zeros(len(table), np.int16)]
    for name in by:
        same = table.source if name == _SOURCE else labels_of(table, [name])[:, 0]
        assert same is not None
        alike.append(same.astype(np.int16))
    return np.stack(alike, axis=1)
