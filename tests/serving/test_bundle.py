"""The whole road: a trained run, its bundle, the server, a face over a real socket."""

import base64
import io

import httpx
import numpy as np
import pytest
from PIL import Image

from faceattr.data import synthetic
from faceattr.editing.editor import Editor


@pytest.fixture(scope="module")
def address(bundles, start_server, tmp_path_factory):
    server = start_server(
        bundles / "remove_glasses" / "saved_model",
        tmp_path_factory.mktemp("log") / "server.log",
        "--model_name",
        "remove_glasses",
    )
    yield f"{server.url}/v1/models/remove_glasses:predict"
    server.stop()


def jpeg(face):
    file = io.BytesIO()
    face.save(file, "JPEG", quality=95)
    return file.getvalue()


def test_a_jpeg_face_comes_back_edited_as_the_editor_does_it(address, bundles):
    contents = jpeg(Image.fromarray(synthetic.render(synthetic.sample_parameters(5, 1), 64)))
    body = {
        "signature_name": "image_bytes_with_strength",
        "instances": [
            {"image_bytes": {"b64": base64.b64encode(contents).decode()}, "strength": strength}
            for strength in (0.0, 0.7)
        ],
    }
    answer = httpx.post(address, json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    pictures = [
        Image.open(io.BytesIO(base64.b64decode(picture["b64"])))
        for picture in answer.json()["predictions"]
    ]
    assert {picture.format for picture in pictures} == {"PNG"}
    face = Image.open(io.BytesIO(contents))
    editor = Editor.load(bundles / "remove_glasses")
    for picture, strength in zip(pictures, (0.0, 0.7), strict=True):
        difference = np.asarray(picture).astype(int) - np.asarray(editor.edit(face, strength))
        assert np.abs(difference).max() <= 3


def test_a_picture_that_is_no_square_crop_is_a_bad_request(address):
    body = {
        "signature_name": "image_bytes",
        "inputs": [{"b64": base64.b64encode(jpeg(Image.new("RGB", (20, 40)))).decode()}],
    }
    answer = httpx.post(address, json=body, timeout=60)
    assert answer.status_code == 400
    assert "square face crop" in answer.json()["error"]


def test_floats_of_another_size_are_a_bad_request(address):
    answer = httpx.post(address, json={"instances": np.zeros((1, 16, 16, 3)).tolist()}, timeout=60)
    assert answer.status_code == 400
    assert "32" in answer.json()["error"]
    assert "16" in answer.json()["error"]
