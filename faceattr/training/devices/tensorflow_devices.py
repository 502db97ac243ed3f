"""Devices of TensorFlow, through tf.distribute."""

import json
import os
from collections.abc import Callable

import tensorflow as tf

from faceattr.errors import UserError
from faceattr.training.devices.gpus import chosen_gpus


def make_tensorflow_strategy(devices: str | None, logical_devices: int) -> tf.distribute.Strategy:
    """`make_strategy` on TensorFlow."""
    _choose_devices(devices, logical_devices)
    if os.environ.get("TF_CONFIG"):
        _check_cluster(os.environ["TF_CONFIG"])
        return tf.distribute.MultiWorkerMirroredStrategy()
    if logical_devices > 1:
        return tf.distribute.MirroredStrategy([f"CPU:{index}" for index in range(logical_devices)])
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def _choose_devices(devices: str | None, logical_devices: int) -> None:
    try:
        if devices == "cpu" or logical_devices > 1:
            tf.config.set_visible_devices([], "GPU")
        elif devices is not None:
            gpus = tf.config.list_physical_devices("GPU")
            chosen = [gpus[number] for number in chosen_gpus(devices, len(gpus))]
            tf.config.set_visible_devices(chosen, "GPU")
        if logical_devices > 1:
            (cpu,) = tf.config.list_physical_devices("CPU")
            tf.config.set_logical_device_configuration(
                cpu, [tf.config.LogicalDeviceConfiguration()] * logical_devices
            )
    except RuntimeError as error:
        raise UserError(
            f"devices are chosen before TensorFlow is first used in a process ({error})"
        ) from None


def _check_cluster(text: str) -> None:
    """Raises UserError for a TF_CONFIG that tf.distribute would trip over."""
    example = (
        '{"cluster": {"worker": ["host1:12345", "host2:12345"]}, '
        '"task": {"type": "worker", "index": 0}}'
    )
    try:
        config = json.loads(text)
        workers, task = config["cluster"]["worker"], config["task"]
        fine = task["type"] == "worker" and 0 <= task["index"] < len(workers)
    except (ValueError, KeyError, TypeError):
        fine = False
    if not fine:
        raise UserError(
            f"TF_CONFIG in the environment is not a worker of a cluster; unset it, or give "
            f"something like {example}"
        )


def has_gpu() -> bool:
    """Whether TensorFlow sees a GPU."""
    return bool(tf.config.list_logical_devices("GPU"))


def enable_determinism() -> None:
    """Makes every operation give the same bits each time."""
    tf.config.experimental.enable_op_determinism()


def vote(strategy: tf.distribute.Strategy) -> Callable[[bool], bool]:
    """Makes a function that tells whether any worker says yes.

    It is a small all-reduce, a hundredth of a second or less, that every worker must join.
    """

    @tf.function
    def count(said: tf.Tensor) -> tf.Tensor:
        votes = strategy.run(lambda: said)
        return strategy.reduce(tf.distribute.ReduceOp.SUM, votes, axis=None)

    return lambda said: float(count(tf.constant(float(said)))) > 0
