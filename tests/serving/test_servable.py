"""Signatures of a real SavedModel, and TensorFlow's errors."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from serving.repository import PredictionCancelled
from serving.servable import SavedModelServable, cause
from serving.warm_up import WARM_UP_FILE, warm_up
from serving.wire.request_error import RequestError
from serving.wire.signature import TensorSpec


def predict(
    servable: SavedModelServable, name: str, tensors: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    return servable.predict(name, tensors, servable.new_cancel())


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
    outputs = predict(servable, "serving_default", {"image": image})
    np.testing.assert_array_equal(outputs["edited_image"], -image)
    np.testing.assert_array_equal(outputs["residual"], -2 * image)


def test_an_empty_batch_of_strings_is_no_error(servable: SavedModelServable) -> None:
    outputs = predict(servable, "image_bytes", {"image_bytes": np.empty(0, dtype=object)})
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
        predict(servable, "image_bytes", {})
    assert caught.value.http_status == status


def test_other_tensorflow_errors_are_defects(
    servable: SavedModelServable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**inputs: tf.Tensor) -> None:
        raise tf.errors.InternalError(None, None, "secret path")

    monkeypatch.setitem(servable._functions, "image_bytes", fail)
    with pytest.raises(tf.errors.InternalError):
        predict(servable, "image_bytes", {})


def test_a_prediction_that_runs_can_be_stopped(tmp_path: Path) -> None:
    class Slow(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def count(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"y": tf.while_loop(lambda y: y < 1e9, lambda y: [y + 0.001], [x[0]])[0]}

    model = Slow()
    tf.saved_model.save(model, str(tmp_path), signatures={"serving_default": model.count})
    servable = SavedModelServable(tmp_path)
    cancel = servable.new_cancel()
    threading.Timer(0.2, cancel.start_cancel).start()
    with pytest.raises(PredictionCancelled):
        servable.predict("serving_default", {"x": np.zeros(1, np.float32)}, cancel)


def test_the_cause_is_found_under_a_stack_trace() -> None:
    message = (
        "Graph execution error:\n\nDetected at node x defined at (most recent call last):\n"
        '  File "a.py", line 1, in f\nNo such image.\n\t [[{{node x}}]] [Op:f]'
    )
    assert cause(message) == "No such image."
    assert cause("one line") == "one line"
    assert cause("")


class TestWarmUp:
    """A version is run before it is served."""

    @staticmethod
    def record(folder: Path, *logs: prediction_log_pb2.PredictionLog) -> None:
        (folder / "assets.extra").mkdir()
        with tf.io.TFRecordWriter(str(folder / WARM_UP_FILE)) as writer:
            for log in logs:
                writer.write(log.SerializeToString())

    @staticmethod
    def log(signature: str = "", **inputs: np.ndarray) -> prediction_log_pb2.PredictionLog:
        log = prediction_log_pb2.PredictionLog()
        log.predict_log.request.model_spec.signature_name = signature
        for name, array in inputs.items():
            log.predict_log.request.inputs[name].CopyFrom(tf.make_tensor_proto(array))
        return log

    class Noting:
        """Stands for a servable, and notes what it is asked."""

        def __init__(self, servable: SavedModelServable) -> None:
            self.signatures = servable.signatures
            self.signature_descriptions = servable.signature_descriptions
            self.new_cancel = servable.new_cancel
            self.predict_really = servable.predict
            self.asked: list[str] = []

        def predict(
            self, signature_name: str, tensors: Mapping[str, np.ndarray], cancel: Any
        ) -> dict[str, np.ndarray]:
            self.asked.append(signature_name)
            return self.predict_really(signature_name, tensors, cancel)

    def test_each_signature_where_nothing_is_recorded(
        self, servable: SavedModelServable, tmp_path: Path
    ) -> None:
        noting = self.Noting(servable)
        warm_up(noting, tmp_path)
        assert sorted(noting.asked) == sorted(servable.signatures)

    def test_what_is_recorded(self, servable: SavedModelServable, tmp_path: Path) -> None:
        image = np.zeros((1, 4, 4, 3), np.float32)
        self.record(tmp_path, self.log(image=image), self.log("serving_default", image=image))
        noting = self.Noting(servable)
        warm_up(noting, tmp_path)
        assert noting.asked == ["serving_default"] * 2

    def test_a_recorded_request_that_fails_fails_the_version(
        self, servable: SavedModelServable, tmp_path: Path
    ) -> None:
        contents = np.array([b"no image"], object)
        self.record(tmp_path, self.log("image_bytes", image_bytes=contents))
        with pytest.raises(RequestError):
            warm_up(servable, tmp_path)

    def test_other_calls_are_not_replayed(
        self, servable: SavedModelServable, tmp_path: Path
    ) -> None:
        other = prediction_log_pb2.PredictionLog()
        other.classify_log.SetInParent()
        self.record(tmp_path, other)
        with pytest.raises(ValueError, match="request 0 is not a predict_log"):
            warm_up(servable, tmp_path)
