"""Which devices a training runs on."""

import tensorflow as tf

from faceattr.errors import UserError


def make_strategy() -> tf.distribute.Strategy:
    """All GPUs of this machine, or its one device: no flag needed."""
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def check_shares(strategy: tf.distribute.Strategy, batch_size: int) -> None:
    """Raises UserError if `batch_size` pairs are not equal shares for all replicas."""
    replicas = strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise UserError(
            f"--batch_size {batch_size}: {replicas} devices need equal shares; choose a multiple "
            f"of {replicas}, such as {max(1, batch_size // replicas) * replicas}"
        )
