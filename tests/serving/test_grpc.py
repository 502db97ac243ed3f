"""gRPC over a real socket, with the stubs of the public package."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

SIZE = 4
MODEL = "a b/c"


@pytest.fixture(scope="module")
def channel(server: Any) -> Iterator[grpc.Channel]:
    limit = [("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(server.grpc_address, limit) as opened:
        yield opened


@pytest.fixture(scope="module")
def stub(channel: grpc.Channel) -> Any:
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


@pytest.fixture(scope="module")
def models(channel: grpc.Channel) -> Any:
    return model_service_pb2_grpc.ModelServiceStub(channel)


def request(signature: str = "", name: str = MODEL, **inputs: Any) -> predict_pb2.PredictRequest:
    made = predict_pb2.PredictRequest()
    made.model_spec.name = name
    made.model_spec.signature_name = signature
    for key, value in inputs.items():
        made.inputs[key].CopyFrom(
            value if isinstance(value, TensorProto) else tf.make_tensor_proto(value)
        )
    return made


def refused(call: Any, *arguments: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as caught:
        call(*arguments, timeout=20)
    return caught.value.code(), caught.value.details()


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_predict_floats(stub: Any) -> None:
    image = np.random.default_rng(0).uniform(-1, 1, (2, SIZE, SIZE, 3)).astype(np.float32)
    answer = stub.Predict(request(image=image), timeout=20)
    assert answer.model_spec.name == MODEL
    assert answer.model_spec.version.value == 1
    assert answer.model_spec.signature_name == "serving_default"
    np.testing.assert_array_equal(tf.make_ndarray(answer.outputs["edited_image"]), -image)
    np.testing.assert_array_equal(tf.make_ndarray(answer.outputs["residual"]), -2 * image)


def test_predict_bytes_of_a_version_and_one_output(stub: Any) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    asked = request("image_bytes", image_bytes=np.array([png(pixels)], object))
    asked.model_spec.version.value = 1
    asked.output_filter.append("edited_image_bytes")
    answer = stub.Predict(asked, timeout=20)
    assert list(answer.outputs) == ["edited_image_bytes"]
    (contents,) = answer.outputs["edited_image_bytes"].string_val
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(contents))), 255 - pixels)


def test_messages_of_more_than_4_mib_are_taken(stub: Any) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (1400, 1400, 3), dtype=np.uint8)
    contents = png(pixels)
    assert len(contents) > 5 * 2**20
    answer = stub.Predict(
        request("image_bytes", image_bytes=np.array([contents], object)), timeout=20
    )
    assert len(answer.outputs["edited_image_bytes"].string_val[0]) > 5 * 2**20


def test_metadata(stub: Any) -> None:
    asked = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    asked.model_spec.name = MODEL
    answer = stub.GetModelMetadata(asked, timeout=20)
    assert (answer.model_spec.name, answer.model_spec.version.value) == (MODEL, 1)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert answer.metadata["signature_def"].Unpack(signatures)
    image = signatures.signature_def["serving_default"].inputs["image"]
    assert image.dtype == 1  # DT_FLOAT
    assert [dim.size for dim in image.tensor_shape.dim] == [-1, SIZE, SIZE, 3]


def test_status(models: Any) -> None:
    asked = get_model_status_pb2.GetModelStatusRequest()
    asked.model_spec.name = MODEL
    (status,) = models.GetModelStatus(asked, timeout=20).model_version_status
    assert (status.version, status.state) == (1, 30)  # AVAILABLE
    assert (status.status.error_code, status.status.error_message) == (0, "")


def tensor(dtype: int = 1, shape: Any = (1, SIZE, SIZE, 3), **values: Any) -> Any:
    proto = TensorProto(dtype=dtype, **values)
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    return proto


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        (request(name="x"), "NOT_FOUND", "Servable not found for request: Latest(x)"),
        (request(name=""), "INVALID_ARGUMENT", "Missing ModelSpec"),
        (request("no"), "INVALID_ARGUMENT", 'Serving signature name: "no" not found'),
        (request(), "INVALID_ARGUMENT", "input size does not match signature: 0!=1"),
        (request(x=1.0), "INVALID_ARGUMENT", "input tensor alias not found in signature: x"),
        (request(image=np.int32(1)), "INVALID_ARGUMENT", "is of type int32, but the signature"),
        (
            request(image=np.zeros((1, 1, 1, 3), np.float32)),
            "INVALID_ARGUMENT",
            "Input 'image' has shape [1,1,1,3], but the signature 'serving_default' wants",
        ),
        (
            request(image=np.zeros((65, SIZE, SIZE, 3), np.float32)),
            "INVALID_ARGUMENT",
            "holds 65 rows, and at most 64 fit",
        ),
        (request(image=tensor(shape=(-1, 4, 4, 3))), "INVALID_ARGUMENT", "not known"),
        # One number that stands for 2 ** 40.
        (
            request(image=tensor(shape=(2**40, 4, 4, 3), float_val=[1])),
            "INVALID_ARGUMENT",
            "rows, and at most 64",
        ),
        (
            request(image=tensor(tensor_content=b"123")),
            "INVALID_ARGUMENT",
            "does not hold as many values as its shape",
        ),
        (request(image=tensor(dtype=999)), "INVALID_ARGUMENT", "is of type number 999"),
        (
            request("image_bytes", image_bytes=np.array([b"x"], object)),
            "INVALID_ARGUMENT",
            "item 0 is not a JPEG or PNG image",
        ),
    ],
)
def test_refused_predictions(stub: Any, asked: Any, code: str, message: str) -> None:
    status, told = refused(stub.Predict, asked)
    assert status.name == code
    assert message in told


def test_other_refusals(stub: Any, models: Any) -> None:
    unknown_output = request(image=np.zeros((1, SIZE, SIZE, 3), np.float32))
    unknown_output.output_filter.append("x")
    label = request()
    label.model_spec.version_label = "stable"
    metadata = get_model_metadata_pb2.GetModelMetadataRequest()
    wrong_field = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["x"])
    for call, asked, code, message in (
        (stub.Predict, unknown_output, "INVALID_ARGUMENT", "output tensor alias not found"),
        (stub.Predict, label, "INVALID_ARGUMENT", "Unrecognized servable version label: stable"),
        (stub.GetModelMetadata, metadata, "INVALID_ARGUMENT", "at least one metadata_field"),
        (stub.GetModelMetadata, wrong_field, "INVALID_ARGUMENT", "field x is not supported"),
        (stub.Classify, classification_pb2.ClassificationRequest(), "UNIMPLEMENTED", "Predict"),
        (stub.Regress, regression_pb2.RegressionRequest(), "UNIMPLEMENTED", "Predict"),
        (stub.MultiInference, inference_pb2.MultiInferenceRequest(), "UNIMPLEMENTED", "Predict"),
        (
            models.HandleReloadConfigRequest,
            model_management_pb2.ReloadConfigRequest(),
            "UNIMPLEMENTED",
            "--model_config_file",
        ),
    ):
        status, told = refused(call, asked)
        assert status.name == code
        assert message in told


_PROTOS = st.builds(
    tensor,
    st.sampled_from([1, 1, 3, 7, 0, 999]),
    st.lists(st.sampled_from([-1, 0, 1, 3, SIZE, 2**62]), max_size=5) | st.just((1, SIZE, SIZE, 3)),
    tensor_content=st.sampled_from([b"", bytes(4 * SIZE * SIZE * 3), b"1"]),
    float_val=st.lists(st.floats(width=32), max_size=2),
    string_val=st.lists(st.binary(max_size=4), max_size=2),
)


@settings(max_examples=2 * settings().max_examples, suppress_health_check=list(HealthCheck))
@given(
    signature=st.sampled_from(["", "image_bytes", "image_bytes_with_strength", "x"]),
    inputs=st.dictionaries(st.sampled_from(["image", "image_bytes", "strength"]), _PROTOS),
    name=st.sampled_from([MODEL, MODEL, MODEL, "x", ""]),
)
def test_whatever_is_sent_is_answered_or_refused(
    stub: Any, signature: str, inputs: Any, name: str
) -> None:
    call = stub.Predict.future(request(signature, name, **inputs), timeout=20)
    call.exception()  # waits
    assert call.code().name in ("OK", "INVALID_ARGUMENT", "NOT_FOUND"), call.details()
    assert "Traceback" not in (call.details() or "")


def test_calls_are_logged_and_counted(server: Any, client: Any, stub: Any) -> None:
    refused(stub.Predict, request(name="x"))
    line = [line for line in server.logged() if line["message"] == "request"][-1]
    assert (line["method"], line["path"], line["status"]) == ("gRPC", "Predict", "NOT_FOUND")
    metrics = client.get("/monitoring/prometheus/metrics").text
    assert ':tensorflow:serving:request_count{model_name="",status="NOT_FOUND"}' in metrics
