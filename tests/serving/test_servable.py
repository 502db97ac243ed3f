"""Signatures of a real SavedModel, and TensorFlow's errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from serving.request_error import RequestError
from serving.servable import SavedModelServable, cause
from serving.signature import TensorSpec


@pytest.fixture(scope="module")
def servable(base_path: Path) -> SavedModelServable:
    return SavedModelServable(base_path / "1")


def test_signatures_are_read_from_the_file(servable: SavedModelServable) -> None:
    assert set(servable.signatures) == {
        "serving_default",
        "image_bytes",
        "image_bytes_with_strength",
    }
    default = servable.signatures["serving_default"]
    assert default.inputs == {"image": TensorSpec("image", "float", (-1, 4, 4, 3))}
    assert default.outputs["residual"] == TensorSpec("residual", "float", (-1, 4, 4, 3))
    assert default.method_name == "tensorflow/serving/predict"
    assert servable.signatures["image_bytes_with_strength"].inputs == {
        "image_bytes": TensorSpec("image_bytes", "string", (-1,)),
        "strength": TensorSpec("strength", "float", (-1,)),
    }


def test_predict_returns_every_output(servable: SavedModelServable) -> None:
    image = np.full((2, 4, 4, 3), 0.25, np.float32)
    outputs = servable.predict("serving_default", {"image": image})
    np.testing.assert_array_equal(outputs["edited_image"], -image)
    np.testing.assert_array_equal(outputs["residual"], -2 * image)


def test_an_empty_batch_of_strings_is_no_error(servable: SavedModelServable) -> None:
    outputs = servable.predict("image_bytes", {"image_bytes": np.empty(0, dtype=object)})
    assert outputs["edited_image_bytes"].shape == (0,)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (tf.errors.InvalidArgumentError, 400),
        (tf.errors.FailedPreconditionError, 400),
        (tf.errors.OutOfRangeError, 400),
        (tf.errors.NotFoundError, 404),
        (tf.errors.ResourceExhaustedError, 429),
        (tf.errors.UnimplementedError, 501),
        (tf.errors.UnavailableError, 503),
        (tf.errors.DeadlineExceededError, 504),
    ],
)
def test_tensorflow_errors_become_statuses(
    servable: SavedModelServable,
    monkeypatch: pytest.MonkeyPatch,
    error: type[tf.errors.OpError],
    status: int,
) -> None:
    def fail(**inputs: tf.Tensor) -> None:
        raise error(None, None, "first line\nsecond line")

    monkeypatch.setitem(servable._functions, "image_bytes", fail)
    with pytest.raises(RequestError, match=r"^first line$") as caught:
        servable.predict("image_bytes", {})
    assert caught.value.http_status == status


def test_other_tensorflow_errors_are_defects(
    servable: SavedModelServable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**inputs: tf.Tensor) -> None:
        raise tf.errors.InternalError(None, None, "secret path")

    monkeypatch.setitem(servable._functions, "image_bytes", fail)
    with pytest.raises(tf.errors.InternalError):
        servable.predict("image_bytes", {})


def test_the_cause_is_found_under_a_stack_trace() -> None:
    message = (
        "Graph execution error:\n\nDetected at node x defined at (most recent call last):\n"
        '  File "a.py", line 1, in f\nNo such image.\n\t [[{{node x}}]] [Op:f]'
    )
    assert cause(message) == "No such image."
    assert cause("one line") == "one line"
    assert cause("")
