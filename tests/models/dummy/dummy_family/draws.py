"""Faces of any label, each with an edit that it needs."""

import dataclasses

import numpy as np

from faceattr.data.rows import Rows, places, random_changes


@dataclasses.dataclass(frozen=True, eq=False)
class Draws:
    """See `faceattr.data.rows.Draws`.

    Attributes:
        members: int64 [m], the training images.
        labels: int8 [m, attributes], theirs: -1, 1, or 0 for unknown.
        batch_size: int, faces in a batch.
        seed: int.
    """

    members: np.ndarray
    labels: np.ndarray
    batch_size: int
    seed: int

    def indices(self):
        return self.members

    def rows(self, step):
        start = step * self.batch_size
        drawn = places(self.seed, 0, start, start + self.batch_size, len(self.members))
        labels = self.labels[drawn]
        column = np.arange(start, start + self.batch_size) % labels.shape[1]
        label = labels[np.arange(self.batch_size), column]
        # Edits stand in pairs, adding and removing, in the order of the attributes.
        edits = np.where(label == 0, -1, 2 * column + (label == 1)).astype(np.int32)
        changes = random_changes(self.seed, step, self.batch_size)
        return Rows(self.members[drawn], labels, edits, *changes)

    def batch(self, images, labels, edits):
        return images[0], labels[0], edits[0]
