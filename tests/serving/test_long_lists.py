"""Lists of many numbers are read without a Python object for each, and refused before the work."""

from __future__ import annotations

import json
import re
import time
import tracemalloc
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.wire.codec import decode_predict
from serving.wire.document import parse_document
from serving.wire.flat_numbers import flat_numbers
from serving.wire.limits import Limits
from serving.wire.request_error import RequestError
from serving.wire.signature import Signature, TensorSpec


def signature(*inputs: TensorSpec) -> Signature:
    return Signature("serving_default", {spec.name: spec for spec in inputs}, {}, "predict")


SMALL = signature(TensorSpec("image", "float", (-1, 2, 2)))
IMAGE = signature(TensorSpec("image", "float", (-1, 40, 40, 3)))
BYTES = signature(TensorSpec("image_bytes", "string", (-1,)))


def complaint(body: Any, wanted: Signature) -> str:
    with pytest.raises(RequestError) as caught:
        decode_predict(parse_document(json.dumps(body).encode()), wanted)
    assert caught.value.http_status == 400
    return str(caught.value)


class TestLongLists:
    """Lists of many numbers, which are read without a Python object for each."""

    @pytest.fixture(scope="class")
    def images(self) -> np.ndarray:
        return np.random.default_rng(0).uniform(-1, 1, (3, 40, 40, 3)).astype(np.float32)

    @pytest.mark.parametrize("indent", [None, 1])
    @pytest.mark.parametrize("layout", ["instances", "inputs", "rows", "columns"])
    def test_they_are_read_as_short_ones(self, images, layout, indent) -> None:
        lists = images.tolist()
        lists[1][2][3] = [float("nan"), float("-inf"), 1]
        body = {
            "instances": {"instances": lists, "signature_name": "a"},
            "inputs": {"signature_name": "a", "inputs": lists},
            "rows": {"instances": [{"image": image} for image in lists]},
            "columns": {"inputs": {"image": lists}},
        }[layout]
        document = parse_document(json.dumps(body, indent=indent).encode())
        tensors, _ = decode_predict(document, IMAGE)
        assert tensors["image"].dtype == np.float32
        np.testing.assert_array_equal(tensors["image"], np.array(lists, np.float32))

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda rows: rows.pop(), "[-1,40,40,3]"),
            (lambda rows: rows[0].pop(), "Expecting shape [39,40,3] but got: [40,40,3]"),
            (lambda rows: rows[1][2].pop(), "unexpected size: 39 at level: 1 expected size: 40"),
            (lambda rows: rows[1][2].append([]), "unexpected size: 41 at level: 1"),
            (lambda rows: rows[1][2][3].__setitem__(0, "x"), "Type: String is not of expected"),
            (lambda rows: rows[1][2][3].__setitem__(0, 1e39), "without loss of precision"),
            (lambda rows: rows[1][2][3].__setitem__(0, 2**24 + 1), "without loss of precision"),
            (lambda rows: rows[1][2].__setitem__(3, 1), "JSON Value: 1 found at incorrect level"),
        ],
    )
    def test_they_are_refused_with_the_same_words(self, images, change, message) -> None:
        rows = images.tolist()
        change(rows)
        if len(rows) == 2:
            rows = [[row] for row in rows]
        assert message in complaint({"instances": rows}, IMAGE)

    @pytest.mark.parametrize(
        "broken",
        b"[01] [1.] [.5] [+1] [--1] [1e] [NaNNaN] [1,] [,1] [1][2] [1]] [[1]"
        b" [[1],2[3]] [Infinit] [1,,2] [1_2]".split(),
    )
    def test_what_is_no_json_is_none_in_long_lists(self, broken) -> None:
        broken = broken.replace(b"_", b" ")
        numbers = b"[" + b",".join([b"1.5"] * 5000) + b"]"
        body = b'{"inputs": [%b, %b, %b]}' % (numbers, broken, numbers)
        with pytest.raises(RequestError, match="JSON Parse error") as caught:
            parse_document(body)
        with pytest.raises(json.JSONDecodeError) as python:
            json.loads(body)
        assert str(caught.value).endswith(f"{python.value.msg} at offset: {python.value.pos}")

    @given(
        hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=6),
        st.randoms(use_true_random=False),
    )
    def test_any_regular_list_keeps_its_shape(self, shape, random) -> None:
        spaces = ["", " ", "\n", "\t "]
        array = np.array([random.choice([0, -1.5, 1e-7, 12]) for _ in range(np.prod(shape))])
        text = json.dumps(array.reshape(shape).tolist())
        text = "".join(random.choice(spaces) + c if c in "[]," else c for c in text)
        numbers = flat_numbers(text.strip().encode())
        assert numbers is not None
        np.testing.assert_array_equal(numbers.floats(np.float64), array.reshape(shape))

    @given(st.text("[],1 ", max_size=24))
    def test_nothing_else_is_taken_for_a_regular_list(self, text) -> None:
        numbers = flat_numbers(text.encode())
        try:
            expected = np.array(json.loads(text), np.float64)
        except (json.JSONDecodeError, ValueError, TypeError):
            expected = None
        if expected is None or not expected.ndim or not expected.size:
            assert numbers is None
        elif text == text.strip():
            assert numbers is not None
            assert numbers.shape == expected.shape


class TestWorkIsBoundedBeforeItIsDone:
    """What is too much is refused in little time and memory, whatever it is."""

    BYTES = 8 * 2**20

    def refused(self, body: bytes, wanted: Signature) -> str:
        tracemalloc.start()
        start = time.process_time()
        with pytest.raises(RequestError) as caught:
            decode_predict(parse_document(body), wanted)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 6 * len(body) + 2**26
        assert time.process_time() - start < 20  # seconds; where nothing is traced less than two
        assert caught.value.http_status == 400
        return str(caught.value)

    @pytest.mark.parametrize(
        ("unit", "separator"),
        [
            (b"[]", b","),
            (b"[[]]", b","),
            (b'""', b","),
            (b"[1,2]", b","),
            (b"{}", b","),
            (b"[", b""),
        ],
    )
    def test_a_list_of_millions_of_anything(self, unit, separator) -> None:
        count = self.BYTES // len(unit + separator)
        body = b'{"instances": [' + separator.join([unit] * count) + b"]}"
        assert re.search("values that are not|rows, and at most 64", self.refused(body, SMALL))

    def test_a_string_of_nothing_but_escaped_quotes(self) -> None:
        self.refused(b'{"inputs": [' + b"1," * 5000 + b'"' + rb"\"" * 2**20, SMALL)

    def test_too_many_rows(self) -> None:
        many = Limits.rows + 1
        for body in ({"instances": ["a"] * many}, {"inputs": ["a"] * many}):
            assert complaint(body, BYTES) == (
                f"The request holds {many} rows, and at most {Limits.rows} fit in one; send the "
                "images in several requests"
            )
        numbers = np.zeros((many, 40, 40, 3)).tolist()
        for key in ("instances", "inputs"):
            assert "rows, and at most" in complaint({key: numbers}, IMAGE)
