"""Attribute vectors: differences of mean codes, and the edits that they make (Larsen's 4.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from keras import ops

from faceattr import pixels
from faceattr.edits import Edit, edited

if TYPE_CHECKING:
    from faceattr.models.vae_gan.model import VAEGAN

_BATCH = 64  # images that are encoded at once


class VectorEdits:
    """The edits of one attribute vector: what a `VAEGAN` does with its own, for any other.

    Args:
        model: the VAE-GAN, which is not copied.
        vector: float32 [latent], see `VAEGAN.attribute_vector`.
    """

    def __init__(self, model: VAEGAN, vector: Any) -> None:
        self.model = model
        self.vector = ops.convert_to_tensor(vector)
        self.image_size = model.image_size

    def residual_image(self, images: Any, edit: Edit) -> Any:
        """See `VAEGAN.residual_image`."""
        images = ops.convert_to_tensor(images)
        codes = self.model.encode(images) + (1.0 if edit.adds else -1.0) * self.vector
        return self.model.decoder(codes, training=False) - images

    def edit(self, images: Any, edit: Edit, strength: float = 1.0) -> Any:
        """See `VAEGAN.edit`."""
        images = ops.convert_to_tensor(images)
        return edited(images, self.residual_image(images, edit), strength)


def mean_code(model: VAEGAN, images: np.ndarray | Iterable[np.ndarray]) -> np.ndarray:
    """The mean code of images, float32 [latent].

    Args:
        model: what encodes them.
        images: uint8 [n, s, s, 3], or float32 in [-1, 1], or an iterable of such batches.

    Raises:
        ValueError: if there are none.
    """
    total, count = np.zeros(model.latent), 0
    for batch in [images] if isinstance(images, np.ndarray) else images:
        for start in range(0, len(batch), _BATCH):
            x = batch[start : start + _BATCH]
            x = pixels.to_float(x) if x.dtype == np.uint8 else x
            total += np.asarray(model.encode(x)).sum(axis=0)
            count += len(x)
    if not count:
        raise ValueError("an attribute vector needs images with and without the attribute")
    return (total / count).astype(np.float32)
