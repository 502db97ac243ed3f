"""CropStore: face crops kept as arrays, in memory or mapped from disk, indexed as one array."""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class CropStore:
    """Crops in one or more shards; only what is asked for is read.

    Attributes:
        shards: uint8 [m, s, s, 3] each, one or more, none of them empty.
        places: int64 [n], where the i-th crop lies in the shards laid end to end; -1 where it is
            not kept.
    """

    shards: tuple[np.ndarray, ...]
    places: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, s, s, 3)."""
        return (len(self.places), *self.shards[0].shape[1:])

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """The crops at `indices`, int [k]: uint8 [k, s, s, 3]."""
        places = self.places[indices]
        assert (places >= 0).all(), "a crop was asked for that is not kept"
        ends = np.cumsum([len(shard) for shard in self.shards])
        shard = np.searchsorted(ends, places, side="right")
        place = places - np.concatenate(([0], ends))[shard]
        out = np.empty((len(places), *self.shape[1:]), np.uint8)
        for number in np.unique(shard):
            here = shard == number
            out[here] = self.shards[number][place[here]]
        return out

    def take(self, indices: np.ndarray, axis: int = 0) -> CropStore:
        """The store of some of the crops, as `numpy.ndarray.take` on axis 0; copies no pixels."""
        assert axis == 0, "crops are taken whole"
        return dataclasses.replace(self, places=self.places[indices])
