"""Files as PyTorch wrote them before 1.6, made by hand: PyTorch is not installed."""

import collections
import io
import os
import pickle
import sys
import types

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from faceattr.errors import UserError
from faceattr.evaluation.judge.torch_file import state_dict

START = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})
NUMBERS = np.arange(12, dtype="<f4")


def named(module, name):
    """A function that a pickle refers to by this name."""

    def function(*_):
        raise AssertionError("only its name is written")

    function.__module__, function.__name__, function.__qualname__ = module, name, name
    return function


@pytest.fixture(scope="module")
def torch():
    """Something of PyTorch's names, for as long as files are written."""
    modules = {name: types.ModuleType(name) for name in ("torch", "torch._utils")}
    for module, name in (
        ("torch._utils", "_rebuild_tensor_v2"),
        ("torch", "FloatStorage"),
        ("torch", "LongStorage"),
        ("torch", "HalfStorage"),
    ):
        setattr(modules[module], name, named(module, name))
    with pytest.MonkeyPatch.context() as patch:
        for name, module in modules.items():
            patch.setitem(sys.modules, name, module)
        yield modules


class Storage:
    def __init__(self, kind, key, numbers):
        self.kind, self.key, self.numbers = kind, key, numbers


class Tensor:
    def __init__(self, torch, storage, offset, shape, strides):
        self.parts = torch["torch._utils"]._rebuild_tensor_v2, storage, offset, shape, strides

    def __reduce__(self):
        function, *arguments = self.parts
        return function, (*arguments, False, collections.OrderedDict())


class Pickler(pickle.Pickler):
    def persistent_id(self, found):
        if isinstance(found, Storage):
            return ("storage", found.kind, found.key, "cpu", len(found.numbers), None)
        return None


def written(path, tensors, storages, start=START):
    stream = io.BytesIO()
    for part in (*start, tensors, [storage.key for storage in storages]):
        Pickler(stream, 2).dump(part)
    for storage in storages:
        stream.write(len(storage.numbers).to_bytes(8, "little") + storage.numbers.tobytes())
    path.write_bytes(stream.getvalue())
    return path


@pytest.fixture(scope="module")
def storages(torch):
    return [
        Storage(torch["torch"].FloatStorage, "94", NUMBERS),
        Storage(torch["torch"].LongStorage, "7", np.array([3], "<i8")),
    ]


@pytest.fixture(scope="module")
def whole(torch, storages, tmp_path_factory):
    floats, longs = storages
    tensors = collections.OrderedDict(
        rows=Tensor(torch, floats, 0, (3, 4), (4, 1)),
        columns=Tensor(torch, floats, 0, (4, 3), (1, 4)),
        part=Tensor(torch, floats, 5, (2, 2), (4, 1)),
        batches=Tensor(torch, longs, 0, (), ()),
    )
    tensors._metadata = {"version": 1}  # as modules have it
    return written(tmp_path_factory.mktemp("torch") / "whole.pth", tensors, storages)


def test_tensors_lie_as_their_strides_and_offsets_say(whole):
    found = state_dict(whole)
    rows = NUMBERS.reshape(3, 4)
    assert list(found) == ["rows", "columns", "part", "batches"]
    np.testing.assert_array_equal(found["rows"], rows)
    np.testing.assert_array_equal(found["columns"], rows.T)
    np.testing.assert_array_equal(found["part"], rows[1:, 1:3])
    assert found["batches"] == 3
    assert found["columns"].flags.c_contiguous
    assert [found[name].dtype for name in ("rows", "batches")] == [np.float32, np.int64]


@hypothesis.given(data=st.data())
def test_a_file_that_ends_early_is_refused(whole, tmp_path_factory, data):
    bytes_ = whole.read_bytes()
    path = tmp_path_factory.getbasetemp() / "cut.pth"
    path.write_bytes(bytes_[: data.draw(st.integers(0, len(bytes_) - 1))])
    with pytest.raises(UserError, match=r"cut\.pth: not a file of tensors"):
        state_dict(path)


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [(1, (3, 4), (4, 1)), (0, (3, 4), (5, 1)), (-1, (3,), (1,)), (4, (3,), (-1,)), (12, (), ())],
)
def test_a_tensor_outside_its_storage_is_refused(torch, storages, tmp_path, offset, shape, strides):
    tensors = {"one": Tensor(torch, storages[0], offset, shape, strides)}
    with pytest.raises(UserError, match="outside its storage"):
        state_dict(written(tmp_path / "out.pth", tensors, storages[:1]))


class Command:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def test_no_other_pickle_is_run(torch, tmp_path):
    mark = tmp_path / "run"
    half = Storage(torch["torch"].HalfStorage, "1", NUMBERS)
    files = {
        "mkdir, which no tensor needs": ({"one": Command(mark)}, []),
        "torch.HalfStorage, which": ({"one": Tensor(torch, half, 0, (1,), (1,))}, [half]),
    }
    for said, (tensors, storages) in files.items():
        with pytest.raises(UserError, match=said):
            state_dict(written(tmp_path / "other.pth", tensors, storages))
    assert not mark.exists()
    with pytest.raises(UserError, match="another format"):
        state_dict(written(tmp_path / "other.pth", {}, [], (1, 1001, {"little_endian": True})))
    with pytest.raises(UserError, match="not a file of tensors"):
        state_dict(tmp_path / "gone.pth")
