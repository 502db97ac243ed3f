"""The rules of the contract: a function each, whose docstring says what must hold."""

from __future__ import annotations

import base64
import gzip
import io
import json
import math
from collections.abc import Callable

from PIL import Image

from .contract import Contract

Rule = Callable[[Contract], None]


def status_of_a_model(contract: Contract) -> None:
    """GET NAME tells versions, as strings, and their states"""
    status, answer = contract.ask("GET", contract.path)
    assert status == 200, status
    for version in answer["model_version_status"]:
        assert isinstance(version["version"], str)
        assert version["state"] in ("START", "LOADING", "AVAILABLE", "UNLOADING", "END")
        assert set(version["status"]) == {"error_code", "error_message"}


def status_of_a_version(contract: Contract) -> None:
    """GET NAME/versions/V tells the state of that version"""
    status, answer = contract.ask("GET", f"{contract.path}/versions/{contract.version}")
    assert status == 200, status
    (version,) = answer["model_version_status"]
    assert version["version"] == contract.version


def metadata(contract: Contract) -> None:
    """GET NAME/metadata tells signatures, sizes as strings"""
    status, answer = contract.ask("GET", f"{contract.path}/metadata")
    assert status == 200, status
    assert answer["model_spec"]["name"] == contract.model
    inputs = contract.signatures()["serving_default"]["inputs"]["image"]
    assert inputs["dtype"] == "DT_FLOAT"
    assert all(isinstance(dim["size"], str) for dim in inputs["tensor_shape"]["dim"])


def rows_of_numbers(contract: Contract) -> None:
    """instances of numbers are answered by predictions, with several outputs by name"""
    image = contract.image()
    for rows in ([image, image], [{"image": image}, {"image": image}]):
        predictions = contract.predict({"instances": rows})["predictions"]
        assert len(predictions) == 2
        assert {"edited_image", "residual"} <= set(predictions[0])
        assert len(predictions[0]["residual"]) == contract.size


def columns_of_numbers(contract: Contract) -> None:
    """inputs of numbers are answered by outputs"""
    image = contract.image()
    for columns in ([image], {"image": [image]}):
        outputs = contract.predict({"inputs": columns})["outputs"]
        assert len(outputs["edited_image"]) == 1


def rows_of_files(contract: Contract) -> None:
    """an output whose name ends in _bytes comes back as b64"""
    for row in (contract.photo(), {"image_bytes": contract.photo()}):
        answer = contract.predict({"signature_name": "image_bytes", "instances": [row]})
        (found,) = answer["predictions"]
        assert list(found) == ["b64"]
        contents = base64.b64decode(found["b64"], validate=True)
        assert Image.open(io.BytesIO(contents)).size == (contract.size, contract.size)


def several_inputs(contract: Contract) -> None:
    """several inputs are objects in rows, lists in columns"""
    name = "image_bytes_with_strength"
    row = {"image_bytes": contract.photo(), "strength": 1}
    contract.predict({"signature_name": name, "instances": [row]})
    columns = {"image_bytes": [contract.photo()], "strength": [0.5]}
    contract.predict({"signature_name": name, "inputs": columns})


def a_version_can_be_asked(contract: Contract) -> None:
    """NAME/versions/V:predict is answered by that version"""
    path = f"{contract.path}/versions/{contract.version}:predict"
    status, _ = contract.ask("POST", path, {"instances": [contract.image()]})
    assert status == 200, status


def not_a_number(contract: Contract) -> None:
    """NaN and Infinity are legal both ways"""
    for value in (math.nan, math.inf):
        body = {"inputs": [contract.image(value)]}
        status, answer = contract.ask("POST", f"{contract.path}:predict", body)
        if status == 400 and "must be pixels" in answer["error"]:
            continue  # They were read, and the model itself takes none.
        assert status == 200, f"{status} {str(answer)[:200]}"
        edited = json.dumps(answer["outputs"]["edited_image"])
        assert "NaN" in edited or not math.isnan(value)


def packed(contract: Contract) -> None:
    """a gzip body is unpacked"""
    body = gzip.compress(json.dumps({"instances": [contract.image()]}).encode())
    contract.predict(body, Content_Encoding="gzip")


def unknown_names(contract: Contract) -> None:
    """unknown models and versions are 404, by name"""
    body = {"instances": [contract.image()]}
    wanted = "Servable not found for request: Latest(no-such-model)"
    contract.refused(404, wanted, "POST", "/v1/models/no-such-model:predict", body)
    path = f"{contract.path}/versions/987654321:predict"
    wanted = f"Servable not found for request: Specific({contract.model}, 987654321)"
    contract.refused(404, wanted, "POST", path, body)
    contract.refused(404, "987654321", "GET", f"{contract.path}/versions/987654321")
    contract.refused(404, "no-such-model", "GET", "/v1/models/no-such-model")


def verbs(contract: Contract) -> None:
    """a POST without a verb, or a GET with one, is malformed"""
    contract.refused(400, "Malformed request: POST ", "POST", contract.path, {})
    contract.refused(400, "Malformed request: GET ", "GET", f"{contract.path}:predict")


def one_of_two_keys(contract: Contract) -> None:
    """exactly one of instances and inputs"""
    path, image = f"{contract.path}:predict", contract.image()
    contract.refused(400, "Missing 'inputs' or 'instances' key", "POST", path, {})
    both = {"instances": [image], "inputs": [image]}
    contract.refused(400, "expecting only one of", "POST", path, both)
    contract.refused(400, "", "POST", path, {"instances": []})
    contract.refused(400, "", "POST", path, {"instances": {"image": image}})


def what_does_not_fit(contract: Contract) -> None:
    """keys, types and shapes that do not fit are 400"""
    path, image = f"{contract.path}:predict", contract.image()
    for body in (
        {"instances": [{"no_such_input": image}]},
        {"instances": [image, image[1:]]},
        {"instances": [[1.0]]},
        {"instances": ["text"]},
        {"inputs": [[[["text"]]]]},
        {"signature_name": "no_such_signature", "instances": [image]},
        {"signature_name": 1, "instances": [image]},
    ):
        contract.refused(400, "", "POST", path, body)


def what_is_no_json(contract: Contract) -> None:
    """what is no JSON, or no object, is 400"""
    for body in (b"", b"{", b"[1]", b'{"instances": [1,]}', b"\xff"):
        contract.refused(400, "JSON", "POST", f"{contract.path}:predict", body)


def what_is_no_image(contract: Contract) -> None:
    """bytes that are no image, and URL-safe base64, are 400"""
    path = f"{contract.path}:predict"
    for value in ("bm8gaW1hZ2U=", "_-8="):
        body = {"signature_name": "image_bytes", "instances": [{"b64": value}]}
        contract.refused(400, "", "POST", path, body)


def unknown_labels(contract: Contract) -> None:
    """a label that nobody gave is refused"""
    status, answer = contract.ask("GET", f"{contract.path}/labels/no_such_label")
    assert status in (400, 404), status
    assert "no_such_label" in answer["error"]


RULES: tuple[Rule, ...] = (
    status_of_a_model,
    status_of_a_version,
    metadata,
    rows_of_numbers,
    columns_of_numbers,
    rows_of_files,
    several_inputs,
    a_version_can_be_asked,
    not_a_number,
    packed,
    unknown_names,
    verbs,
    one_of_two_keys,
    what_does_not_fit,
    what_is_no_json,
    what_is_no_image,
    unknown_labels,
)
