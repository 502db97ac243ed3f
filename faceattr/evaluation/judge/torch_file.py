"""Weights out of files that PyTorch wrote, without PyTorch.

Before version 1.6 `torch.save` wrote pickles, of what the tensors are, and then the numbers of one
storage after the other. A pickle can run any code, so that nothing but what tensors need is taken
from it.
"""

import collections
import io
import pathlib
import pickle
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from faceattr.errors import UserError

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_NUMBERS = {"FloatStorage": "<f4", "LongStorage": "<i8"}


class _Storage(NamedTuple):
    """Numbers in a row, of which tensors are views."""

    key: str
    numbers: str
    length: int


class _Tensor(NamedTuple):
    """A view of a storage; offset and strides count numbers, not bytes."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def of(self, numbers: np.ndarray) -> np.ndarray:
        """The tensor, as an array of its own."""
        steps = zip(self.shape, self.strides, strict=True)
        last = self.offset + sum((size - 1) * stride for size, stride in steps)
        if min((self.offset, *self.shape, *self.strides)) < 0 or last >= len(numbers):
            raise ValueError("a tensor lies outside its storage")
        strides = [stride * numbers.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(
            numbers[self.offset :], self.shape, strides, writeable=False
        ).copy()


def state_dict(path: pathlib.Path) -> dict[str, np.ndarray]:
    """Reads the tensors of a model.

    Args:
        path: what `torch.save(model.state_dict(), path)` wrote in the format from before 1.6.

    Returns:
        name -> float32 or int64 array; each is contiguous, however it lay in its storage.

    Raises:
        UserError: if it cannot be read, is anything else, or names anything but tensors.
    """
    try:
        return _read(io.BytesIO(path.read_bytes()))
    # Whatever a damaged or foreign pickle raises.
    except Exception as error:
        raise UserError(
            f"{path}: not a file of tensors as PyTorch wrote them before 1.6 ({error})"
        ) from None


def _read(stream: io.BytesIO) -> dict[str, np.ndarray]:
    magic, protocol, machine = (_Unpickler(stream).load() for _ in range(3))
    if (magic, protocol, machine.get("little_endian")) != (_MAGIC, _PROTOCOL, True):
        raise ValueError("another format")
    tensors = _Unpickler(stream).load()
    used = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    storages = {}
    for key in _Unpickler(stream).load():
        storage = used[key]
        length = int.from_bytes(_exactly(stream, 8), "little")
        if length != storage.length:
            raise ValueError("a storage has another size than it says")
        numbers = np.dtype(storage.numbers)
        storages[key] = np.frombuffer(_exactly(stream, length * numbers.itemsize), numbers)
    return {name: tensor.of(storages[tensor.storage.key]) for name, tensor in tensors.items()}


def _exactly(stream: io.BytesIO, size: int) -> bytes:
    found = stream.read(size)
    if len(found) < size:
        raise ValueError("it ends early")
    return found


class _Unpickler(pickle.Unpickler):
    """Knows the names that tensors need, and no other."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in _NUMBERS:
            return _NUMBERS[name]
        raise pickle.UnpicklingError(f"it names {module}.{name}, which no tensor needs")

    def persistent_load(self, said: Any) -> _Storage:
        kind, numbers, key, _, length, part_of = said
        if kind != "storage" or part_of is not None:
            raise pickle.UnpicklingError("it refers to what is no storage of its own")
        return _Storage(key, numbers, length)


def _tensor(
    storage: _Storage, offset: int, shape: Sequence[int], strides: Sequence[int], *_: Any
) -> _Tensor:
    """What PyTorch's function of that name gets; the rest is about gradients."""
    return _Tensor(storage, offset, tuple(shape), tuple(strides))
