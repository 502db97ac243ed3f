"""What a finished training measures on its held-out faces, for `results.json`."""

import collections
from typing import Any

import numpy as np

from faceattr import pixels
from faceattr.models.family import Family
from faceattr.pictures.similarity import psnr
from faceattr.training.data import TrainingData

_BATCH = 64


def measure(model: Any, family: Family, data: TrainingData) -> dict[str, Any]:
    """Measures on the held-out faces.

    Args:
        model: an `AdversarialModel` of the family.
        family: what the model is.
        data: what it was trained on.

    Returns:
        `objective`: each term of the model's objective; on synthetic faces also `truth`: for each
        edit the mean PSNR in dB of the edited and of the unedited image against the true
        counterfactual.
    """
    results: dict[str, Any] = {"objective": _objective(model, family, data)}
    for edit in data.edits:
        truth = data.counterfactuals(edit)
        if truth is None:
            continue
        crops = data.test_crops(edit, model.image_size)
        x = pixels.to_float(crops)
        edited = np.concatenate(
            [
                np.asarray(model.edit(x[start : start + _BATCH], edit))
                for start in range(0, len(truth), _BATCH)
            ]
        )
        results.setdefault("truth", {})[edit.name] = {
            "edited_psnr": float(psnr(pixels.to_uint8(edited), truth).mean()),
            "unedited_psnr": float(psnr(crops, truth).mean()),
            "faces": len(truth),
        }
    return results


def _objective(model: Any, family: Family, data: TrainingData) -> dict[str, float]:
    """The mean of each term of the objective over the held-out faces."""
    sums: collections.defaultdict[str, float] = collections.defaultdict(float)
    total = 0
    # By hand and not by model.evaluate: replicas would get empty shares of the last batch.
    for count, batch in family.held_out_batches(data, data.edits, model.image_size, _BATCH):
        terms = model.objective(batch, training=False)
        for name, value in terms._asdict().items():
            sums[name] += float(value) * count
        total += count
    return {name: value / total for name, value in sums.items()}
