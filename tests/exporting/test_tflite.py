"""The .tflite: its numbers, operations and metadata, of every quantization."""

import contextlib
import io

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from faceattr import pixels
from faceattr.bundles.runtime import LiteRTRuntime
from faceattr.edits import edited
from faceattr.errors import UserError
from faceattr.exporting import eight_bits, forms, tflite_metadata

SIZE = 32
ABOUT = tflite_metadata.About("add_glasses", "puts glasses on", "for research", "0.1.0", SIZE)
KINDS = (*forms.QUANTIZE, "int8_io")


@pytest.fixture(scope="module")
def written(traced, faces, tmp_path_factory):
    """Each kind -> its file."""
    folder = tmp_path_factory.mktemp("tflite")
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(eight_bits, "LARGE", 500)  # of what this network has
    for kind in KINDS:
        quantize = kind.removesuffix("_io")
        calibration = faces if quantize == "int8" else None
        path = folder / f"{kind}.tflite"
        forms.write_tflite(path, traced, ABOUT, quantize, kind == "int8_io", calibration)
    monkeypatch.undo()
    return {kind: folder / f"{kind}.tflite" for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_it_gives_keras_numbers(written, kind, faces, wanted):
    runtime = LiteRTRuntime(written[kind])
    x = pixels.to_float(faces)
    found = [runtime.run(image) for image in x]
    residual, needed = (np.stack(each) for each in zip(*found, strict=True))
    bound = {"float32": 1e-5, "float16": 1e-3}.get(kind, 0.1)
    np.testing.assert_allclose(residual, wanted[0], atol=bound)
    np.testing.assert_allclose(needed, wanted[1], atol=bound)
    error = edited(x, residual) - edited(x, wanted[0])
    assert 10 * np.log10(4 / np.mean(error**2)) > 35
    assert np.abs(wanted[0]).mean() > 0.05, "there is something to compare"


def test_weights_take_the_bytes_of_their_kind(written):
    sizes = {kind: path.stat().st_size for kind, path in written.items()}
    assert sizes["float32"] > sizes["float16"] > sizes["int8_weights"]


def interpreter_of(path, resolver=OpResolverType.AUTO):
    interpreter = Interpreter(str(path), experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    return interpreter


def test_weights_of_8_bits_are_computed_with_in_floats_by_every_runtime_alike(written, faces):
    """By XNNPACK, and by the plainest kernels there are."""
    path = written["int8_weights"]
    fast, plain = (
        interpreter_of(path, resolver)
        for resolver in (OpResolverType.AUTO, OpResolverType.BUILTIN_REF)
    )
    for image in pixels.to_float(faces):
        one, other = (
            each.get_signature_runner()(image=image[None])["residual"] for each in (fast, plain)
        )
        np.testing.assert_allclose(one, other, atol=1e-5)
    eight = {each["index"] for each in plain.get_tensor_details() if each["dtype"] == np.int8}
    taken_by = {
        operation["op_name"]
        for operation in plain._get_ops_details()
        if eight & set(operation["inputs"])
    }
    assert taken_by == {"DEQUANTIZE"}


@pytest.mark.parametrize("kind", ["float16", "int8_weights"])
def test_weights_are_made_floats_once(written, kind):
    """XNNPACK has taken each DEQUANTIZE in: it leaves no more of a network than of floats."""

    def parts(path):
        names = [each["op_name"] for each in interpreter_of(path)._get_ops_details()]
        return names.count("DELEGATE")

    assert parts(written[kind]) == parts(written["float32"]) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_mobile_gpus_take_every_operation(written, kind):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        tf.lite.experimental.Analyzer.analyze(model_path=str(written[kind]), gpu_compatibility=True)
    assert "looks compatible with GPU delegate" in said.getvalue()
    interpreter = Interpreter(model_path=str(written[kind]))
    operations = {details["op_name"] for details in interpreter._get_ops_details()}
    assert not {name for name in operations if "Flex" in name or name in ("TILE", "CUSTOM")}
    assert "RESIZE_NEAREST_NEIGHBOR" not in operations, "no map is enlarged to be convolved"
    assert max(len(tensor["shape"]) for tensor in interpreter.get_tensor_details()) <= 4
    (image,) = interpreter.get_input_details()
    assert image["shape_signature"].tolist() == [1, SIZE, SIZE, 3]
    assert image["dtype"] == (np.int8 if kind == "int8_io" else np.float32)


def test_its_metadata_say_what_it_takes_and_gives(written):
    """Read as a schema's own reader does, by the numbers of the fields."""
    model = schema.Model.GetRootAs(written["float16"].read_bytes())
    assert model.Description() == b"add_glasses: puts glasses on"
    (entry,) = (
        model.Metadata(index)
        for index in range(model.MetadataLength())
        if model.Metadata(index).Name() == b"TFLITE_METADATA"
    )
    data = model.Buffers(entry.Buffer()).DataAsNumpy().tobytes()
    assert data[4:8] == b"M001"
    told = Table.root(data)
    assert [told.text(slot) for slot in (0, 1, 2, 5)] == [
        "add_glasses", "puts glasses on", "0.1.0", "for research",
    ]  # fmt: skip
    (subgraph,) = told.tables(3)
    (image,) = subgraph.tables(2)
    assert image.text(0) == "image"
    assert (image.table(3).number("B", 0), image.table(3).table(1).number("b", 0)) == (2, 1)
    (unit,) = image.tables(4)
    assert unit.number("B", 0) == 1
    assert [unit.table(1).floats(slot) for slot in (0, 1)] == [[127.5], [127.5]]
    interpreter = Interpreter(model_path=str(written["float16"]))
    places = [output["index"] for output in interpreter.get_output_details()]
    outputs = interpreter.get_signature_runner().get_output_details()
    in_order = sorted(outputs, key=lambda name: places.index(outputs[name]["index"]))
    assert [output.text(0) for output in subgraph.tables(3)] == in_order


class Table:
    """A table of a FlatBuffer."""

    def __init__(self, data, position):
        from flatbuffers.table import Table as Reader

        self._reader = Reader(bytearray(data), position)

    @classmethod
    def root(cls, data):
        return cls(data, int.from_bytes(data[:4], "little"))

    def _at(self, slot):
        offset = self._reader.Offset(4 + 2 * slot)
        assert offset, f"field {slot} is not there"
        return offset + self._reader.Pos

    def text(self, slot):
        return self._reader.String(self._at(slot)).decode()

    def table(self, slot):
        return Table(self._reader.Bytes, self._reader.Indirect(self._at(slot)))

    def number(self, kind, slot):
        return np.frombuffer(self._reader.Bytes, kind, 1, self._at(slot))[0]

    def _vector(self, slot):
        offset = self._at(slot) - self._reader.Pos
        return self._reader.Vector(offset), self._reader.VectorLen(offset)

    def tables(self, slot):
        start, count = self._vector(slot)
        return [
            Table(self._reader.Bytes, self._reader.Indirect(start + 4 * index))
            for index in range(count)
        ]

    def floats(self, slot):
        start, count = self._vector(slot)
        return np.frombuffer(self._reader.Bytes, "<f4", count, start).tolist()


def test_kinds_that_there_are_not_are_refused():
    with pytest.raises(
        UserError, match="quantize int4: choose one of float32, float16, int8_weights"
    ):
        forms.check_quantize("int4", False)
    with pytest.raises(UserError, match="int8_io goes with quantize int8, not with float16"):
        forms.check_quantize("float16", True)
