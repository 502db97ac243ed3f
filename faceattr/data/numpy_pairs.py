"""The batches of `pipeline.training_pairs` without TensorFlow, from crops that are stored."""

from typing import Any

import keras
import numpy as np

from faceattr import pixels
from faceattr.data.batch_plan import augment, batch_plan
from faceattr.data.splits import Split
from faceattr.data.table import AttributeTable


class NumpyPairs(keras.utils.PyDataset):
    """The batches of the given steps; batch `i` is that of step `steps[i]`.

    Args:
        table: with its crops in memory or packed.
        split: which images train.
        batch_size: int, pairs in a batch.
        seed: int, of the data order.
        steps: range of steps, such as `range(600)`, or `range(200, 600)` after a restart.
        jitter: float in [0, 1], strength of the random changes of light and framing. Defaults to
            0, none, as in the paper.
    """

    def __init__(
        self,
        table: AttributeTable,
        split: Split,
        batch_size: int,
        seed: int,
        steps: range,
        jitter: float = 0.0,
    ) -> None:
        # A thread reads ahead while the accelerator works.
        super().__init__(workers=1, max_queue_size=4)
        self._images = table.images
        self._members = (split.train_negative, split.train_positive)
        self._batch_size = batch_size
        self._seed = seed
        self._steps = steps
        self._jitter = jitter

    def __len__(self) -> int:
        return len(self._steps)

    def __getitem__(self, index: int) -> Any:
        """The pair (x0, x1), float32 [batch_size, s, s, 3] in [-1, 1] each."""
        assert self._images is not None, "crops must be in memory or packed"
        counts = (len(self._members[0]), len(self._members[1]))
        plan = batch_plan(self._seed, self._steps[index], self._batch_size, counts)
        crops = augment(self._images[plan.indices(self._members)], plan, self._jitter)
        negatives, positives = np.split(pixels.to_float(crops), 2)
        return negatives, positives
