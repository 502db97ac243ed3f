"""How much of its residual an edit adds: enough for the gate to take edited faces for real ones.

An edit that is to fool a discriminator and to change little stops short of its target. The gate has
learned from real faces alone and nothing learned from it, so it can tell how far an edit came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from faceattr import pixels
from faceattr.edits import Edit, edited

if TYPE_CHECKING:
    from faceattr.models.shared_gan.model import SharedGAN

AMOUNTS = (1.0, 1.2, 1.4, 1.6)
"""Among these an amount is looked for; beyond, what an edit paints shows as painted."""

_BATCH = 64


def measured_amount(model: SharedGAN, edit: Edit, needing: np.ndarray, having: np.ndarray) -> float:
    """The least amount by which edited faces have what the edit brings as surely as real ones.

    By the mean of the gate's log-odds, which grows nearly straight with the amount.

    Args:
        model: the finished model.
        edit: one of its edits.
        needing: uint8 [n, s, s, 3], faces that need the edit.
        having: uint8 [m, s, s, 3], real faces that have what it brings.

    Returns:
        float from the first of `AMOUNTS` to the last.
    """
    images = pixels.to_float(needing)
    residual = np.concatenate(
        [np.asarray(model.residual_image(each, edit)) for each in _batches(images)]
    )
    residual = residual / model.amounts[model.number(edit)]
    wanted = _seen(model, edit, pixels.to_float(having))
    last = None
    for amount in AMOUNTS:
        seen = _seen(model, edit, np.asarray(edited(images, residual, amount)))
        if seen >= wanted:
            if last is None:
                return amount
            before, seen_before = last
            return before + (amount - before) * (wanted - seen_before) / (seen - seen_before)
        last = amount, seen
    return AMOUNTS[-1]


def _seen(model: SharedGAN, edit: Edit, images: np.ndarray) -> float:
    """The mean log-odds by which the gate sees what an edit brings."""
    transformation, gate = model.finished("transformation"), model.finished("gate")
    attribute = model.number(edit) // 2
    has = [
        np.asarray(gate(transformation.down_path(each)[-1], training=False))[:, attribute]
        for each in _batches(images)
    ]
    return float(np.concatenate(has).mean()) * (1 if edit.adds else -1)


def _batches(images: np.ndarray) -> list[np.ndarray]:
    return [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
