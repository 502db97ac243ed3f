"""The terms of the VAE-GAN's objective (Larsen et al., 2016), as pure functions of tensors.

Each returns a scalar: a sum over the numbers of a code or of a feature map, then the mean over the
batch.
"""

from typing import Any

from keras import ops


def prior_loss(mean: Any, log_variance: Any) -> Any:
    """Eq. 4: KL(N(mean, variance) || N(0, I)), in nats.

    Args:
        mean: float32 [n, latent].
        log_variance: float32 [n, latent].
    """
    terms = ops.square(mean) + ops.exp(log_variance) - 1.0 - log_variance
    return ops.mean(ops.sum(terms, axis=-1)) / 2.0


def feature_loss(features: Any, reconstructed: Any) -> Any:
    """Eq. 6 and 7: -log N(Dis_l(x); Dis_l(x~), I), without its constant: ||.||^2 / 2.

    Args:
        features: float32 [n, k], Dis_l of images.
        reconstructed: float32 [n, k], Dis_l of what is decoded from their codes.
    """
    return ops.mean(ops.sum(ops.square(features - reconstructed), axis=-1)) / 2.0


def real_loss(logits: Any) -> Any:
    """-log Dis(x), Dis = sigmoid(logit): of images that should be called real; logits [n]."""
    return ops.mean(ops.softplus(-logits))


def generated_loss(logits: Any) -> Any:
    """-log(1 - Dis(x)): of images that should be called generated; logits [n]."""
    return ops.mean(ops.softplus(logits))
