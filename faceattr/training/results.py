"""What a finished training measures on its held-out faces, for `results.json`."""

import collections
from typing import Any

import numpy as np

from faceattr import pixels
from faceattr.pictures.similarity import psnr
from faceattr.training.data import TrainingData

_BATCH = 64


def measure(model: Any, data: TrainingData) -> dict[str, Any]:
    """Measures on the held-out faces.

    Args:
        model: a `ResidualGAN` or a `VAEGAN`.
        data: what it was trained on.

    Returns:
        `objective`: each term of the model's objective; on synthetic faces also `truth`: for each
        edit the mean PSNR in dB of the edited and of the unedited image against the true
        counterfactual.
    """
    crops = [data.test_crops(label, model.image_size) for label in (0, 1)]
    x = [pixels.to_float(images) for images in crops]
    results: dict[str, Any] = {"objective": _objective(model, x)}
    for label, edit in enumerate(data.attribute.edits):
        truth = data.counterfactuals(label)
        if truth is None:
            continue
        edited = np.concatenate(
            [
                np.asarray(model.edit(x[label][start : start + _BATCH], edit))
                for start in range(0, len(truth), _BATCH)
            ]
        )
        results.setdefault("truth", {})[edit.name] = {
            "edited_psnr": float(psnr(pixels.to_uint8(edited), truth).mean()),
            "unedited_psnr": float(psnr(crops[label], truth).mean()),
            "faces": len(truth),
        }
    return results


def _objective(model: Any, x: list[np.ndarray]) -> dict[str, float]:
    """The mean of each term of the objective over all pairs of held-out faces."""
    sums: collections.defaultdict[str, float] = collections.defaultdict(float)
    # By hand and not by model.evaluate: replicas would get empty shares of the last batch.
    for start in range(0, len(x[0]), _BATCH):
        negatives, positives = (images[start : start + _BATCH] for images in x)
        terms = model.objective((negatives, positives), training=False)
        for name, value in terms._asdict().items():
            sums[name] += float(value) * len(negatives)
    return {name: total / len(x[0]) for name, total in sums.items()}
