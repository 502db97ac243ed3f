"""Devices of JAX, through keras.distribution: each takes its share of every batch."""

import contextlib
import os
from collections.abc import Iterator

import jax
import keras

from faceattr.errors import UserError
from faceattr.training.devices.gpus import chosen_gpus


class JaxStrategy:
    """One device, or several that hold the same weights and share each batch.

    Batch normalisation sees the whole batch, whatever the number of devices.

    Attributes:
        num_replicas_in_sync: int, how many devices there are.
    """

    def __init__(self, devices: list[jax.Device]) -> None:
        self._devices = devices
        self.num_replicas_in_sync = len(devices)

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """Networks are made, and trained, within."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(jax.default_device(self._devices[0]))
            if self.num_replicas_in_sync > 1:
                distribution = keras.distribution.DataParallel(devices=self._devices)
                stack.enter_context(distribution.scope())
            yield


def make_jax_strategy(devices: str | None, logical_devices: int) -> JaxStrategy:
    """`make_strategy` on JAX, which also finds TPUs."""
    if os.environ.get("TF_CONFIG"):
        raise UserError("TF_CONFIG is for TensorFlow; unset it, or leave KERAS_BACKEND=jax out")
    if logical_devices > 1:
        try:
            jax.config.update("jax_num_cpu_devices", logical_devices)
        except RuntimeError as error:
            raise UserError(
                f"devices are chosen before JAX is first used in a process ({error})"
            ) from None
        return JaxStrategy(jax.devices("cpu"))
    if devices == "cpu":
        return JaxStrategy(jax.devices("cpu"))
    accelerators = jax.devices()
    if devices is None:
        return JaxStrategy(accelerators)
    gpus = [device for device in accelerators if device.platform != "cpu"]
    return JaxStrategy([gpus[number] for number in chosen_gpus(devices, len(gpus))])
