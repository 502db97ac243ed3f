"""More attributes for a trained model: the weights it begins with."""

from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from faceattr.models.shared_gan.model import SharedGAN


def take_over(trained: SharedGAN, larger: SharedGAN) -> None:
    """Gives a model with more attributes the weights of a trained one.

    Args:
        trained: whose edits are made with averaged weights, if it has them; these are taken over.
        larger: with the attributes of `trained`, and then those that are added.
    """
    for name in ("transformation", "gate"):
        of_tables = _with_the_mean_edit if name == "transformation" else _with_its_own
        _take_over(trained.finished(name), getattr(larger, name), of_tables)
    _take_over(trained.discriminator, larger.discriminator, _with_its_own)
    extents = np.copy(ops.convert_to_numpy(larger.extents))
    extents[: len(trained.edits)] = ops.convert_to_numpy(trained.extents)
    larger.extents.assign(extents)
    larger.begin_averages()


def _take_over(
    trained: keras.Model,
    larger: keras.Model,
    grown: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> None:
    weights = zip(trained.get_weights(), larger.get_weights(), strict=True)
    larger.set_weights([old if old.shape == new.shape else grown(old, new) for old, new in weights])


def _with_the_mean_edit(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Rows of edits: new ones begin as what all edits have in common."""
    mean = np.broadcast_to(old.mean(axis=0), (len(new) - len(old), *old.shape[1:]))
    return np.concatenate([old, mean])


def _with_its_own(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Outputs, in the last axis: new ones begin as in a new network."""
    return np.concatenate([old, new[..., old.shape[-1] :]], axis=-1)
