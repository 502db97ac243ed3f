"""The terms of the paper's objective, Eq. 3 to 7, as pure functions of tensors.

Each returns a scalar: a sum over pixels and channels where the paper has a norm, then the mean
over the batch. Pixels are in [-1, 1]. The weights alpha and beta are tuned for 128x128; at other
image sizes the norms are rescaled by the number of pixels, so that a weight keeps its meaning.
"""

from typing import Any

from keras import ops

NEGATIVE, POSITIVE, GENERATED = 0, 1, 2
"""Classes of the discriminator: real without the attribute, real with it, generated."""

_REFERENCE_SIZE = 128
_REFERENCE_FEATURE_SIZE = 16  # phi's side at 128x128: three layers of stride 2


def classification_loss(logits: Any, label: int) -> Any:
    """Eq. 4: mean over the batch of -log(p_label), p = softmax(logits).

    Eq. 6 (GAN) and Eq. 7 (dual) are this same loss with the wanted class as the label. The paper
    writes -log(1 - D) where class 0 is wanted; with three classes that would let the edited image
    stay in class 2, so the cross-entropy to the wanted class is taken.

    Args:
        logits: float32 [n, 3].
        label: int, one of `NEGATIVE`, `POSITIVE`, `GENERATED`; the same for the whole batch.
    """
    return -ops.mean(ops.log_softmax(logits, axis=-1)[:, label])


def pixel_loss(residual: Any) -> Any:
    """Eq. 3: ||r||_1, summed over pixels and channels, mean over the batch.

    Args:
        residual: float32 [n, s, s, 3]. The sum is multiplied by (128 / s)^2.
    """
    return _mean_l1(residual) * (_REFERENCE_SIZE / residual.shape[1]) ** 2


def perceptual_loss(features: Any, edited_features: Any) -> Any:
    """Eq. 5: ||phi(x) - phi(edited)||_1, summed over the map, mean over the batch.

    Args:
        features: float32 [n, s / 8, s / 8, c], phi of the input images.
        edited_features: float32 of the same shape, phi of the edited images. The sum is
            multiplied by (128 / s)^2.
    """
    scale = (_REFERENCE_FEATURE_SIZE / features.shape[1]) ** 2
    return _mean_l1(features - edited_features) * scale


def realness(logits: Any) -> Any:
    """log(p_real / p_generated), p_real = p_0 + p_1: [n], the one number R1 needs of three classes.

    Args:
        logits: float32 [n, 3].
    """
    return ops.logsumexp(logits[:, :GENERATED], axis=-1) - logits[:, GENERATED]


def r1_penalty(gradient: Any) -> Any:
    """R1 (Mescheder, Geiger and Nowozin, 2018): ||grad||^2 / 2, mean over the batch.

    Args:
        gradient: float32 [n, s, s, 3], of D's `realness` by real images.
    """
    return ops.mean(ops.sum(ops.square(gradient), axis=(1, 2, 3))) / 2.0


def accuracy(logits: Any, label: int) -> Any:
    """Share of the batch, in [0, 1], that the discriminator puts in class `label`."""
    return ops.mean(ops.cast(ops.equal(ops.argmax(logits, axis=-1), label), "float32"))


def _mean_l1(x: Any) -> Any:
    return ops.mean(ops.sum(ops.abs(x), axis=(1, 2, 3)))
