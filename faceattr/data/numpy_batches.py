"""The batches of `pipeline.training_batches` without TensorFlow, from crops that are stored."""

from typing import Any

import keras
import numpy as np

from faceattr import pixels
from faceattr.data.rows import Draws, augment
from faceattr.data.table import AttributeTable


class NumpyBatches(keras.utils.PyDataset):
    """The batches of the given steps; batch `i` is that of step `steps[i]`.

    Args:
        table: with its crops in memory or packed.
        draws: which of them make up each step.
        steps: range of steps, such as `range(600)`, or `range(200, 600)` after a restart.
        jitter: float in [0, 1], strength of the random changes of light and framing. Defaults to
            0, none, as in the paper.
    """

    def __init__(
        self, table: AttributeTable, draws: Draws, steps: range, jitter: float = 0.0
    ) -> None:
        # A thread reads ahead while the accelerator works.
        super().__init__(workers=1, max_queue_size=4)
        self._images = table.images
        self._draws = draws
        self._steps = steps
        self._jitter = jitter

    def __len__(self) -> int:
        return len(self._steps)

    def __getitem__(self, index: int) -> Any:
        """What `draws.batch` makes of the step's rows."""
        assert self._images is not None, "crops must be in memory or packed"
        rows = self._draws.rows(self._steps[index])
        images = pixels.to_float(augment(self._images[rows.indices], rows, self._jitter))
        return self._draws.batch(
            *(np.split(each, rows.groups) for each in (images, rows.labels, rows.edits))
        )
