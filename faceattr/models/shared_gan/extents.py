"""The extent of a finished edit: what its residual is multiplied by at each place of the face crop.

Where: a face crop has each part of a face at its place, so an edit has its own. What is painted
where hardly any face is changed is a speck.

How much: an edit that is to fool a discriminator and to change little stops short of its target.
The gate has learned from real faces alone, and no edit learned from it, so it can tell how far an
edit came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from keras import ops

from faceattr import pixels
from faceattr.attributes import Scope, find_attribute
from faceattr.edits import Edit, edited
from faceattr.progress import progress_bar

if TYPE_CHECKING:
    from faceattr.models.shared_gan.model import SharedGAN

AMOUNTS = {"local": (1.0, 1.2, 1.4, 1.6), "global": (1.0, 1.2)}
"""Among these an amount is looked for, by the scope of the attribute. Beyond, what an edit paints
shows as painted, and a global edit makes another person of a face."""

# Of the change where it is largest: no place of the edit, and one. Hair is part of global edits.
_NOWHERE_AND_THERE = {"local": (0.1, 0.4), "global": (0.05, 0.25)}
_LARGEST = 0.99  # the quantile over places that is taken for it
_SMOOTH = 1 / 51  # of the side: sigma of what the change is smoothed with
_BATCH = 64


def measure_extents(
    model: SharedGAN, edits: Sequence[Edit], crops: Mapping[tuple[str, bool], np.ndarray]
) -> None:
    """Gives a finished model the extents of some edits; those of others stay.

    Args:
        model: the model.
        edits: of each attribute that there are edits of, both.
        crops: (column, whether the edit adds it) -> training faces that need the edit, uint8
            [n, s, s, 3].
    """
    extents = np.copy(ops.convert_to_numpy(model.extents))
    extents[[model.number(edit) for edit in edits]] = 1.0
    model.extents.assign(extents)
    for edit in progress_bar(edits, desc="extent of each edit", unit="edit", leave=False):
        needing, having = (crops[edit.column, adds] for adds in (edit.adds, not edit.adds))
        extents[model.number(edit)] = measured_extent(model, edit, needing, having)
    model.extents.assign(extents)


def measured_extent(
    model: SharedGAN, edit: Edit, needing: np.ndarray, having: np.ndarray
) -> np.ndarray:
    """The extent of an edit: 0 where it hardly changes a face, else its amount.

    The amount is the least by which edited faces have what the edit brings as surely as real ones,
    by the mean of the gate's log-odds, which grows nearly straight with the amount.

    Args:
        model: the finished model.
        edit: one of its edits, whose extent is 1 everywhere.
        needing: uint8 [n, s, s, 3], faces that need the edit.
        having: uint8 [m, s, s, 3], real faces that have what it brings.

    Returns:
        float32 [s, s], from 0 to the last of its `AMOUNTS`.
    """
    images = pixels.to_float(needing)
    residual = np.concatenate(
        [np.asarray(model.residual_image(each, edit)) for each in _batches(images)]
    )
    scope = find_attribute(edit.column, [edit.column]).scope
    there = place(residual, scope)
    residual = residual * there[..., None]
    amounts = AMOUNTS[scope]
    wanted = _seen(model, edit, pixels.to_float(having))
    seen = [_seen(model, edit, np.asarray(edited(images, residual, amount))) for amount in amounts]
    # Seen need not grow with every amount; how far it ever came does. From above, so that of equal
    # ones the least is found.
    falling = -np.maximum.accumulate(seen)[::-1]
    return np.float32(np.interp(-wanted, falling, amounts[::-1])) * there


def place(residual: np.ndarray, scope: Scope) -> np.ndarray:
    """Where an edit is made: 1 where it changes faces, 0 where hardly any, smoothly from one to it.

    The same on both sides, as faces are.

    Args:
        residual: float32 [n, s, s, 3], of many faces.
        scope: of the attribute.

    Returns:
        float32 [s, s] in [0, 1].
    """
    change = np.abs(residual).mean(axis=(0, 3))
    change = _smoothed((change + change[:, ::-1]) / 2)
    largest = np.quantile(change, _LARGEST)
    if not largest:
        return np.ones_like(change)
    nowhere, surely = _NOWHERE_AND_THERE[scope]
    there = np.clip((change / largest - nowhere) / (surely - nowhere), 0, 1)
    # Smoothed again: what is cut off must not be seen to be.
    return _smoothed(there).astype(np.float32)


def _smoothed(change: np.ndarray) -> np.ndarray:
    """By a Gaussian, as if all went on at the border as it is there."""
    sigma = _SMOOTH * len(change)
    reach = int(np.ceil(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    for axis in (0, 1):
        margin = [(reach, reach) if each == axis else (0, 0) for each in (0, 1)]
        wider = np.pad(change, margin, mode="edge")
        change = np.apply_along_axis(np.convolve, axis, wider, weights, mode="valid")
    return change


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
