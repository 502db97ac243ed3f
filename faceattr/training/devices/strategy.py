"""Which devices a training runs on: one, several of this machine, or several machines.

On TensorFlow a strategy is one of `tf.distribute`, on JAX a `JaxStrategy`; the rest of the training
needs of either its `scope()` and `num_replicas_in_sync`.
"""

import contextlib
import os
from collections.abc import Callable
from typing import Any

import keras

from faceattr.errors import UserError


def make_strategy(devices: str | None = None, logical_devices: int = 1) -> Any:
    """The devices of this machine, or of all machines that `TF_CONFIG` names: no flag needed.

    Args:
        devices: str or None. GPUs by number, such as `"0,1"`, or `"cpu"`. Defaults to all GPUs,
            or the CPU where there is none.
        logical_devices: int >= 1. In how many devices to split the CPU, to try on any machine
            what several GPUs do. Defaults to 1.

    Raises:
        UserError: for devices that this machine does not have, or a `TF_CONFIG` that is none.
    """
    if logical_devices < 1:
        raise UserError(f"--logical_devices {logical_devices}: must be at least 1")
    if logical_devices > 1 and devices not in (None, "cpu"):
        raise UserError("--logical_devices splits the CPU: leave --devices out, or say cpu")
    if keras.backend.backend() == "jax":
        from faceattr.training.devices.jax_devices import make_jax_strategy

        return make_jax_strategy(devices, logical_devices)
    from faceattr.training.devices.tensorflow_devices import make_tensorflow_strategy

    return make_tensorflow_strategy(devices, logical_devices)


def worker(strategy: Any) -> tuple[int, int]:
    """(index, count) of this process among the machines of a training; (0, 1) for one alone.

    Worker 0 is the chief, which alone writes the run.
    """
    resolver = getattr(strategy, "cluster_resolver", None)
    if resolver is None or resolver.cluster_spec().as_dict() == {}:
        return 0, 1
    workers = resolver.cluster_spec().num_tasks("worker")
    return resolver.task_id, workers


def agreement(strategy: Any) -> Callable[[bool], bool]:
    """A function that tells each worker whether any of them says yes; all must call it."""
    if worker(strategy)[1] == 1:
        return lambda said: said
    from faceattr.training.devices.tensorflow_devices import vote

    return vote(strategy)


def fit_scope(strategy: Any) -> contextlib.AbstractContextManager[Any]:
    """What `fit` runs within: on JAX the strategy's scope.

    On TensorFlow `fit` enters it by itself, and what callbacks save must be outside: there one
    worker alone would wait for the others.
    """
    jax = keras.backend.backend() == "jax"
    return strategy.scope() if jax else contextlib.nullcontext()


def check_shares(strategy: Any, batch_size: int) -> None:
    """Raises UserError if `batch_size` pairs are not equal shares for all replicas."""
    replicas = strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise UserError(
            f"--batch_size {batch_size}: {replicas} devices need equal shares; choose a multiple "
            f"of {replicas}, such as {max(1, batch_size // replicas) * replicas}"
        )


def compiles(xla: str) -> bool:
    """Whether the training step goes through XLA, for `--xla auto`, `on` or `off`.

    XLA makes this step slower on CPUs and is on for GPUs alone unless told otherwise; JAX knows
    no other way.

    Raises:
        UserError: for `off` on JAX.
    """
    if keras.backend.backend() == "jax":
        if xla == "off":
            raise UserError("--xla off: JAX always compiles with XLA; leave it out")
        return True
    from faceattr.training.devices.tensorflow_devices import has_gpu

    return xla == "on" or (xla == "auto" and has_gpu())


def accelerated() -> bool:
    """Whether a training runs on GPUs or TPUs."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.default_backend() != "cpu"
    from faceattr.training.devices.tensorflow_devices import has_gpu

    return has_gpu()


def make_deterministic() -> None:
    """From here on operations give the same bits each time, which costs speed on GPUs."""
    if keras.backend.backend() == "jax":
        # Read when JAX first looks for its devices. CPUs give the same bits anyway.
        flags = os.environ.get("XLA_FLAGS", "")
        os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true".strip()
        return
    from faceattr.training.devices.tensorflow_devices import enable_determinism

    enable_determinism()
